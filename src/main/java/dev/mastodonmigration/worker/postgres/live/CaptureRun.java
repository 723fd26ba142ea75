package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * One ledger's following of a capture, from its base on. The log has one consumer, for which it is pruned: each that begins to follow begins a run, which is part of the
 * {@link SourceIdentity}, so that whoever followed until then sees it in its next reading and follows no further. What it had read before, it may still prune, because the new one's base is
 * later.
 *
 * @param number rises with each
 */
record CaptureRun(long number, String id) {
    static final String TABLE = "CREATE TABLE IF NOT EXISTS mastodon_migration.capture_run (single boolean PRIMARY KEY DEFAULT true CHECK (single), number bigint NOT NULL DEFAULT 1, id uuid NOT NULL)";
    static final String FIRST = "INSERT INTO mastodon_migration.capture_run (id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING";
    /** As an identity ends. */
    static final String TEXT = "SELECT concat(number, '.', id) FROM mastodon_migration.capture_run";

    /** Before a base is taken. */
    static CaptureRun begin(Connection source) throws SQLException {
        return in(Query.string(source, "UPDATE mastodon_migration.capture_run SET number = number + 1, id = gen_random_uuid() RETURNING concat(number, '.', id)"));
    }

    /** @throws SQLException when another began before that base was taken */
    void requireOf(Horizon.Base base) throws SQLException {
        if (!equals(in(base.identity()))) {
            throw new SQLException("another copy began to follow the same changes at the same moment");
        }
    }

    /** Where it was lost. */
    void resume(Connection source) throws SQLException {
        Query.update(source, "UPDATE mastodon_migration.capture_run SET number = ?, id = ?::uuid", number, id);
    }

    static CaptureRun now(Connection source) throws SQLException {
        return in(Query.string(source, TEXT));
    }

    /** The one that the target's ledger began. */
    static CaptureRun followedBy(Connection target) throws SQLException {
        return in(Query.string(target, "SELECT run FROM mastodon_migration.live"));
    }

    /** @param identity a {@link SourceIdentity}, of which it is the last word */
    static CaptureRun in(String identity) {
        var text = identity.substring(identity.lastIndexOf(' ') + 1);
        var dot = text.indexOf('.');
        return new CaptureRun(Long.parseLong(text.substring(0, dot)), text.substring(dot + 1));
    }

    String text() {
        return number + "." + id;
    }

    /** Whether another began after this one; otherwise the source has gone back to a time before this one began. */
    boolean isEndedBy(CaptureRun now) {
        return !equals(now) && now.number >= number;
    }
}
