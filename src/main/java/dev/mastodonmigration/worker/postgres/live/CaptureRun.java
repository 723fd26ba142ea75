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
    static void begin(Connection source) throws SQLException {
        Query.run(source, "UPDATE mastodon_migration.capture_run SET number = number + 1, id = gen_random_uuid()");
    }

    /** Where it was lost. */
    void resume(Connection source) throws SQLException {
        Query.update(source, "UPDATE mastodon_migration.capture_run SET number = ?, id = ?::uuid", number, id);
    }

    static CaptureRun now(Connection source) throws SQLException {
        return parse(Query.string(source, TEXT));
    }

    /** The one that the target's ledger began, as its identity tells. */
    static CaptureRun followedBy(Connection target) throws SQLException {
        return parse(Query.string(target, "SELECT identity FROM mastodon_migration.live"));
    }

    /** Whether another began after this one; otherwise the source has gone back to a time before this one began. */
    boolean isEndedBy(CaptureRun now) {
        return !equals(now) && now.number >= number;
    }

    private static CaptureRun parse(String identity) {
        var text = identity.substring(identity.lastIndexOf(' ') + 1);
        var dot = text.indexOf('.');
        return new CaptureRun(Long.parseLong(text.substring(0, dot)), text.substring(dot + 1));
    }
}
