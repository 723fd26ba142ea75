package dev.mastodonmigration.mastodon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What proves, before anything is frozen, that the instance's own images can serve from the target: they are run with a small program instead of their server.
 * It reads only, starts no Sidekiq, and neither mails nor federates.
 */
public final class SmokeTestCommand {
    /** A certain no, which trying again cannot change; any other failure may pass. */
    public static final int REFUSED = 64;
    /** Names the file that the program writes its words to. */
    public static final String REPORT = "SMOKE_TEST_REPORT";
    /** Set to true where the database is copied inside the freeze: an empty one is then no fault, and only what does not need its content is looked at. */
    public static final String BEFORE_THE_COPY = "SMOKE_TEST_BEFORE_THE_COPY";

    private SmokeTestCommand() {}

    /** Of the image of web and Sidekiq: pending migrations, Redis, one encrypted value. */
    public static List<String> instance() {
        return List.of("bundle", "exec", "ruby", "-e", program("smoke-test.rb"));
    }

    /** Of the streaming image: it connects to both databases. */
    public static List<String> streaming() {
        return List.of("node", "--input-type=module", "-e", program("smoke-test.mjs"));
    }

    /** What both need beside the instance's environment. Both libpq and node-postgres read PGOPTIONS. */
    public static SortedMap<String, String> environment(String reportFile) {
        var environment = new TreeMap<String, String>();
        environment.put(REPORT, reportFile);
        environment.put("PGOPTIONS", "-c default_transaction_read_only=on");
        environment.put("CACHE_REDIS_URL", "redis://127.0.0.1:1");
        environment.put("SMTP_DELIVERY_METHOD", "test");
        environment.put("ES_ENABLED", "false");
        environment.put("OTEL_SDK_DISABLED", "true");
        environment.put("MASTODON_PROMETHEUS_EXPORTER_ENABLED", "false");
        return environment;
    }

    private static String program(String file) {
        try (var in = SmokeTestCommand.class.getResourceAsStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
