package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DockerfileIT {
    @Test
    void whatIsCopiedExistsAfterPackaging() throws IOException {
        for (var source : Dockerfile.read().copiedFrom().toList()) {
            var path = Path.of(source);
            var pattern = FileSystems.getDefault().getPathMatcher("glob:" + path.getFileName());
            try (var files = Files.list(path.getParent())) {
                assertThat(files.filter(file -> pattern.matches(file.getFileName()))).as(source).isNotEmpty();
            }
        }
    }

    @Test
    void oneJarIsOperatorAndWorkerAndSaysSo() throws IOException, InterruptedException {
        assertThat(run()).contains("operator", "worker <task>");
        assertThat(run("worker", "no-such-task")).contains("usage: worker <task>");
    }

    private static String run(String... args) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", "target/quarkus-app/quarkus-run.jar"));
        command.addAll(List.of(args));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            var output = new String(process.getInputStream().readAllBytes());
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(output).isEqualTo(64);
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
