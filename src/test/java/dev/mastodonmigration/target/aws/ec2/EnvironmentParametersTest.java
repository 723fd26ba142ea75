package dev.mastodonmigration.target.aws.ec2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.outside.OutsideException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class EnvironmentParametersTest {
    @Test
    void everyVariableIsInTheDocumentsAndEachFitsIntoAParameter() throws Exception {
        var environment = Example.environment("MOTD", "{{ user }} \"$HOME\" 100 %\n\u00fcber", "SAML_CERT", "-----BEGIN-----\n" + "abcd\u00e9\n".repeat(4000), "EMPTY", "");

        var parameters = EnvironmentParameters.of(environment);

        assertThat(read(parameters)).containsAllEntriesOf(environment);
        assertThat(parameters.documents()).hasSizeGreaterThan(10).allSatisfy(document -> assertThat(document.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(EnvironmentParameters.LONGEST_DOCUMENT))
                .noneMatch(document -> document.contains("{{"));
    }

    @Test
    void anOrdinaryEnvironmentIsAFewParameters() {
        assertThat(EnvironmentParameters.of(Example.environment()).documents()).hasSize(1);
    }

    @Test
    void theRevisionChangesWithAnyVariableAndWithNothingElse() {
        assertThat(EnvironmentParameters.of(Example.environment()).revision()).isEqualTo(EnvironmentParameters.of(Example.environment()).revision())
                .isNotEqualTo(EnvironmentParameters.of(Example.environment("SMTP_PORT", "2525")).revision());
    }

    @Test
    void streamingGetsTheTlsModeThatNodeUnderstands() throws Exception {
        var environment = Example.environment();
        environment.put("DB_SSLMODE", "require");

        assertThat(read(EnvironmentParameters.of(environment))).containsEntry("DB_SSLMODE", "require").containsEntry("streaming/DB_SSLMODE", "no-verify");
    }

    @Test
    void whatNoProcessCanHaveIsRefusedByNameAndNotByValue() {
        assertThatThrownBy(() -> EnvironmentParameters.of(Example.environment("MOTD", "secret\0word"))).isInstanceOf(OutsideException.class).hasMessageContaining("MOTD")
                .hasMessageContaining("NUL").hasMessageNotContaining("secret");
        assertThatThrownBy(() -> EnvironmentParameters.of(Example.environment("MOTD", "x".repeat(128 * 1024)))).isInstanceOf(OutsideException.class).hasMessageContaining("MOTD").hasMessageContaining("128 KiB");
    }

    @Test
    void certificatesMayBeLongerThanAVariable() throws Exception {
        var environment = Example.environment();
        environment.put(MastodonEnvironment.CA_CERTIFICATES, "certificate\n".repeat(14_000));

        assertThat(read(EnvironmentParameters.of(environment))).containsAllEntriesOf(environment);
    }

    @Test
    void itsTextShowsNoSecret() {
        assertThat(EnvironmentParameters.of(Example.environment()).toString()).doesNotContain("smtp-secret");
    }

    private static Map<String, String> read(EnvironmentParameters parameters) throws Exception {
        var all = new TreeMap<String, String>();
        for (var document : parameters.documents()) {
            new ObjectMapper().readValue(document, new TypeReference<Map<String, String>>() {}).forEach((name, piece) -> all.merge(name, piece, String::concat));
        }
        return all;
    }
}
