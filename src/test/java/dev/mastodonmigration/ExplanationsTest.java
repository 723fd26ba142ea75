package dev.mastodonmigration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a package says of itself is true as far as names go: each class is there, and each test that guards an invariant. */
class ExplanationsTest {
    private static final Path MAIN = Path.of("src/main/java");
    private static final Path TESTS = Path.of("src/test/java");
    private static final Pattern CODE = Pattern.compile("\\{@code ([A-Z]\\w+)(?:#(\\w+))?}");
    private static final Pattern TEST = Pattern.compile("\\b([A-Z]\\w+(?:Test|IT))#(\\w+)");

    @Test
    void whatPackagesNameIsThere() throws IOException {
        var missing = new ArrayList<String>();
        var named = 0;
        for (var explanation : files(MAIN, "package-info.java")) {
            var text = Files.readString(explanation);
            named += missing(CODE, text, MAIN, missing);
            named += missing(TEST, text, TESTS, missing);
        }
        assertThat(missing).isEmpty();
        assertThat(named).isPositive();
    }

    private static int missing(Pattern pattern, String text, Path tree, List<String> missing) throws IOException {
        var names = pattern.matcher(text);
        var found = 0;
        while (names.find()) {
            found++;
            var files = files(tree, names.group(1) + ".java");
            if (files.isEmpty() || names.group(2) != null && !Files.readString(files.getFirst()).contains(names.group(2) + "(")) {
                missing.add(names.group());
            }
        }
        return found;
    }

    private static List<Path> files(Path tree, String name) throws IOException {
        try (var files = Files.walk(tree)) {
            return files.filter(file -> file.getFileName().toString().equals(name)).toList();
        }
    }
}
