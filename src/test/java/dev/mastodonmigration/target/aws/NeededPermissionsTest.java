package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NeededPermissionsTest {
    /** A customer managed policy has so many characters at most, of which white space does not count (IAM and AWS STS quotas). */
    private static final int LONGEST_POLICY = 6144;

    /** What an admin attaches and what Preflight demands are one. */
    @Test
    void theExamplesAreWhatIsBundled() throws IOException {
        for (var file : PolicyStatement.FILES) {
            try (var bundled = PolicyStatement.class.getResourceAsStream(file)) {
                assertThat(Files.readString(Path.of("deploy/examples", file))).as(file).isEqualTo(new String(bundled.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
    }

    @Test
    void eachOfThemFitsIntoOneManagedPolicy() throws IOException {
        for (var file : PolicyStatement.FILES) {
            assertThat(new ObjectMapper().readTree(Path.of("deploy/examples", file).toFile()).toString().length()).as(file).isLessThanOrEqualTo(LONGEST_POLICY);
        }
    }

    @Test
    void eachStatementIsForSomePartOfASpec() {
        assertThat(PolicyStatement.all()).allSatisfy(statement -> assertThat(statement.part()).isNotNull());
        assertThat(PolicyStatement.all()).extracting(PolicyStatement::part).contains(AwsPart.values());
    }
}
