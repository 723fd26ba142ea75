package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.postgresql.ds.PGSimpleDataSource;

/** A real Postgres server of any major version on loopback, as strict as a hosted one: passwords, and owners that are no superusers. */
public final class PostgresServer implements AutoCloseable {
    /** Whether the server may lose writes when the machine (not the server) crashes: tests do not mind and are faster. */
    public enum Durability { NONE, FSYNC }

    private static final String SUPERUSER = "postgres";
    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    private static final long STOP_SECONDS = 10;
    private final Path binaries;
    private final Path home;
    private final Durability durability;
    private final Map<String, String> passwords = new ConcurrentHashMap<>();
    private int port;
    private LocalProcess process;

    private PostgresServer(Path binaries, Path home, Durability durability) {
        this.binaries = binaries;
        this.home = home;
        this.durability = durability;
    }

    public static PostgresServer start(int major) {
        return start(major, Durability.NONE);
    }

    /** Starts a new, empty server of this major version; it listens on {@code 127.0.0.1} only. */
    public static PostgresServer start(int major, Durability durability) {
        var binaries = PostgresBinaries.of(major);
        try {
            var home = directory("postgres-" + major + "-", durability);
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
            var server = new PostgresServer(binaries, home, durability);
            try {
                server.initialise();
                server.launch();
            } catch (RuntimeException e) {
                try (server) {
                    throw e;
                }
            }
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a streaming standby of this server, on a port of its own and with the same roles; Postgres 15 or newer. */
    public PostgresServer startStandby() {
        try (var superuser = superuser(SUPERUSER)) {
            var directory = directory("standby-", durability);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            var standby = new PostgresServer(binaries, directory, durability);
            try {
                standby.passwords.putAll(passwords);
                BaseBackup.take(superuser, Path.of(data()), Path.of(standby.data()));
                Files.createFile(directory.resolve("data/standby.signal"));
                Files.writeString(directory.resolve("data/postgresql.auto.conf"), "primary_conninfo = 'host=127.0.0.1 port=" + port + " user=" + SUPERUSER
                        + " password=" + passwords.get(SUPERUSER) + "'\n");
                LocalProcess.giveToUnprivileged(directory);
                standby.port = FreePort.find();
                standby.launch();
                return standby;
            } catch (RuntimeException | SQLException | IOException e) {
                standby.close();
                throw e;
            }
        } catch (SQLException | IOException e) {
            throw new IllegalStateException("no standby", e);
        }
    }

    /** Stops following the primary: what is written there from now on never arrives here. */
    public void stopFollowing() {
        execute("ALTER SYSTEM RESET primary_conninfo", "SELECT pg_reload_conf()");
        Awaitility.await().atMost(START_TIMEOUT).pollDelay(Duration.ZERO).until(() -> {
            try (var connection = superuser(SUPERUSER); var rows = connection.createStatement().executeQuery("SELECT count(*) FROM pg_stat_wal_receiver")) {
                return rows.next() && rows.getInt(1) == 0;
            }
        });
    }

    /** Makes a primary of this standby, with a timeline of its own. */
    public void promote() {
        execute("SELECT pg_promote()");
    }

    private static Path directory(String prefix, Durability durability) throws IOException {
        return durability == Durability.NONE ? OwnedDirectory.createInMemory(prefix) : OwnedDirectory.create(prefix);
    }

    private void initialise() throws IOException {
        passwords.put(SUPERUSER, randomPassword());
        var passwordFile = Files.writeString(home.resolve("superuser"), passwords.get(SUPERUSER) + "\n");
        LocalProcess.giveToUnprivileged(home);
        LocalProcess.runUnprivileged(List.of(binaries.resolve("initdb").toString(), "-D", data(), "-U", SUPERUSER, "--auth=" + passwordCheck(),
                "--pwfile=" + passwordFile, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"), log());
        port = FreePort.find();
    }

    /** With SCRAM, a client computes 4,096 hashes for each connection; it is for servers that are like hosted ones in all. */
    private String passwordCheck() {
        return durability == Durability.NONE ? "md5" : "scram-sha-256";
    }

    private void launch() {
        try {
            Awaitility.await().atMost(START_TIMEOUT).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(50)).until(this::answers);
        } catch (ConditionTimeoutException e) {
            throw new IllegalStateException("Postgres did not start:\n" + readLog(), e);
        }
    }

    /** Starts the process when it is not there (a port or shared memory of a killed predecessor may still be busy), then asks it. */
    private boolean answers() {
        if (process == null || !process.isAlive()) {
            process = LocalProcess.startUnprivileged(command(), Map.of(), log());
        }
        try (var connection = superuser(SUPERUSER)) {
            return connection.isValid(1);
        } catch (SQLException notYet) {
            return false;
        }
    }

    private List<String> command() {
        var command = new ArrayList<>(List.of(binaries.resolve("postgres").toString(), "-D", data(), "-p", String.valueOf(port)));
        var settings = new ArrayList<>(List.of("listen_addresses=127.0.0.1", "unix_socket_directories=" + home, "max_connections=200",
                "logging_collector=off", "shared_buffers=64MB", "jit=off"));
        if (durability == Durability.NONE) {
            // A worker of autovacuum for each of a test run's many databases, again and again, would keep the machine busy.
            settings.addAll(List.of("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum_naptime=10min", "max_wal_size=512MB"));
        } else {
            settings.add("max_wal_size=2GB");
        }
        settings.forEach(setting -> command.addAll(List.of("-c", setting)));
        return command;
    }

    /**
     * From now on speaks TLS too, with a certificate that signs itself and is made out to this address, and checks passwords as hosted servers do.
     *
     * @return the certificate
     */
    public Path speakTls() {
        var key = home.resolve("data/tls.key");
        var certificate = home.resolve("data/tls.crt");
        LocalProcess.runUnprivileged(List.of("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=postgres.invalid", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key.toString(), "-out", certificate.toString()), log());
        passwords.forEach((role, password) -> execute("SET password_encryption = 'scram-sha-256'", "ALTER ROLE " + quoted(role) + " PASSWORD '" + password + "'"));
        execute("ALTER SYSTEM SET password_encryption = 'scram-sha-256'", "ALTER SYSTEM SET ssl_cert_file = 'tls.crt'", "ALTER SYSTEM SET ssl_key_file = 'tls.key'", "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()");
        return certificate;
    }

    public int port() {
        return port;
    }

    /**
     * Creates a database owned by a login role that is no superuser, as a hosted database is. The role is made when missing, with a
     * random password and the memberships that Heroku grants its default credential.
     */
    public synchronized void createDatabase(String name, String owner) {
        if (passwords.putIfAbsent(owner, randomPassword()) == null) {
            execute("CREATE ROLE " + quoted(owner) + " LOGIN NOSUPERUSER PASSWORD '" + passwords.get(owner) + "'",
                    "GRANT pg_monitor, pg_read_all_stats, pg_signal_backend TO " + quoted(owner));
        }
        execute("CREATE DATABASE " + quoted(name) + " OWNER " + quoted(owner));
    }

    /** The same for a role whose password somebody else has chosen, and that may create databases: as the main user of a hosted server that was asked for by API. */
    public synchronized void createDatabase(String name, String owner, String password) {
        passwords.put(owner, password);
        execute("CREATE ROLE " + quoted(owner) + " LOGIN CREATEDB CREATEROLE PASSWORD '" + password + "'", "CREATE DATABASE " + quoted(name) + " OWNER " + quoted(owner));
    }

    /** Lets the role create databases, as the main user of a hosted target can and a rehearsal needs. */
    public void allowCreateDatabase(String role) {
        execute("ALTER ROLE " + quoted(role) + " CREATEDB");
    }

    /** The database's address as an app would be given it, password and all. */
    public String url(String database, String user) {
        return "postgres://" + user + ":" + passwords.get(user) + "@127.0.0.1:" + port + "/" + database;
    }

    String password(String user) {
        return passwords.get(user);
    }

    public Connection superuser(String database) throws SQLException {
        return connect(database, SUPERUSER);
    }

    public Connection connect(String database, String user) throws SQLException {
        var source = new PGSimpleDataSource();
        source.setServerNames(new String[] {"127.0.0.1"});
        source.setPortNumbers(new int[] {port});
        source.setDatabaseName(database);
        source.setUser(user);
        source.setPassword(passwords.get(user));
        source.setConnectTimeout(5);
        return source.getConnection();
    }

    /** Stops at once and in order, ending its sessions. */
    public void stop() {
        control("stop", "-m", "fast", "-w");
        process.waitFor();
    }

    private void control(String... command) {
        var line = new ArrayList<>(List.of(binaries.resolve("pg_ctl").toString(), "-D", data()));
        line.addAll(List.of(command));
        LocalProcess.runUnprivileged(line, log());
    }

    /** Stops and starts on the same port; after {@link #stop} or {@link #kill} it only starts. */
    public void restart() {
        if (process.isAlive()) {
            stop();
        }
        launch();
    }

    /** Restarts as a read-only standby that waits for a primary, as a follower is. */
    public void restartAsStandby() {
        stop();
        try {
            var signal = Files.createFile(home.resolve("data/standby.signal"));
            LocalProcess.giveToUnprivileged(signal);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        launch();
    }

    /** Ends the server as a crash does. */
    public void kill() {
        process.kill();
    }

    @Override
    public void close() {
        if (process != null && process.isAlive()) {
            try {
                // Unlike a killed server, this one removes its shared memory from the machine.
                control("stop", "-m", "immediate", "-W");
            } catch (IllegalStateException notToldYet) {
                System.err.println(notToldYet.getMessage());
            }
            process.stop(STOP_SECONDS);
        }
        try {
            Awaitility.await().atMost(Duration.ofMinutes(2)).pollDelay(Duration.ZERO).ignoreExceptions().until(() -> {
                PostgresBinaries.deleteTree(home);
                return !Files.exists(home);
            });
        } catch (ConditionTimeoutException e) {
            throw new IllegalStateException("cannot remove " + home, e);
        }
    }

    private void execute(String... statements) {
        try (var connection = superuser(SUPERUSER); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private String data() {
        return home.resolve("data").toString();
    }

    private Path log() {
        return home.resolve("log");
    }

    private String readLog() {
        try {
            return Files.readString(log());
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    private static String quoted(String identifier) {
        return "\"" + identifier.replace("\"", "\"\"") + "\"";
    }

    private static String randomPassword() {
        var bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
