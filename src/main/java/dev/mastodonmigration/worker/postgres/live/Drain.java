package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.postgres.Extensions;
import dev.mastodonmigration.worker.postgres.ForeignKeys;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Sequences;
import dev.mastodonmigration.worker.postgres.SuspendedEffects;
import dev.mastodonmigration.worker.postgres.TableSum;
import dev.mastodonmigration.worker.postgres.Transaction;
import dev.mastodonmigration.worker.postgres.WriteGate;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** The last of it, while the source is closed: last rounds, what was touched since its proof, sequences, keyless tables, triggers and foreign keys. */
final class Drain {
    /** Values that an app may have taken in transactions that nobody sees any more. */
    private static final int SEQUENCE_MARGIN = 1000;
    private static final int NAMED = 10;
    private static final int LOOKS = 3;
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(10);

    private final WorkerContext context;
    private final LiveSessions sessions;
    private final List<Tree> trees;
    private final Map<String, String> catalog;

    Drain(WorkerContext context, LiveSessions sessions, List<Tree> trees, Map<String, String> catalog) {
        this.context = context;
        this.sessions = sessions;
        this.trees = trees;
        this.catalog = catalog;
    }

    /** Brings the target to the source's last state. */
    @FunctionalInterface
    interface Reading {
        Rounds.Lag bring() throws SQLException, Refusal;
    }

    /** Everything was proved once; what is left is what the last seconds touched. */
    boolean isPossible() throws SQLException {
        return Ledger.isProved(sessions.target());
    }

    WorkerReport run(Reading reading) throws SQLException, Refusal {
        var begun = System.nanoTime();
        var source = sessions.source();
        var target = sessions.target();
        WriteGate.requireUp(source, sessions.direction().read());
        stage("draining");
        var applied = 0L;
        Rounds.Lag lag;
        do {
            lag = reading.bring();
            applied += lag.changes();
            if (lag.changes() == 0 && !lag.isWhole()) {
                LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
            }
            if (!isPossible()) {
                // One of these rounds met a gap, or a table emptied just before the source was closed.
                throw new SQLException("not everything is proved any more; it is proved again before the " + sessions.direction().written() + " can be opened");
            }
        } while (lag.changes() > 0 || !lag.isWhole());
        SourceGuard.requireUnchanged(source, sessions.direction(), catalog);
        requireNoGap(source, target);
        // What a crash there takes back of these steps is done again; the last commit waits for all of them.
        Query.run(target, "SET synchronous_commit = off");
        var differences = provedTouched(source, target);
        var keyless = trees.stream().filter(tree -> !tree.hasKey()).flatMap(tree -> tree.holders().stream()).toList();
        var rows = Query.number(target, "SELECT coalesce(sum(rows), 0) FROM mastodon_migration.live_range");
        if (differences.isEmpty()) {
            Sequences.copyAhead(source, target, SEQUENCE_MARGIN);
            rows += finish(source, target, keyless, differences);
            if (!Ledger.isAdopted(target)) {
                Extensions.rehome(source, target, Marker.ours(target, sessions.direction().written(), context).keptSchemas());
            }
            differences.addAll(SourceGuard.differences(target, sessions.direction().written(), catalog));
        }
        WriteGate.requireUp(source, sessions.direction().read());
        differences.addAll(Sequences.differences(source, sessions.direction().read(), target, sessions.direction().written()));
        var milliseconds = (System.nanoTime() - begun) / 1_000_000;
        var figures = Map.of(Figure.TABLES, trees.stream().mapToLong(tree -> tree.members().size()).sum(), Figure.ROWS, rows, Figure.DIFFERENCES,
                (long) differences.size(), Figure.DRAIN_MILLISECONDS, milliseconds, Figure.REFUSED_WRITES, WriteGate.refusedWrites(source));
        var notes = new ArrayList<>(Repairs.told(target));
        Ledger.gap(target).ifPresent(gap -> notes.add("while the " + sessions.direction().read() + " was followed, " + gap + "; all rows were proved again and the " + sessions.direction().written() + " was repaired"));
        var report = report(differences, figures, applied, notes);
        Query.run(target, "SET synchronous_commit = on");
        Transaction.in(target, () -> {
            if (differences.isEmpty()) {
                Marker.update(target, context, sessions.direction().whenDrained(), Optional.empty());
            }
            Ledger.finish(target, differences.isEmpty() ? Ledger.Stage.DRAINED : Ledger.Stage.REFUSED, report);
        });
        stage("drained");
        return report;
    }

