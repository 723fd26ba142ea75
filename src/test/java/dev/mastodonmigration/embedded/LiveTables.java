package dev.mastodonmigration.embedded;

import java.sql.Connection;
import java.sql.SQLException;

/** Where the live instance writes: names that its users, its Sidekiq and the ledger's judge share. */
final class LiveTables {
    static final String STATUSES = "statuses";
    static final String FAVOURITES = "favourites";
    static final String MENTIONS = "mentions";
    static final String STATUSES_TAGS = "statuses_tags";
    static final String FOLLOWS = "follows";
    /** The effect of each executed job: a table that a fork added. */
    static final String DELIVERIES = "deliveries";
    /** Tells live posts from seeded ones. */
    static final String URI_PREFIX = "https://example.social/live/";

    private LiveTables() {}

    static void create(Connection owner) throws SQLException {
        try (var statement = owner.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS deliveries (jid varchar PRIMARY KEY, what text NOT NULL, executions integer NOT NULL DEFAULT 1, "
                    + "delivered_at timestamp NOT NULL DEFAULT now())");
        }
    }
}
