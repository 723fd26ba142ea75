package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Who follows the source, noted there: a leader that stopped between reading its target's positions and pruning behind them must not go on when another leads, on a target that perhaps has
 * not got so far.
 */
record Follower(String id) {
    static final String TABLE = "CREATE TABLE IF NOT EXISTS mastodon_migration.follower (single boolean PRIMARY KEY DEFAULT true CHECK (single), id uuid NOT NULL)";

    /** From now on nobody who came before prunes; waits for one who is about to. Before the first reading. */
    static Follower become(Connection source) throws SQLException {
        return new Follower(Query.string(source, "INSERT INTO mastodon_migration.follower (id) VALUES (gen_random_uuid()) ON CONFLICT (single) DO UPDATE SET id = excluded.id RETURNING id::text"));
    }

    /** Holds off who would come next, until the transaction ends. */
    void requireCurrent(Connection source) throws SQLException {
        if (Query.list(source, "SELECT 1 FROM mastodon_migration.follower WHERE id = ?::uuid FOR SHARE", row -> row.getInt(1), id).isEmpty()) {
            throw new SQLException("another worker follows this database by now");
        }
    }
}
