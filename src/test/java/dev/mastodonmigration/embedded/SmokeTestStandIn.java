package dev.mastodonmigration.embedded;

import dev.mastodonmigration.mastodon.SmokeTestCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The smoke test's programs without Ruby and Node: it really connects with the environment that the pod gets, read-only, really compares {@code schema_migrations} with
 * those of "the image" (a tag that ends in -newer has one more, one that ends in -older one less), and really sends PING.
 */
final class SmokeTestStandIn {
    /** As resources/mastodon/seed.sql fills them. */
    private static final long FIRST = 20160220174730L;
    private static final int MIGRATIONS = 60;
    private static final String NEWER = "20991231235959";

    private SmokeTestStandIn() {}

    /** Recognised by its command. */
    static boolean plays(List<String> command) {
        return command.equals(SmokeTestCommand.instance()) || command.equals(SmokeTestCommand.streaming());
    }

    static List<String> command(List<String> jvmOptions, List<String> words, String image) {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), SmokeTestStandIn.class.getName(),
                words.equals(SmokeTestCommand.streaming()) ? "streaming" : "instance", image));
        return command;
    }

    public static void main(String... words) throws Exception {
        var found = words[0].equals("streaming") ? streaming(System.getenv()) : instance(System.getenv(), words[1]);
        Files.writeString(Path.of(System.getenv("TERMINATION_LOG")), found);
        System.out.println(found);
        System.exit(code(found));
    }

    private static int code(String found) {
        return found.contains("CANNOT") ? SmokeTestCommand.REFUSED : 0;
    }

    /** The same in a container of a machine. @return its exit code */
    static int run(MachineContainer container) {
        var environment = container.environment();
        String words;
        int code;
        try {
            words = container.command().equals(SmokeTestCommand.streaming()) ? streaming(environment) : instance(environment, container.image());
            code = code(words);
        } catch (SQLException | JedisException failed) {
            words = failed.getMessage();
            code = 1;
        }
        try {
            Files.writeString(Path.of(environment.get(SmokeTestCommand.REPORT)), words);
            return code;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String streaming(Map<String, String> variables) throws SQLException {
        var environment = SiteEnvironment.ofEnvSecret(variables);
        try (var postgres = readOnly(environment.connect("streaming")); var redis = environment.connectRedis()) {
            redis.ping();
            return "streaming connects to Postgres and Redis";
        }
    }

    private static String instance(Map<String, String> variables, String image) throws SQLException {
        var environment = SiteEnvironment.ofEnvSecret(variables);
        try (var postgres = readOnly(environment.connect("smoke-test")); var redis = environment.connectRedis()) {
            if ("true".equals(variables.get(SmokeTestCommand.BEFORE_THE_COPY)) && isEmpty(postgres)) {
                return "the database is empty until the freeze, so that its migrations and encrypted columns could not be looked at, Redis answers " + redis.ping();
            }
            var known = new TreeSet<String>();
            try (var rows = postgres.createStatement().executeQuery("SELECT version FROM schema_migrations")) {
                while (rows.next()) {
                    known.add(rows.getString(1));
                }
            }
            var ofImage = migrations(image);
            var pending = new TreeSet<>(ofImage);
            pending.removeAll(known);
            var unknown = new TreeSet<>(known);
            unknown.removeAll(ofImage);
            if (!pending.isEmpty()) {
                return "CANNOT serve: the image is newer than the source: migrations that have not run on the database: " + String.join(", ", pending);
            }
            if (!unknown.isEmpty()) {
                return "CANNOT serve: the source is newer than the image, or a fork: migrations of the database that the image lacks: " + String.join(", ", unknown);
            }
            return "no migration is pending (" + known.size() + " have run), Redis answers " + redis.ping();
        }
    }

    private static boolean isEmpty(Connection postgres) throws SQLException {
        try (var rows = postgres.createStatement().executeQuery("SELECT to_regclass('schema_migrations') IS NULL")) {
            rows.next();
            return rows.getBoolean(1);
        }
    }

    private static TreeSet<String> migrations(String image) {
        var all = LongStream.rangeClosed(1, image.endsWith("-older") ? MIGRATIONS - 1 : MIGRATIONS).mapToObj(n -> String.valueOf(FIRST + n)).collect(Collectors.toCollection(TreeSet::new));
        if (image.endsWith("-newer")) {
            all.add(NEWER);
        }
        return all;
    }

    private static Connection readOnly(Connection connection) throws SQLException {
        connection.setReadOnly(true);
        return connection;
    }
}
