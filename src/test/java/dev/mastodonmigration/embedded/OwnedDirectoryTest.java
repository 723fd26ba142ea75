package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnedDirectoryTest {
    @TempDir
    private Path parent;

    @Test
    void theSweepRemovesWhatAKilledRunLeftAndNothingElse() throws IOException {
        var dead = OwnedDirectory.owner(endedProcess());
        var kept = List.of(
                directory("redis-1", OwnedDirectory.owner(ProcessHandle.current().pid())),
                directory("redis-2", dead.split(" ")[0] + " pid:[1]"),
                directory("redis-3", "no process"),
                Files.createDirectory(parent.resolve("postgres-17-4")),
                directory("postgres-data", dead),
                Files.createSymbolicLink(parent.resolve("redis-5"), directory("elsewhere", dead)));
        var left = List.of(directory("postgres-17-6", dead), directory("redis-7", dead), directory("world-8", dead), directory("pod-9", dead));
        Files.createDirectories(left.getFirst().resolve("data/base"));

        OwnedDirectory.sweep(parent);

        assertThat(left).noneMatch(Files::exists);
        assertThat(kept).allMatch(Files::exists);
        assertThat(parent.resolve("elsewhere/.owner")).exists();
    }

    @Test
    void whatWeMakeIsNotSweptWhileWeLive() {
        try (var directory = TemporaryDirectory.create("world-")) {
            assertThat(directory.resolve(".owner")).isNotEmptyFile();
            OwnedDirectory.sweep(directory.path().getParent());
            assertThat(directory.path()).exists();
        }
    }

    private Path directory(String name, String owner) throws IOException {
        var directory = Files.createDirectory(parent.resolve(name));
        Files.writeString(directory.resolve(".owner"), owner);
        return directory;
    }

    private long endedProcess() {
        try (var process = LocalProcess.start(List.of("true"), Map.of(), parent.resolve("log"))) {
            process.waitFor();
            return process.pid();
        }
    }
}
