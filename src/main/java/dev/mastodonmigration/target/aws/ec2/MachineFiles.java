package dev.mastodonmigration.target.aws.ec2;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Where things stand on a machine. */
final class MachineFiles {
    static final String ETC = "/etc/mastodon-migration";
    static final String PROGRAMS = "/usr/local/lib/mastodon-migration";
    static final String UNITS = "/etc/systemd/system";
    /** Memory: what is here is gone when the machine is. For root alone, so that containers see only what is mounted into them. */
    static final String RUN = "/run/mastodon-migration";
    /** What outlives a restart of the machine: no secret. */
    static final String STATE = "/var/lib/mastodon-migration";
    /** Of these the machine makes the first from all variables, the second with streaming's own instead. */
    static final String ENVIRONMENT = RUN + "/environment";
    static final String STREAMING_ENVIRONMENT = RUN + "/environment-streaming";
    static final String CERTIFICATES = RUN + "/ca.pem";
    static final String LOGS = "/var/log/mastodon";

    private MachineFiles() {}

    static String resource(String name) {
        try (var in = MachineFiles.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
