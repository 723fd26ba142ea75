package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A row of ours on the source, durably committed there after something was read and before anything is concluded from it.
 *
 * <p>Its commit takes everything to the source's disk that the reading saw, rolled back transactions too: after a crash of the source no number that the reading counts as seen is given
 * out again. The target keeps the watermark of its positions, in the same transaction. As long as the source has that very row, its history is the one that was read: after a failover to
 * a standby that lagged behind it is missing. And because older watermarks are forgotten together with the log that lies behind the positions, it is also missing for a target that went
 * back to an earlier state. It asks nothing of the server but a table, so it holds on servers that do not tell who they are.
 *
 * @param number rises with each; a server that lost some gives numbers out again
 * @param nonce  tells two of the same number apart
 */
record Watermark(long number, String nonce) {
    static final String TABLE = "CREATE TABLE IF NOT EXISTS mastodon_migration.watermark (number bigserial PRIMARY KEY, nonce uuid NOT NULL DEFAULT gen_random_uuid())";

    /** Writes the next one; what the session read before counts once this is committed. */
    static Watermark write(Connection source) throws SQLException {
        return Query.one(source, "INSERT INTO mastodon_migration.watermark DEFAULT VALUES RETURNING number, nonce::text", row -> new Watermark(row.getLong(1), row.getString(2)));
    }

    /** Whether the source's history, as the session sees it, still has it. */
    boolean isOn(Connection source) throws SQLException {
        return Query.isTrue(source, "SELECT EXISTS (SELECT FROM mastodon_migration.watermark WHERE number = ? AND nonce = ?::uuid)", number, nonce);
    }

    /** Whether the source has forgotten it, because a target had got further. */
    boolean isForgottenOn(Connection source) throws SQLException {
        return Query.isTrue(source, "SELECT coalesce(min(number) > ?, false) FROM mastodon_migration.watermark", number);
    }

    /** In the transaction that prunes the logs behind the positions that this one is of: a target that has an older one then knows that it lacks something. */
    void forgetOlder(Connection source) throws SQLException {
        Query.update(source, "DELETE FROM mastodon_migration.watermark WHERE number < ?", number);
    }
}
