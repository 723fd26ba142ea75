package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Side;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.stream.Collectors;

/**
 * Whether a key's index leads to every row. Ranges are read, and changed rows are found, through it, on both sides alike: what it hides would be missing on the
 * target and called equal.
 */
final class KeyIndex {
    private KeyIndex() {}

    /**
     * Counts a member's rows by its pages and by its key, in one snapshot of the source.
     *
     * @throws Refusal when they are not as many
     */
    static void requireWhole(Connection source, Side side, Tree tree, Tree.Member member) throws SQLException, Refusal {
        LiveSessions.snapshot(source);
        try {
            var counting = "SELECT count(*) FROM ONLY " + member.name();
            Query.run(source, "SET LOCAL enable_indexscan = off", "SET LOCAL enable_indexonlyscan = off", "SET LOCAL enable_bitmapscan = off");
            var rows = Query.number(source, counting);
            Query.run(source, "SET LOCAL enable_indexscan = on", "SET LOCAL enable_indexonlyscan = on", "SET LOCAL enable_seqscan = off");
            var led = Query.number(source, counting + " WHERE " + tree.key().stream().map(key -> key.column() + " IS NOT NULL").collect(Collectors.joining(" AND ")));
            if (rows != led) {
                throw new Refusal("Table " + member.name() + " of the " + side + " holds " + rows + " rows, and the index of its key (" + tree.keyColumns() + ") leads to " + led
                        + ": it is corrupt, and what it hides would be lost. Run REINDEX TABLE CONCURRENTLY " + member.name() + " on the " + side + "; where that finds duplicates, remove them first.");
            }
        } finally {
            if (!source.isClosed()) {
                LiveSessions.end(source);
            }
        }
    }
}
