package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DockerfileTest {
    /** Users and groups of the package base-passwd, the same since Debian 1.3: groupadd and useradd refuse them. */
    private static final List<String> OF_DEBIANS_BASE_SYSTEM = List.of("root", "daemon", "bin", "sys", "adm", "tty", "disk", "lp", "mail", "news", "uucp", "man", "proxy", "kmem",
            "dialout", "fax", "voice", "cdrom", "floppy", "tape", "sudo", "audio", "dip", "www-data", "backup", "operator", "list", "irc", "src", "shadow", "utmp", "video", "sasl",
            "plugdev", "staff", "games", "users", "nogroup", "nobody", "sync", "gnats", "_apt");

    private final Dockerfile dockerfile = read();

    @Test
    void theUserIsNumericSoThatTheKubeletCanProveItIsNotRoot() {
        assertThat(dockerfile.of("USER")).singleElement().asString().matches("[1-9][0-9]{4,}:[1-9][0-9]{4,}");
        assertThat(dockerfile.instructions().getLast()).as("USER comes before the entry point, nothing runs as root after it").startsWith("CMD");
        assertThat(dockerfile.instructions().indexOf("USER 10001:10001")).isGreaterThan(dockerfile.instructions().indexOf(dockerfile.instructions().stream()
                .filter(line -> line.startsWith("COPY")).reduce((first, last) -> last).orElseThrow()));
    }

    @Test
    void itsAccountHasANameThatDebiansBaseSystemDoesNotHave() {
        var run = dockerfile.of("RUN").getFirst();
        var names = Pattern.compile("(?:groupadd|useradd) [^&]*?([a-z_][a-z0-9_-]*)(?=\\s*(?:&&|$))").matcher(run.strip()).results().map(made -> made.group(1)).toList();
        assertThat(names).hasSize(2).doesNotContainAnyElementsOf(OF_DEBIANS_BASE_SYSTEM);
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
