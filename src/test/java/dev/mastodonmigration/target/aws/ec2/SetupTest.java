package dev.mastodonmigration.target.aws.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program {@code setup}, with the system's package manager and the network stood in for. */
class SetupTest {
    private static final String WEB = "ghcr.io/mastodon/mastodon:v4.5.3";
    /** Fails as often as a file says, then does what it is told. */
    private static final String STUB = """
            #!/bin/sh
            name=$(basename "$0")
            echo "$name $*" >> "@/log"
            case "$name $1 $2" in
            "dpkg-query -W "*) exec test -e "@/installed" ;;
            "podman image exists") exec test -e "@/pulled-$(echo "$3" | tr / _)" ;;
            esac
            if [ -e "@/fail-$name" ]; then
                echo "$name: no network" >&2
                mv "@/fail-$name" "@/failed-$name"
                exit 100
            fi
            case "$name $*" in
            "apt-get "*" install "*) touch "@/installed" ;;
            "podman pull "*) touch "@/pulled-$(echo "$3" | tr / _)" ;;
            esac
            """;

    @TempDir
    Path directory;

    @BeforeEach
    void standIn() throws IOException {
        Files.createDirectories(directory.resolve("bin"));
        Files.createDirectories(directory.resolve("etc/nginx"));
        for (var name : List.of("apt-get", "dpkg-query", "podman", "systemctl", "sleep", "chown", "curl", "dpkg")) {
            var stub = Files.writeString(directory.resolve("bin").resolve(name), STUB.replace("@", directory.toString()));
            assertThat(stub.toFile().setExecutable(true)).isTrue();
        }
    }

    @Test
    void itTriesUntilEverythingIsThereAndSaysWhy() throws Exception {
        Files.createFile(directory.resolve("fail-apt-get"));
        Files.createFile(directory.resolve("fail-podman"));

        var said = run(Machines.single());

        assertThat(said).containsSubsequence("apt-get: no network", "Installing podman", "failed, for the reason above. The next try is in 5 s.", "podman: no network", "Pulling " + WEB + " failed");
        assertThat(log()).containsSubsequence("sleep 5", "apt-get -q -o DPkg::Lock::Timeout=600 -o APT::Update::Error-Mode=any update", "systemctl restart rsyslog", "podman pull -q " + WEB, "sleep 5", "podman pull -q " + WEB,
                "podman pull -q ghcr.io/mastodon/mastodon-streaming:v4.5.3", "systemctl restart nginx");
        assertThat(directory.resolve("etc/nginx/nginx.conf")).content().isEqualTo(UserData.nginx());
    }

    @Test
    void aMachineThatStartsAgainFetchesNothing() throws Exception {
        run(Machines.single());
        Files.delete(directory.resolve("log"));

        run(Machines.single());

        assertThat(log()).noneMatch(line -> line.startsWith("apt-get") || line.startsWith("podman pull")).contains("systemctl restart nginx");
    }

    @Test
    void aMachineForSidekiqHasNoNginx() throws Exception {
        run(Machines.machine(Role.SIDEKIQ));

        assertThat(log()).noneMatch(line -> line.contains("nginx") || line.contains("streaming")).contains("podman pull -q " + WEB);
    }

    private String run(Machine machine) throws Exception {
        if (machine.role().serves) {
            Files.writeString(Files.createDirectories(directory.resolve("etc/mastodon-migration")).resolve("nginx.conf"), UserData.nginx());
        }
        var script = Files.writeString(directory.resolve("setup"), UserData.setup(machine).replace("/etc/", directory + "/etc/").replace("/var/cache/", directory + "/cache/"));
        var builder = new ProcessBuilder("sh", script.toString(), "machine").redirectErrorStream(true);
        builder.environment().put("PATH", directory.resolve("bin") + ":" + System.getenv("PATH"));
        var process = builder.start();
        var said = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    private List<String> log() throws IOException {
        return Files.readAllLines(directory.resolve("log"));
    }
}
