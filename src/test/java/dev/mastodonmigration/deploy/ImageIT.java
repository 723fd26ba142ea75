package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Does without docker what an image build does: Debian's base system, then the Dockerfile's RUN and COPY, then its ENTRYPOINT as its USER on a read-only root. */
@EnabledIfSystemProperty(named = "image.build", matches = "true", disabledReason = "takes a minute or two and needs root and debootstrap: .ci/run does it")
class ImageIT {
    private static final Path ROOT = Path.of("target/image-root").toAbsolutePath();
    private static final int USAGE = 64;

    /** The mirror and the proxy that apt is set to here; where no Debian mirror is, debootstrap's own. */
    private static final String BASE_SYSTEM = """
            mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian Debian //p' | head -n 1)
            proxy=$(apt-config dump | sed -n 's/^Acquire::http::Proxy "\\(..*\\)";/\\1/p')
            [ -z "$proxy" ] || export http_proxy="$proxy"
            debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$1" "$2" $mirror
            echo force-unsafe-io > "$2/etc/dpkg/dpkg.cfg.d/docker-apt-speedup" # as in Debian's images for docker
            apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date) ' > "$2/etc/apt/apt.conf.d/99host" || true
            """;
    private static final String MOUNTS = """
            mount --make-rprivate /
            mount --bind "$1" "$1"
            mount -t proc proc "$1/proc"
            """;

    @BeforeAll
    static void baseSystem() throws IOException, InterruptedException {
        remove();
        var suite = Dockerfile.read().of("FROM").getFirst().replaceAll("^debian:|-slim$", "");
        run(0, "sh", "-euc", BASE_SYSTEM, "sh", suite, ROOT.toString());
    }

    @AfterAll
    static void remove() throws IOException, InterruptedException {
        run(0, "rm", "-rf", "--one-file-system", ROOT.toString());
    }

    @Test
    void theImageBuildsAndItsProgramStartsAsItsUserOnAReadOnlyRoot() throws IOException, InterruptedException {
        var dockerfile = Dockerfile.read();
        for (var command : dockerfile.of("RUN")) {
            inside(0, "exec chroot \"$1\" /bin/sh -c \"$2\"", command);
        }
        for (var copy : dockerfile.of("COPY")) {
            var words = copy.split("\\s+");
            // Docker copies what is in a directory, and makes the directory that it copies to.
            var source = words[0].endsWith("/") ? words[0] + "." : words[0];
            run(0, "sh", "-euc", "mkdir -p '" + ROOT + words[1] + "' && cp -r " + source + " '" + ROOT + words[1] + "'");
        }
        assertThat(asUser(0, dockerfile, "/usr/lib/postgresql/17/bin/pg_dump --version")).contains("(PostgreSQL) 17.");
        assertThat(asUser(0, dockerfile, "id -gn")).contains("mastodon-migration");
        var program = String.join(" ", new ObjectMapper().readValue(dockerfile.of("ENTRYPOINT").getFirst(), String[].class));
        assertThat(asUser(USAGE, dockerfile, "exec " + program + " worker no-such-task")).contains("usage: worker <task>");
    }

    private static String asUser(int status, Dockerfile dockerfile, String command) throws IOException, InterruptedException {
        return inside(status, "mount -o remount,bind,ro \"$1\"; mount -t tmpfs tmpfs \"$1/tmp\"; exec chroot --userspec=" + dockerfile.of("USER").getFirst()
                + " --groups= \"$1\" /bin/sh -c \"cd " + dockerfile.of("WORKDIR").getFirst() + " && $2\"", command);
    }

    /** In mount and process namespaces of its own: what it mounts and starts is gone when it ends. */
    private static String inside(int status, String script, String command) throws IOException, InterruptedException {
        return run(status, "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", MOUNTS + script, "sh", ROOT.toString(), command);
    }

    private static String run(int status, String... command) throws IOException, InterruptedException {
        var log = Files.createTempFile("image", ".log");
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
            if (!process.waitFor(15, TimeUnit.MINUTES)) {
                process.destroyForcibly();
            }
            var output = Files.readString(log);
            assertThat(process.waitFor()).as("%s%n%s", String.join(" ", command), output.substring(Math.max(0, output.length() - 4000))).isEqualTo(status);
            return output;
        } finally {
            Files.delete(log);
        }
    }
}
