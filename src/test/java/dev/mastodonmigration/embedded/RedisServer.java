package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** The system's own Redis on a free loopback port, so that tests and the demo meet the real thing. Nothing is kept on disk unless asked. */
public final class RedisServer implements AutoCloseable {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path directory;
    private final int port;
    private volatile String password;
    private final boolean tls;
    private LocalProcess process;

    private RedisServer(Path directory, int port, String password, boolean tls) {
        this.directory = directory;
        this.port = port;
        this.password = password;
        this.tls = tls;
    }

    /**
     * Starts a server with a random password, {@code maxmemory-policy noeviction} and no persistence.
     *
     * @param config lines of {@code redis.conf}, as {@code "appendonly yes"}; they win over these defaults
     */
    public static RedisServer start(String... config) {
        return start(false, List.of(config));
    }

    /** As {@link #start}, but only over TLS and with a certificate that nobody signed, as Heroku Key-Value Store has. */
    public static RedisServer startTls(String... config) {
        return start(true, List.of(config));
    }

    private static RedisServer start(boolean tls, List<String> config) {
        try {
            var directory = OwnedDirectory.create("redis-");
            var server = new RedisServer(directory, FreePort.find(), HexFormat.of().formatHex(randomBytes()), tls);
            var lines = new ArrayList<>(List.of("bind 127.0.0.1", "dir " + directory, "requirepass " + server.password,
                    "maxmemory-policy noeviction", "save \"\"", "appendonly no", "daemonize no"));
            lines.addAll(tls ? server.tlsConfig() : List.of("port " + server.port));
            lines.addAll(config);
            Files.write(directory.resolve("redis.conf"), lines);
            LocalProcess.giveToUnprivileged(directory);
            server.launch();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> tlsConfig() {
        var key = directory.resolve("tls.key");
        var certificate = directory.resolve("tls.crt");
        LocalProcess.giveToUnprivileged(directory);
        LocalProcess.runUnprivileged(List.of("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=redis.invalid", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key.toString(), "-out", certificate.toString()), log());
        return List.of("port 0", "tls-port " + port, "tls-cert-file " + certificate, "tls-key-file " + key, "tls-auth-clients no");
    }

    private void launch() {
        process = LocalProcess.startUnprivileged(List.of("redis-server", directory.resolve("redis.conf").toString()), Map.of(), log());
        try {
            Awaitility.await("redis-server on port " + port).atMost(PATIENCE).pollInterval(Duration.ofMillis(20))
                    .failFast("redis-server ended", () -> !process.isAlive())
                    .ignoreException(JedisConnectionException.class)
                    .until(() -> {
                        try (var jedis = connect()) {
                            // Beside async_loading.
                            return jedis.info("persistence").contains("\nloading:0");
                        }
                    });
        } catch (RuntimeException e) {
            var said = readLog();
            close();
            throw new IllegalStateException("redis-server did not start:\n" + said, e);
        }
    }

    private static byte[] randomBytes() {
        var bytes = new byte[12];
        RANDOM.nextBytes(bytes);
        return bytes;
    }

    /** {@code redis://:password@127.0.0.1:port}, the form of Heroku's {@code REDIS_URL}. */
    public String url() {
        return (tls ? "rediss" : "redis") + "://:" + password + "@127.0.0.1:" + port;
    }

    /** From now on another password, which somebody else has chosen; sessions that are open stay. */
    public void password(String chosen) {
        try (var jedis = connect()) {
            jedis.configSet("requirepass", chosen);
        }
        password = chosen;
    }

    /** That of a server over TLS, which signs itself. */
    public Path certificate() {
        return directory.resolve("tls.crt");
    }

    public int port() {
        return port;
    }

    public String password() {
        return password;
    }

    /** A new connection with this server's password; the caller closes it. */
    public Jedis connect() {
        var client = DefaultJedisClientConfig.builder().password(password).timeoutMillis(10_000);
        if (tls) {
            client.ssl(true).sslOptions(SslOptions.builder().sslVerifyMode(SslVerifyMode.INSECURE).build());
        }
        return new Jedis(new HostAndPort(URI.create(url()).getHost(), port), client.build());
    }

    /** SIGKILL; data survives only with {@code appendonly yes}. */
    public void kill() {
        process.kill();
    }

    /** Stops the server if it runs and starts it again on the same port with the same password. */
    public void restart() {
        process.stop(10);
        launch();
    }

    private Path log() {
        return directory.resolve("redis.log");
    }

    private String readLog() {
        try {
            return Files.readString(log());
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        process.close();
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
