package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The queue that all workers share. A claim has a token and an end; whoever claims again after the end takes the next token and ends the session that
 * had it, so that a worker which slept past its claim cannot land what it holds.
 */
final class WorkQueue {
    static final Duration VALID = Duration.ofSeconds(20);

    /** Which kind of work: the table it is listed in, and what must hold before it may begin. */
    enum Kind {
        DEFINITION("live_definition", "sql, phase, NULL, NULL, NULL", """
                NOT q.done AND q.phase IN ('KEY', 'PLAIN', 'UNIQUE', 'ANALYZE')
                  AND NOT EXISTS (SELECT FROM mastodon_migration.live_range r WHERE r.tree = q.tree AND NOT r.landed)
                  AND (q.phase <> 'UNIQUE' OR (SELECT rounds > 0 FROM mastodon_migration.live_tree t WHERE t.id = q.tree))
                  AND (q.phase <> 'ANALYZE' OR NOT EXISTS (SELECT FROM mastodon_migration.live_definition d WHERE d.tree = q.tree AND NOT d.done
                    AND d.phase <> 'ANALYZE'))""",
                "array_position(ARRAY['KEY', 'PLAIN', 'UNIQUE', 'ANALYZE'], q.phase), q.bytes DESC, q.id"),
        RANGE("live_range", "member, NULL, lower, upper, by", "NOT q.landed", "q.bytes DESC, q.id"),
        PROOF("live_range", "member, NULL, lower, upper, by", """
                q.landed AND NOT q.proved AND (SELECT proving FROM mastodon_migration.live_tree t WHERE t.id = q.tree)
                  AND (q.lower IS NULL OR EXISTS (SELECT FROM mastodon_migration.live_range f WHERE f.tree = q.tree AND f.member = q.member AND f.lower IS NULL AND f.proved))""",
                "q.bytes DESC, q.id");

        private final String table;
        private final String columns;
        private final String condition;
        private final String order;

        Kind(String table, String columns, String condition, String order) {
            this.table = table;
            this.columns = columns;
            this.condition = condition;
            this.order = order;
        }

        String table() {
            return "mastodon_migration." + table;
        }
    }

    /**
     * A piece of work.
     *
     * @param subject member of a range, or the definition's SQL
     * @param by      the key's column of a range
     */
    record Claim(Kind kind, long id, long token, int tree, String subject, String phase, String by, String lower, String upper, long bytes) {}

    /** Of a session {@code a}: one that lives by another claim is spared. */
    private static final String IS_OURS_WITHOUT_A_CLAIM = "a.datname = current_database() AND a.application_name LIKE 'mastodon-migration%'"
            + " AND NOT EXISTS (SELECT FROM mastodon_migration.live_range WHERE backend = a.pid AND until > clock_timestamp())"
            + " AND NOT EXISTS (SELECT FROM mastodon_migration.live_definition WHERE backend = a.pid AND until > clock_timestamp())";

    private final Duration valid;
    /** And on which target: one that took its place has the same rows. */
    private final Map<Claim, String> held = new ConcurrentHashMap<>();

    WorkQueue(Duration valid) {
        this.valid = valid;
    }

    Optional<Claim> next(Connection target, Kind kind) throws SQLException {
        var found = Query.list(target, """
                WITH picked AS (
                  SELECT q.id, q.backend, q.token FROM %1$s q WHERE (q.until IS NULL OR q.until < clock_timestamp()) AND %2$s
                  ORDER BY %3$s LIMIT 1 FOR UPDATE SKIP LOCKED)
                UPDATE %1$s q SET token = q.token + 1, backend = pg_backend_pid(), until = clock_timestamp() + ? * interval '1 ms'
                FROM picked WHERE q.id = picked.id RETURNING q.id, q.token, q.tree, q.bytes, coalesce(picked.backend, 0), %4$s, %5$s
                """.formatted(kind.table(), kind.condition, kind.order, kind.columns, LiveSessions.PLACE), row -> new Object[] {new Claim(kind, row.getLong(1), row.getLong(2),
                row.getInt(3), row.getString(6), row.getString(7), row.getString(10), row.getString(8), row.getString(9), row.getLong(4)), row.getInt(5), row.getString(11)}, valid.toMillis());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        var claim = (Claim) found.getFirst()[0];
        endPredecessor(target, (int) found.getFirst()[1]);
        held.put(claim, (String) found.getFirst()[2]);
        return Optional.of(claim);
    }

    /**
     * Ends the sessions whose claims are over. One that sleeps between its last statement and its commit holds the lock of its claim's row, so that nobody
     * could claim it again and end it then.
     */
    static void endOverdue(Connection target) throws SQLException {
        for (var queue : Map.of(Kind.RANGE.table(), "landed", Kind.DEFINITION.table(), "done").entrySet()) {
            Query.list(target, "SELECT pg_terminate_backend(a.pid) FROM " + queue.getKey() + " q JOIN pg_stat_activity a ON a.pid = q.backend WHERE NOT q." + queue.getValue()
                    + " AND q.until < clock_timestamp() AND a.backend_start < q.until AND a.pid <> pg_backend_pid() AND a.state = 'idle in transaction' AND " + IS_OURS_WITHOUT_A_CLAIM,
                    row -> row.getBoolean(1));
        }
    }

    private static void endPredecessor(Connection target, int backend) throws SQLException {
        Query.list(target, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity a WHERE pid = ? AND pid <> pg_backend_pid() AND " + IS_OURS_WITHOUT_A_CLAIM,
                row -> row.getBoolean(1), backend);
    }

    /** Ticks the claim's work off, in the transaction that did it; false when someone else has claimed it since. */
    boolean finish(Connection target, Claim claim, String what, Object... arguments) throws SQLException {
        var all = new java.util.ArrayList<>(List.of(arguments));
        all.add(claim.id());
        all.add(claim.token());
        return Query.update(target, "UPDATE " + claim.kind().table() + " SET " + what + ", until = NULL, backend = NULL WHERE id = ? AND token = ?",
                all.toArray()) == 1;
    }

    /** Forgets the claim here; if it is not finished, it can be claimed again once its time is up. */
    void drop(Claim claim) {
        held.remove(claim);
    }

    /** Gives the claim back, to be taken up again after a pause. */
    void release(Connection target, Claim claim, Duration pause) throws SQLException {
        held.remove(claim);
        Query.update(target, "UPDATE " + claim.kind().table() + " SET until = clock_timestamp() + ? * interval '1 ms', backend = NULL WHERE id = ? AND token = ?",
                pause.toMillis(), claim.id(), claim.token());
    }

    /** Prolongs what this worker holds on that target; called well within the validity. What is locked is being finished or taken away, and not waited for. */
    void renew(Connection target) throws SQLException {
        var place = Query.string(target, "SELECT " + LiveSessions.PLACE);
        for (var claim : held.entrySet().stream().filter(one -> one.getValue().equals(place)).map(Map.Entry::getKey).toList()) {
            Query.update(target, "UPDATE " + claim.kind().table() + " SET until = clock_timestamp() + ? * interval '1 ms' WHERE id = (SELECT id FROM "
                    + claim.kind().table() + " WHERE id = ? AND token = ? AND until IS NOT NULL FOR UPDATE SKIP LOCKED)", valid.toMillis(), claim.id(), claim.token());
        }
    }

    Duration valid() {
        return valid;
    }
}
