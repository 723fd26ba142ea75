package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.itinerary.Itineraries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReadmeTest {
    private final String readme = read(Path.of("README.md"));

    @Test
    void thePhaseTableIsTheForwardItinerary() {
        var rows = Pattern.compile("(?m)^\\| ([A-Z][A-Za-z]+) \\|").matcher(readme).results().map(row -> row.group(1)).filter(name -> !name.equals("Phase")).toList();
        assertThat(rows).isEqualTo(Itineraries.FORWARD.phases().stream().map(Enum::name).toList());
        assertThat(Itineraries.NOT_YET.stream().filter(Itineraries.FORWARD.phases()::contains)).allSatisfy(
                phase -> assertThat(readme).containsPattern("\\| " + phase + " \\|[^|]*\\| not "));
    }

    @Test
    void theExampleInItIsAMigration() throws IOException {
        var yaml = Pattern.compile("(?s)```yaml\\n(.*?)```").matcher(readme);
        assertThat(yaml.find()).isTrue();
        var migration = YAMLMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build().readValue(yaml.group(1), MastodonMigration.class);
        assertThat(migration.getSpec().target().compute().kubernetes().sidekiq()).hasSize(2);
    }

    @Test
    void theCommandsAndFilesItNamesExist() {
        var makefile = read(Path.of("Makefile"));
        assertThat(List.of("demo", "test", "image", "crds")).allSatisfy(target -> {
            assertThat(readme).contains("make " + target);
            assertThat(makefile).containsPattern("(?m)^" + target + ":");
        });
        var links = Pattern.compile("\\]\\(([^)h][^)]*)\\)").matcher(readme).results().map(link -> link.group(1)).toList();
        assertThat(links).isNotEmpty().allSatisfy(link -> assertThat(Path.of(link)).exists());
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
