package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;

/** What all workers together have done, read from the ledger, in the words of {@code GET /progress}. */
final class LiveProgress {
    /** Everything is copied, indexed and proved; changes of the meantime are brought over. */
    static final String APPLYING = "applying";
    /** As {@link #APPLYING}, and rows are compared range by range; what follows it says why it is done again. */
    static final String PROVING = "proving";
    private static final String COPYING = "copying";
    private static final String INDEXING = "building indexes";

    private static final String READING = """
            SELECT l.stage, l.draining, coalesce(r.done, 0) AS done, coalesce(r.rows, 0) AS rows, coalesce(r.bytes, 0) AS bytes, coalesce(r.members_done, 0) AS members_done,
              coalesce(r.members, 0) AS members, coalesce(r.unproved, 0) AS unproved, coalesce(r.proved_part, 0) AS proved_part, l.lag_changes, coalesce(extract(epoch FROM clock_timestamp() - l.applied_at), 0)::bigint AS lag_seconds,
              l.in_sync AND clock_timestamp() - l.applied_at < interval '1 s' AS in_sync,
              CASE WHEN NOT l.in_sync THEN coalesce(l.gap, '') ELSE '' END AS gap,
              (coalesce(r.done, 0) / greatest(extract(epoch FROM clock_timestamp() - l.planned_at), 0.001))::bigint AS rate
            FROM mastodon_migration.live l, (SELECT sum(bytes) FILTER (WHERE landed) AS done, sum(rows) AS rows, sum(bytes) AS bytes, count(DISTINCT member) AS members,
              count(DISTINCT member) - count(DISTINCT member) FILTER (WHERE NOT landed) AS members_done,
              count(*) FILTER (WHERE NOT proved) AS unproved, coalesce(sum(bytes) FILTER (WHERE proved), 0) / greatest(sum(bytes), 1)::float8 AS proved_part FROM mastodon_migration.live_range) r""";

    private LiveProgress() {}

    /**
     * While rows are copied: the rate since the copy began, in bytes of the source's tables, and the time left of copying, without indexes. While they are
     * proved: as many tables as the bytes that are proved make of all.
     */
    static Progress.Reading read(Connection target) throws SQLException {
        return Query.one(target, READING, row -> {
            var done = row.getLong("done");
            var left = row.getLong("bytes") - done;
            var rate = left > 0 ? row.getLong("rate") : 0;
            var words = words(row, left > 0);
            var tables = words.startsWith(PROVING) ? (long) (row.getLong("members") * Math.min(row.getDouble("proved_part"), 0.999)) : row.getLong("members_done");
            return new Progress.Reading(words, done, done + left, tables, row.getLong("members"), rate,
                    rate == 0 ? -1 : Math.ceilDiv(left, rate), row.getLong("lag_changes"), row.getLong("lag_seconds"), row.getBoolean("in_sync"), row.getLong("rows"), "");
        });
    }

    private static String words(ResultSet row, boolean copying) throws SQLException {
        return switch (Ledger.Stage.valueOf(row.getString("stage"))) {
            case COPYING -> copying ? COPYING : INDEXING;
            case APPLYING -> row.getBoolean("draining") ? "draining" : row.getBoolean("in_sync") ? "in sync"
                    : !row.getString("gap").isEmpty() ? PROVING + " everything again: " + row.getString("gap") : row.getLong("unproved") > 0 ? PROVING : APPLYING;
            case DRAINED -> "drained";
            case REFUSED -> "refused";
        };
    }
}
