package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.mastodonmigration.api.MastodonMigration;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReadmeTest {
    private static final List<String> FORWARD = List.of("Preflight", "Provision", "Rehearse", "Replicate", "DeployCompute", "SmokeTest", "ShiftTraffic", "AwaitCutover", "StandBy",
            "QuietSidekiq", "StopSource", "CloseSource", "Drain", "Verify", "GoLive", "Housekeeping", "Soak", "AwaitRetire", "Retire");

    private final String readme = read(Path.of("README.md"));

    @Test
    void itsFirstParagraphSaysWhatCannotBeUndoneAndWhen() {
        var first = readme.split("\\n\\n")[1];
        assertThat(first).contains("cannot be undone", "takes its first writes", "targetWritableAt", "Aborted", "approved");
    }

    @Test
    void thePhaseTableIsTheForwardItinerary() {
        var rows = Pattern.compile("(?m)^\\| ([A-Z][A-Za-z]+) \\|").matcher(section("Phases")).results().map(row -> row.group(1)).filter(name -> !name.equals("Phase")).toList();
        assertThat(rows).isEqualTo(FORWARD);
    }

    @Test
    void whateverStateIsShownHasItsRowAndWhatToDo() {
        var section = section("If something goes wrong");
        assertThat(List.of("waiting for your approval", "Retrying", "Stalled", "Suspended", "DOWN", "Aborted", "Undo", "namespace is deleted", "operator is gone", "Heroku's API is down",
                "became unready")).allSatisfy(state -> assertThat(section).contains(state));
        assertThat(section.lines().filter(line -> line.startsWith("| ") && !line.startsWith("| You see"))).hasSizeGreaterThan(10).allMatch(row -> row.split(" \\| ").length == 3);
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
        var links = Pattern.compile("\\]\\(([^)h#][^)]*)\\)").matcher(readme).results().map(link -> link.group(1)).toList();
        assertThat(links).isNotEmpty().allSatisfy(link -> assertThat(Path.of(link)).exists());
    }

    private String section(String title) {
        var from = readme.indexOf("\n## " + title + "\n");
        assertThat(from).as(title).isNotNegative();
        var to = readme.indexOf("\n## ", from + 1);
        return readme.substring(from, to < 0 ? readme.length() : to);
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
