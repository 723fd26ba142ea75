package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was sent and did not come back, by its path. */
class LostFieldsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "{'phase': 'Soak'}                          | {'phase': 'Soak'}              | ",
        "{'phase': 'Soak', 'step': '1/2'}           | {'phase': 'Soak'}              | status.step",
        "{'internal': {'epoch': 1}}                 | {}                             | status.internal",
        "{'internal': {'epoch': 1, 'returned': {}}} | {'internal': {}}               | status.internal.epoch",
        "{'internal': {}, 'plan': [], 'step': null} | {}                             | ",
        "{'phases': [{'name': 'a', 'told': 'b'}, {'name': 'c', 'told': 'd'}]} | {'phases': [{'name': 'a'}, {'name': 'c'}]} | status.phases[].told"})
    void isNamed(String sent, String kept, String lost) throws JsonProcessingException {
        assertThat(String.join(",", LostFields.between(JSON.readTree(sent.replace('\'', '"')), JSON.readTree(kept.replace('\'', '"'))))).isEqualTo(lost == null ? "" : lost);
    }
}