    private WorkerReport report(List<String> differences, Map<String, Long> figures, long applied, List<String> notes) {
        return differences.isEmpty()
                ? WorkerReport.succeeded("The " + sessions.direction().written() + " has reached the " + sessions.direction().read() + ": " + figures.get(Figure.TABLES) + " tables, " + figures.get(Figure.ROWS)
                        + " rows. Draining brought " + applied + " changes and took " + figures.get(Figure.DRAIN_MILLISECONDS) + " ms.", figures, notes)
                : new WorkerReport(WorkerReport.Outcome.REFUSED, "Source and target differ in " + differences.size() + " places: " + String.join("; ",
                        differences.subList(0, Math.min(NAMED, differences.size()))) + ". The " + sessions.direction().written() + " was not opened.", figures, notes);
    }

    private void stage(String words) {
        context.progress().update(now -> now.withStage(words));
    }

    private void requireNoGap(Connection source, Connection target) throws SQLException {
        if (!Gaps.isWhole(source, target)) {
            throw new SQLException("changes of the " + sessions.direction().read() + " went by unlogged; everything is proved again before the " + sessions.direction().written() + " can be opened");
        }
    }

    private List<String> provedTouched(Connection source, Connection target) throws SQLException {
        var differences = new ArrayList<String>();
        var touched = Ledger.touched(target, trees, 1).keySet();
        for (var tree : trees.stream().filter(tree -> touched.contains(tree.id())).toList()) {
            var equal = true;
            while (equal && Query.isTrue(target, "SELECT EXISTS (SELECT FROM " + tree.touched() + ")")) {
                var proof = new Proof(source, target, tree);
                var result = proof.touched();
                for (var again = 0; !result.isConclusive() && result.differing().isEmpty() && again < LOOKS; again++) {
                    result = proof.touched();
                }
                if (!result.isConclusive() && result.differing().isEmpty()) {
                    throw new SQLException("the last changes of table " + tree.root() + " could not be compared; they are compared again before the " + sessions.direction().written() + " can be opened");
                }
                equal = result.isEqual();
                if (!equal) {
                    differences.add("table " + tree.root() + " differs in " + result.differing().size() + " rows that changed last, "
                            + Repairs.named(tree, result.differing()));
                }
            }
        }
        return differences;
    }

    /**
     * All or nothing, once, and only while this load is the one; answers the rows of the keyless tables. Whoever comes after a worker that was killed
     * right after this finds it done: the source is closed, so nothing of it can have changed.
     */
    private long finish(Connection source, Connection target, List<Tree.Member> keyless, List<String> differences) throws SQLException, Refusal {
        var rows = new long[1];
        var done = Query.list(target, "SELECT finished_rows FROM mastodon_migration.live WHERE finished_rows IS NOT NULL", row -> row.getLong(1));
        if (!done.isEmpty()) {
            return done.getFirst();
        }
        // A live schema has readers, and TRUNCATE would wait for each.
        var empty = Ledger.isAdopted(target) ? "DELETE FROM ONLY " : "TRUNCATE ONLY ";
        Transaction.in(target, () -> {
            Ledger.requireHeld(sessions);
            for (var member : keyless) {
                Query.run(target, empty + member.name());
                Rows.copy(source, target, "ONLY " + member.name(), member, "");
                var there = sum(source, member);
                rows[0] += there.rows();
                if (!there.equals(sum(target, member))) {
                    differences.add("table " + member.name() + " differs; it has no key to name rows by");
                }
            }
            for (var phase : List.of(Definition.Phase.KEYLESS, Definition.Phase.FINAL)) {
                define(target, Ledger.definitions(target, phase));
            }
            SuspendedEffects.bringBack(target);
            // Never of what differs: whoever comes next must not take it for proved.
            if (differences.isEmpty()) {
                Query.update(target, "UPDATE mastodon_migration.live SET finished_rows = ?", rows[0]);
            }
        });
        return rows[0];
    }

    /** Keys of partitioned tables look at the rows at once. In one message: each round trip would count once a key. */
    private static void define(Connection target, List<String> definitions) throws SQLException, Refusal {
        try {
            Query.run(target, String.join(";\n", definitions));
        } catch (SQLException e) {
            if (!ForeignKeys.isOrphan(e)) {
                throw e;
            }
            throw new Refusal("A foreign key of the source cannot be added on the target, because rows of the source have no counterpart: " + e.getMessage().replace("\n", " ")
                    + ". Delete or correct them on the source. The target was not opened.");
        }
    }

    private static TableSum sum(Connection session, Tree.Member member) throws SQLException {
        return Query.one(session, "SELECT count(*), coalesce(sum(" + TableSum.half("left") + "), 0), coalesce(sum(" + TableSum.half("right")
                + "), 0) FROM (SELECT " + member.hash("t") + " AS hash FROM ONLY " + member.name() + " t OFFSET 0) hashes",
                row -> new TableSum(row.getLong(1), row.getBigDecimal(2), row.getBigDecimal(3)));
    }
}
