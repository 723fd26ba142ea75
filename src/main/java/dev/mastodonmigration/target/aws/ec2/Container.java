package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One container as podman is asked to run it: without rights, with a root that it cannot write to, and with its environment from a file that it reads itself.
 *
 * @param name            of the container and of its unit
 * @param environmentFile on the machine
 * @param overrides       stronger than that file; never a secret, because they are in user-data
 * @param options         of podman, beside those that all have
 */
record Container(String name, String image, String environmentFile, Map<String, String> overrides, List<String> options, List<String> command) {
    private static final String ENVIRONMENT = "/etc/mastodon-migration/environment";
    private static final String READ_ENVIRONMENT = ". " + ENVIRONMENT + "; exec \"$@\"";

    /** In the background, watched by systemd: podman tells it when the container runs, and hands it the container's output. */
    List<String> started() {
        return run(List.of("--detach", "--sdnotify=conmon", "--cgroups=split", "--cidfile=" + cidFile()));
    }

    /** To its end; its exit code is the container's. */
    List<String> ran() {
        return run(List.of());
    }

    List<String> removed() {
        return List.of(Unit.PODMAN, "rm", "--volumes", "--force", "--ignore", "--cidfile=" + cidFile());
    }

    private String cidFile() {
        return "/run/" + name + ".cid";
    }

    private List<String> run(List<String> first) {
        var words = new ArrayList<>(List.of(Unit.PODMAN, "run", "--name=" + name, "--replace", "--rm", "--pull=never", "--log-driver=passthrough"));
        words.addAll(first);
        var user = MastodonProcesses.USER + ":" + MastodonProcesses.USER;
        words.addAll(List.of("--user=" + user, "--cap-drop=all", "--security-opt=no-new-privileges", "--read-only", "--read-only-tmpfs=false",
                // On the disk, and gone with the container: an upload of a hundred megabytes has no place in memory.
                "--volume=/tmp", "--volume=" + MastodonProcesses.TMP,
                "--volume=" + environmentFile + ":" + ENVIRONMENT + ":ro",
                "--volume=" + MachineFiles.CERTIFICATES + ":" + MastodonEnvironment.CA_FILE + ":ro"));
        words.addAll(options);
        words.addAll(List.of(image, "sh", "-c", READ_ENVIRONMENT, "sh"));
        if (!overrides.isEmpty()) {
            words.add("env");
            new TreeMap<>(overrides).forEach((variable, value) -> words.add(variable + "=" + value));
        }
        words.addAll(command);
        return List.copyOf(words);
    }
}
