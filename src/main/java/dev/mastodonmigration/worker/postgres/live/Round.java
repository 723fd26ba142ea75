package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Brings one tree from its position to the snapshot in which the source session stands: deletes all keys logged between the two and inserts what
 * exists of them in that snapshot. Doing it twice, or from a stale position, changes nothing: the position row is locked and compared. What it did stands once
 * the caller has committed it.
 */
final class Round {
    private static final int FEW_KEYS = 20_000;
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private final Connection source;
    private final Connection target;
    private final String snapshot;

    /**
     * Within the transactions of both sessions.
     *
     * @param source in a repeatable-read transaction, whose snapshot is given
     */
    Round(Connection source, Connection target, String snapshot) {
        this.source = source;
        this.target = target;
        this.snapshot = snapshot;
    }

    /** How a round ended. */
    enum End { APPLIED, EMPTIED, LEFT }

    /**
     * Brings one tree, if nobody has to be waited for.
     *
     * @return EMPTIED when a table was locked against all readers, which must not last; LEFT when something else of ours is at work there, or another worker has moved the position
     */
    End apply(Tree tree, String position) throws SQLException {
        var turn = LargeRows.any(source, tree);
        if (turn.isEmpty()) {
            return End.LEFT;
        }
        try (var large = turn.get()) {
            for (var store : tree.stores()) {
                Query.run(target, "LOCK TABLE " + tree.from(store) + " IN ROW EXCLUSIVE MODE NOWAIT");
            }
            var held = Query.list(target, "SELECT proving FROM mastodon_migration.live_tree WHERE id = ? AND position = ? FOR UPDATE", row -> row.getBoolean(1),
                    tree.id(), position);
            if (held.isEmpty()) {
                return End.LEFT;
            }
            var truncated = Query.strings(source, "SELECT DISTINCT member FROM " + tree.log() + " WHERE op = 't' AND " + Tree.since(position));
            var changes = 0L;
            for (var member : tree.holders()) {
                changes += truncated.contains(member.name()) ? whole(tree, member) : 0;
            }
            if (tree.holders().stream().allMatch(member -> truncated.contains(member.name()))) {
                Query.run(target, "TRUNCATE " + tree.touched());
            } else {
                changes += keys(tree, position, held.getFirst());
            }
            Query.update(target, "UPDATE mastodon_migration.live_tree SET position = ?, rounds = rounds + 1, changes = changes + ? WHERE id = ?", snapshot,
                    changes, tree.id());
            // What a constraint was to find at the end of all is found here, where it holds up one table.
            Query.run(target, "SET CONSTRAINTS ALL IMMEDIATE");
            return truncated.isEmpty() ? End.APPLIED : End.EMPTIED;
        } catch (SQLException e) {
            if (LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                return End.LEFT;
            }
            throw e;
        }
    }

    /** After a TRUNCATE, which no key tells of: all that the member has now. Its siblings, which may be large, keep what they have. */
    private long whole(Tree tree, Tree.Member member) throws SQLException {
        Query.run(target, "TRUNCATE ONLY " + member.name());
        var rows = Rows.copy(source, target, "ONLY " + member.name(), member, "");
        Query.update(target, "UPDATE mastodon_migration.live_range SET proved = false, token = token + 1, until = NULL WHERE tree = ? AND member = ?",
                tree.id(), member.name());
        return rows;
    }

    private long keys(Tree tree, String position, boolean proving) throws SQLException {
        Query.run(target, "DROP TABLE IF EXISTS pg_temp.round_keys", "CREATE TEMP TABLE round_keys (" + tree.logColumnsWithTypes() + ") ON COMMIT DROP");
        var keys = CopyPipe.rows(source, "COPY (" + tree.keysSince(position) + ") TO STDOUT", target, "COPY round_keys FROM STDIN");
        if (keys == 0) {
            return 0;
        }
        if (proving) {
            Query.run(target, "INSERT INTO " + tree.touched() + " (" + tree.logColumns() + ") SELECT * FROM round_keys");
        }
        Query.run(target, "ANALYZE round_keys");
        var few = keys < FEW_KEYS;
        plan(target, few);
        for (var store : tree.stores()) {
            Query.run(target, "DELETE FROM " + tree.from(store) + " t USING round_keys d WHERE " + tree.matches("t", "d"));
        }
        plan(source, few);
        for (var store : tree.stores()) {
            if (!store.columns().isEmpty()) {
                var columns = store.columns().stream().map(column -> "t." + column).toList();
                CopyPipe.rows(source, "COPY (SELECT " + String.join(", ", columns) + " FROM (" + tree.keysSince(position) + ") d JOIN " + tree.from(store)
                        + " t ON " + tree.matches("t", "d") + ") TO STDOUT " + store.format(), target, "COPY " + store.name() + " (" + store.list()
                        + ") FROM STDIN " + store.format());
            }
        }
        return keys;
    }

    /** A log has no statistics, so the planner would read a table of millions to find three rows. */
    private static void plan(Connection session, boolean few) throws SQLException {
        var value = few ? "off" : "on";
        Query.run(session, "SET LOCAL enable_hashjoin = " + value, "SET LOCAL enable_mergejoin = " + value);
    }
}
