package dev.mastodonmigration.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The instructions of our Dockerfile, continuation lines joined. */
record Dockerfile(List<String> instructions) {
    static Dockerfile read() throws IOException {
        var text = Files.readString(Path.of("src/main/docker/Dockerfile.jvm")).replaceAll("(?m)^#.*\\R", "").replaceAll("\\\\\\R\\s*", " ");
        return new Dockerfile(text.lines().filter(line -> !line.isBlank()).toList());
    }

    List<String> of(String keyword) {
        return instructions.stream().filter(line -> line.startsWith(keyword + " ")).map(line -> line.substring(keyword.length() + 1).strip()).toList();
    }

    Stream<String> copiedFrom() {
        return of("COPY").stream().map(copy -> copy.split("\\s+")[0]);
    }
}
