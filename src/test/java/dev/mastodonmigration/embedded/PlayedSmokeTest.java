package dev.mastodonmigration.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Plays the small program that is run with the instance's own images before anything is frozen: connects to both databases, as they would, and only reads. */
final class PlayedSmokeTest {
    private static final int FAILED = 1;

    private PlayedSmokeTest() {}

    /** Ruby in the image of web and Sidekiq, node in the one of streaming. */
    static boolean plays(List<String> command) {
        return command.contains("ruby") || command.getFirst().equals("node");
    }

    static List<String> command(List<String> jvmOptions) {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), PlayedSmokeTest.class.getName()));
        return command;
    }

    public static void main(String... words) throws Exception {
        var report = Path.of(System.getenv().getOrDefault("SMOKE_TEST_REPORT", System.getenv("TERMINATION_LOG")));
        var environment = SiteEnvironment.ofEnvSecret(System.getenv());
        try (var postgres = environment.connect("smoke-test"); var redis = environment.connectRedis()) {
            postgres.setReadOnly(true);
            try (var rows = postgres.createStatement().executeQuery("SELECT count(*) FROM accounts")) {
                rows.next();
                redis.ping();
                Files.writeString(report, "read " + rows.getLong(1) + " accounts, and Redis answers");
            }
        } catch (Exception e) {
            Files.writeString(report, "the databases at " + environment + ": " + e.getMessage());
            System.exit(FAILED);
        }
    }
}
