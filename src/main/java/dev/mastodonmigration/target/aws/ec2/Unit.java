package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.mastodon.Building;
import java.util.List;
import java.util.stream.Collectors;

/** One systemd unit. Not podman's own kind (quadlet): those are of podman 4.4, and nothing but podman checks them. */
record Unit(String name, String text) {
    static final String PODMAN = "/usr/bin/podman";
    private static final String PLAIN = "[A-Za-z0-9_./:=,@+-]+";

    String path() {
        return MachineFiles.UNITS + "/" + name + ".service";
    }

    /** Not enabled, so that nothing starts with the machine: the environment is fetched first, and whether Sidekiq runs is not the machine's to say. */
    static Unit server(Container container) {
        return new Unit(container.name(), """
                [Unit]
                Description=Mastodon: %1$s
                Wants=network-online.target
                After=network-online.target
                AssertPathExists=%2$s
                StartLimitIntervalSec=0

                [Service]
                Type=notify
                NotifyAccess=all
                Delegate=yes
                KillMode=mixed
                SyslogIdentifier=%1$s
                ExecStart=%3$s
                ExecStop=%4$s
                ExecStopPost=-%4$s
                TimeoutStartSec=120
                TimeoutStopSec=90
                Restart=always
                RestartSec=5
                """.formatted(container.name(), container.environmentFile(), line(container.started()), line(container.removed())));
    }

    static Unit once(Container container) {
        return new Unit(container.name(), """
                [Unit]
                Description=Mastodon, once: %1$s
                Wants=network-online.target
                After=network-online.target
                AssertPathExists=%2$s
                StartLimitIntervalSec=0

                [Service]
                Type=oneshot
                SyslogIdentifier=%1$s
                ExecStart=%3$s
                TimeoutStartSec=%4$d
                """.formatted(container.name(), container.environmentFile(), line(container.ran()), Building.LONGEST.toSeconds()));
    }

    /** Words as systemd reads them: it unquotes, and replaces what follows a dollar or a percent sign. */
    static String line(List<String> words) {
        return words.stream().map(Unit::word).collect(Collectors.joining(" "));
    }

    private static String word(String word) {
        if (word.matches(PLAIN)) {
            return word;
        }
        var quoted = new StringBuilder("\"");
        word.chars().forEach(letter -> quoted.append(switch (letter) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '%' -> "%%";
            case '$' -> "$$";
            default -> letter < ' ' ? "\\x%02x".formatted(letter) : String.valueOf((char) letter);
        }));
        return quoted.append('"').toString();
    }
}
