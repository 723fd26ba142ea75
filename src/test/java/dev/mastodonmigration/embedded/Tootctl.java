package dev.mastodonmigration.embedded;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Mastodon's own tool, as far as a migration calls it: {@code tootctl feeds build --all} fills the home feeds from the database, while users go on. */
final class Tootctl {
    static final String NAME = "tootctl";

    private Tootctl() {}

    static List<String> command(List<String> jvmOptions, List<String> words) {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), Tootctl.class.getName()));
        command.addAll(words.subList(1, words.size()));
        return command;
    }

    public static void main(String... words) throws Exception {
        if (!List.of(words).equals(List.of("feeds", "build", "--all"))) {
            throw new IllegalArgumentException("not played here: tootctl " + String.join(" ", words));
        }
        var environment = SiteEnvironment.ofEnvSecret(System.getenv());
        try (var postgres = environment.connect(NAME); var redis = environment.connectRedis(); var all = postgres.createStatement();
                var still = postgres.prepareStatement("SELECT 1 FROM statuses WHERE id = ?")) {
            var built = 0;
            try (var rows = all.executeQuery("SELECT id, account_id, uri FROM statuses WHERE uri LIKE '" + LiveTables.URI_PREFIX + "%'")) {
                while (rows.next()) {
                    var feed = UserClient.feed(rows.getLong("account_id"));
                    redis.zadd(feed, Map.of(rows.getString("uri"), (double) rows.getLong("id")));
                    still.setLong(1, rows.getLong("id"));
                    // Deleted meanwhile by its author, who may have looked into the feed before it was put there.
                    if (!still.executeQuery().next()) {
                        redis.zrem(feed, rows.getString("uri"));
                    }
                    built++;
                }
            }
            System.out.println("OK, " + built + " statuses in home feeds");
        }
    }
}
