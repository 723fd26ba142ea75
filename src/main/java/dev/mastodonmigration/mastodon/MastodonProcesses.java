package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The processes of an instance as its images run them, wherever that is (docker-compose.yml, Dockerfile). */
public final class MastodonProcesses {
    /** uid and gid of the user {@code mastodon} in the images. */
    public static final long USER = 991L;
    /** Mastodon writes its pid, its cache and Sidekiq's readiness file here; the user owns it. */
    public static final String TMP = "/opt/mastodon/tmp";
    public static final int WEB_PORT = 3000;
    /** Answers without a look at Host, X-Forwarded-Proto or the databases (config/initializers/1_hosts.rb, config/environments/production.rb). */
    public static final String WEB_HEALTH = "/health";
    public static final int STREAMING_PORT = 4000;
    public static final String STREAMING_HEALTH = "/api/v1/streaming/health";
    public static final int SIDEKIQ_CONCURRENCY = 5;
    /** In {@link #TMP}, once Sidekiq takes jobs. */
    public static final String SIDEKIQ_READY_FILE = "sidekiq_process_has_started_and_will_begin_processing_jobs";
    private static final Set<String> LIBPQ_WITHOUT_TLS_PROMISE = Set.of("allow", "prefer");

    private MastodonProcesses() {}

    public static List<String> web() {
        return List.of("bundle", "exec", "puma", "-C", "config/puma.rb");
    }

    public static List<String> streaming() {
        return List.of("node", "./streaming/index.js");
    }

    /** Before 4.3 it was the same. */
    public static String streamingImage(Instance instance) {
        return Optional.ofNullable(instance.streamingImage()).orElse(instance.image());
    }

    /** What streaming has otherwise than the others. Says to Node what DB_SSLMODE says to libpq: require is TLS without verification, prefer and allow promise none (streaming/database.js). */
    public static Map<String, String> streamingEnvironment(Map<String, String> environment) {
        return Optional.ofNullable(environment.get("DB_SSLMODE"))
                .map(mode -> mode.equals("require") ? "no-verify" : LIBPQ_WITHOUT_TLS_PROMISE.contains(mode) ? "disable" : mode)
                .map(mode -> Map.of("DB_SSLMODE", mode)).orElse(Map.of());
    }

    /** @param queues optionally weighted as in "default,8" */
    public static List<String> sidekiq(List<String> queues, int concurrency) {
        var command = new ArrayList<>(List.of("bundle", "exec", "sidekiq", "-c", String.valueOf(concurrency)));
        queues.forEach(queue -> command.addAll(List.of("-q", queue)));
        return List.copyOf(command);
    }

    /** A connection for each thread, and the readiness file, whose name Mastodon 4.4 and later read from the environment. */
    public static Map<String, String> sidekiqEnvironment(int concurrency) {
        return Map.of("DB_POOL", String.valueOf(concurrency), "MASTODON_SIDEKIQ_READY_FILENAME", SIDEKIQ_READY_FILE);
    }

    /** Two processes that do would publish and delete twice. */
    public static boolean serveScheduler(List<String> queues) {
        return queues.stream().anyMatch(queue -> queue.equals("scheduler") || queue.startsWith("scheduler,"));
    }

    /** Builds every active user's home and list feeds from the database (docs.joinmastodon.org/admin/tootctl, feeds build). */
    public static List<String> feeds() {
        return List.of("tootctl", "feeds", "build", "--all");
    }

    /** Makes the search index and fills it from the database (docs.joinmastodon.org/admin/tootctl, search deploy). */
    public static List<String> search() {
        return List.of("tootctl", "search", "deploy");
    }

    /** Whether it has a search index at all (config/initializers/chewy.rb). */
    public static boolean searches(Map<String, String> environment) {
        return "true".equals(environment.get("ES_ENABLED"));
    }
}
