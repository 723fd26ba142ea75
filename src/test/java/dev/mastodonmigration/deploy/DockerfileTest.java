package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DockerfileTest {
    private final Dockerfile dockerfile = read();

    @Test
    void theUserIsNumericSoThatTheKubeletCanProveItIsNotRoot() {
        assertThat(dockerfile.of("USER")).singleElement().asString().matches("[1-9][0-9]{4,}:[1-9][0-9]{4,}");
        assertThat(dockerfile.instructions().getLast()).as("USER comes before the entry point, nothing runs as root after it").startsWith("CMD");
        assertThat(dockerfile.instructions().indexOf("USER 10001:10001")).isGreaterThan(dockerfile.instructions().indexOf(dockerfile.instructions().stream()
                .filter(line -> line.startsWith("COPY")).reduce((first, last) -> last).orElseThrow()));
    }

    @Test
    void theEntryPointTakesOperatorOrWorker() throws IOException {
        var entryPoint = new ObjectMapper().readValue(dockerfile.of("ENTRYPOINT").getFirst(), List.class);
        assertThat(entryPoint).startsWith("java").endsWith("-jar", "/opt/operator/quarkus-run.jar");
        assertThat(dockerfile.of("CMD")).containsExactly("[\"operator\"]");
    }

    @Test
    void itBringsAJreAndAClientOfPostgresSeventeenOrNewer() {
        assertThat(dockerfile.of("FROM")).singleElement().asString().startsWith("debian:");
        assertThat(dockerfile.of("RUN")).singleElement().asString().contains("openjdk-21-jre-headless").containsPattern("postgresql-client-(1[7-9]|[2-9][0-9])\\b");
    }

    @Test
    void theBuildContextHoldsWhatIsCopiedAndNothingElse() throws IOException {
        assertThat(Files.readAllLines(Path.of(".dockerignore"))).containsExactly("*", "!target/quarkus-app");
        assertThat(dockerfile.copiedFrom()).isNotEmpty().allMatch(source -> source.startsWith("target/quarkus-app/"));
    }

    private static Dockerfile read() {
        try {
            return Dockerfile.read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
