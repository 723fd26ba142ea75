package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** The system's own PgBouncer on a free loopback port, before one user of one database. */
public final class PgBouncer implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/pgbouncer");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path directory;
    private final URI direct;
    private final int port = FreePort.find();
    private LocalProcess process;

    private PgBouncer(Path directory, URI direct) {
        this.directory = directory;
        this.direct = direct;
    }

    /** Skips the test where it is not installed; under continuous integration that is a failure. */
    public static void require() {
        var isThere = Files.isExecutable(PROGRAM);
        if (!isThere && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException(PROGRAM + " is missing: apt-get install pgbouncer");
        }
        Assumptions.assumeTrue(isThere, "pgbouncer is not installed");
    }

    /**
     * Starts one.
     *
     * @param url      of the server behind it, with user and password
     * @param settings lines of {@code pgbouncer.ini}
     */
    public static PgBouncer before(String url, String... settings) {
        try {
            var directory = OwnedDirectory.create("pgbouncer-");
            var started = new PgBouncer(directory, URI.create(url));
            started.configure(List.of(settings));
            started.launch();
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void configure(List<String> settings) throws IOException {
        var user = direct.getUserInfo().split(":", 2);
        Files.writeString(directory.resolve("users"), "\"" + user[0] + "\" \"" + user[1] + "\"\n");
        var lines = new ArrayList<>(List.of("[databases]", "* = host=127.0.0.1 port=" + direct.getPort(), "[pgbouncer]", "listen_addr = 127.0.0.1", "listen_port = " + port,
                "unix_socket_dir =", "auth_type = scram-sha-256", "auth_file = " + directory.resolve("users")));
        lines.addAll(settings);
        Files.write(directory.resolve("pgbouncer.ini"), lines);
        LocalProcess.giveToUnprivileged(directory);
    }

    private void launch() {
        process = LocalProcess.startUnprivileged(List.of(PROGRAM.toString(), directory.resolve("pgbouncer.ini").toString()), Map.of(), directory.resolve("log"));
        Awaitility.await("pgbouncer on port " + port).atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(20))
                .failFast("pgbouncer ended", () -> !process.isAlive()).ignoreExceptions().until(() -> {
                    try (var socket = new Socket()) {
                        socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
                        return true;
                    }
                });
    }

    /** The same user and database, by way of it. */
    public String url() {
        return direct.toString().replace("127.0.0.1:" + direct.getPort(), "127.0.0.1:" + port);
    }

    @Override
    public void close() {
        process.close();
        TemporaryDirectory.deleteTree(directory);
    }
}
