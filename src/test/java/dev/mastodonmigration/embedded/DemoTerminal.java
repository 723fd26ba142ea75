package dev.mastodonmigration.embedded;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What the demo has to know about the place where it prints. */
record DemoTerminal(boolean present, int columns) {
    private static final int USUAL_COLUMNS = 80;

    static DemoTerminal ofThisProcess() {
        return new DemoTerminal(isPresent(), number(System.getenv("COLUMNS")).or(DemoTerminal::fromStty).orElse(USUAL_COLUMNS));
    }

    private static boolean isPresent() {
        try {
            var target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException unknown) {
            return false;
        }
    }

    /** {@code stty size} prints rows and columns; it fails where there is no terminal. */
    private static Optional<Integer> fromStty() {
        try {
            var stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty")).redirectErrorStream(true).start();
            var words = new String(stty.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip().split(" ");
            return stty.waitFor() == 0 && words.length == 2 ? number(words[1]) : Optional.empty();
        } catch (IOException noTerminal) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static Optional<Integer> number(String text) {
        return Optional.ofNullable(text).filter(digits -> digits.matches("[1-9][0-9]{0,4}")).map(Integer::valueOf);
    }
}
