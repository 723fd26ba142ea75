package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the demo's JVM prints is the demo's: no library puts its log between the lines. */
class QuietDemoTest {
    private static final String TOLD = "told";

    /** What logs most in the demo, in a JVM of its own, with the options that the Makefile gives it. */
    public static final class Pieces {
        private Pieces() {}

        public static void main(String... args) {
            Demo.quietNetty();
            try (var cluster = EmbeddedCluster.start(World.NAMESPACE, ClusterSettings.fast())) {
                cluster.client().resource(Manifest.example(Map.of())).create();
                cluster.apiServer().refuse("configmaps", "no");
                cluster.apiServer().expireWatches();
                cluster.client().pods().inNamespace(World.NAMESPACE).list();
            }
            new DemoScreen(System.out).line(TOLD);
            System.exit(0);
        }
    }

    @Test
    void noLibraryPrintsALine() throws IOException {
        try (var directory = TemporaryDirectory.create("quiet-")) {
            var log = directory.resolve("log");
            var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
            command.addAll(optionsOfTheMakefile());
            command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), Pieces.class.getName()));
            try (var demo = LocalProcess.start(command, Map.of(), log)) {
                assertThat(demo.waitFor()).as(Files.readString(log)).isZero();
            }
            assertThat(Files.readAllLines(log)).containsExactly(TOLD);
        }
    }

    private static List<String> optionsOfTheMakefile() throws IOException {
        var line = Files.readAllLines(Path.of("Makefile")).stream().filter(text -> text.startsWith("QUIET_JVM := ")).findFirst().orElseThrow();
        return List.of(line.substring("QUIET_JVM := ".length()).split(" "));
    }
}
