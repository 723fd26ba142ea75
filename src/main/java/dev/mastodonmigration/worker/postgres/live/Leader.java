package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.postgres.MaterializedViews;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Transaction;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What one worker does for all: applies rounds, watches the source, notices gaps, and drains. Its state is the ledger's, so any other can go on. */
final class Leader implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PRUNE = Duration.ofSeconds(5);
    private static final Duration GUARD = Duration.ofSeconds(2);
    private static final Duration PROVE = Duration.ofSeconds(1);
    private static final long MANY = 1000;
    /** Touched keys that a drain proves in a moment. */
    private static final int FEW = 10_000;
    private static final Duration RENEW = Duration.ofSeconds(60);
    private static final Duration REST = Duration.ofSeconds(5);

    private final WorkerContext context;
    private final Room room;
    private final Trouble trouble;
    private final LockWaiters lockWaiters;
    private final LiveSessions sessions;
    private final List<Tree> trees;
    private final Map<Integer, Tree> byId;
    private final Map<String, String> catalog;
    private final Clockwork pruning = new Clockwork(PRUNE);
    private final Clockwork guarding = new Clockwork(GUARD);
    private final Clockwork proving = new Clockwork(PROVE);
    private final Clockwork renewing = new Clockwork(RENEW);
    private final Gaps gaps;
    private final Stuck stuckTrees = new Stuck();
    private boolean hasMadeARound;
    /** Not known before the first look. */
    private boolean isNearlyProved;

    /**
     * Leads, with a session of its own to the source.
     *
     * @param target  the session that holds the lead: who takes the lead from a worker that sleeps ends its session, and with it all that it holds
     * @param room    told how many connections the source has left, so that hands need not try
     * @param trouble told what keeps a table from being followed
     * @param lockWaiters whom to let pass between two rounds
     */
    Leader(WorkerContext context, Connection target, Room room, Trouble trouble, LockWaiters lockWaiters) throws SQLException, IOException, Refusal {
        this.context = context;
        this.room = room;
        this.trouble = trouble;
        this.lockWaiters = lockWaiters;
        sessions = LiveSessions.beside(target, context);
        try {
            trees = Trees.read(sessions.source());
            byId = trees.stream().filter(Tree::hasKey).collect(Collectors.toMap(Tree::id, tree -> tree));
            catalog = SourceGuard.copied(sessions.target());
            gaps = new Gaps(sessions);
        } catch (SQLException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What else is to be done between two rounds; false when the plan was given up. */
    @FunctionalInterface
    interface Aside {
        boolean isStillPlanned() throws SQLException, Refusal;
    }

    /** Leads until the end, which it reports. */
    WorkerReport run(Aside aside) throws SQLException, IOException, InterruptedException, Refusal {
        while (aside.isStillPlanned()) {
            if (guarding.isDue()) {
                sessions.requireCurrent(context);
                lockWaiters.letPass(sessions.source());
                Claims.endOverdue(sessions.target());
                room.see(sessions.source());
                SourceGuard.requireUnchanged(sessions.source(), catalog);
            }
            if (gaps.areClosed() && renewing.isDue()) {
                Capture.renew(sessions.source(), Capture.LEASE);
            }
            var lag = rounds(REST);
            var target = sessions.target();
            if (Ledger.stage(target) == Ledger.Stage.COPYING && Ledger.isCopiedAndIndexed(target)) {
                completeIndexes(target);
            }
            Ledger.lag(target, lag.ageMilliseconds(), lag.changes(), gaps.areClosed() && !lag.isStuck() && isNearlyProved
                    && Ledger.stage(target) == Ledger.Stage.APPLYING && Ledger.isProved(target));
            if (Ledger.stage(target) == Ledger.Stage.APPLYING) {
                var drain = new Drain(context, sessions, trees, catalog);
                if (Ledger.isDrainAsked(target) && drain.isPossible()) {
                    return drain.run(() -> rounds(Duration.ZERO));
                }
                if (proving.isDue()) {
                    proveTouched();
                }
            }
            if (pruning.isDue()) {
                prune();
            }
            hasMadeARound = true;
            Thread.sleep(lag.changes() > MANY ? 0 : POLL.toMillis());
        }
        throw new SQLException("changes went by unlogged during the copy, which begins anew");
    }

    boolean hasMadeARound() {
        return hasMadeARound;
    }

    /**
     * What one reading brought.
     *
     * @param changes found by it
     * @param begun   when the source was read, by {@link System#nanoTime}
     * @param isStuck some of them could not be applied, because the target has a row that the source has not
     */
    record Lag(long changes, long begun, boolean isStuck) {
        long ageMilliseconds() {
            return (System.nanoTime() - begun) / 1_000_000;
        }
    }

    /**
     * One reading of the source, brought to all trees that are ready.
     *
     * @param rest how long a tree that could not be followed is left alone
     */
    private Lag rounds(Duration rest) throws SQLException, Refusal {
        var begun = System.nanoTime();
        var ready = Ledger.ready(sessions.target());
        var source = sessions.source();
        var snapshot = LiveSessions.snapshot(source);
        try {
            if (!gaps.areClosed(source)) {
                return new Lag(0, begun, false);
            }
            var found = 0L;
            var stuck = false;
            for (var change : changed(source, ready).entrySet()) {
                var tree = byId.get(change.getKey());
                if (!stuckTrees.isResting(tree, rest) && applied(new Round(source, sessions.target(), snapshot), tree, ready.get(tree.id()).text())) {
                    found += change.getValue();
                } else {
                    stuck = true;
                }
            }
            return new Lag(found, begun, stuck);
        } finally {
            if (!source.isClosed()) {
                LiveSessions.end(source);
            }
            gaps.close();
        }
    }

    /**
     * Whether a tree could be followed; when not, the others go on, and this one once its proof has found the row that stands in the way.
     *
     * @throws Refusal when all of it was proved before this reading and nothing stands in the way but the source's own rows
     */
    private boolean applied(Round round, Tree tree, String position) throws SQLException, Refusal {
        try {
            round.apply(tree, position);
            stuckTrees.isOver(tree);
            return true;
        } catch (SQLException e) {
            if (!Crew.isDuplicate(e)) {
                throw e;
            }
            var isProved = Ledger.isProved(sessions.target(), tree);
            if (isProved && stuckTrees.wasProved(tree, position)) {
                throw new Refusal("Rows of the source's table " + tree.root() + " break a rule of its own: " + e.getMessage().replace("\n", " ")
                        + ". The source holds rows that its index should have refused, as a corrupt index does; remove the duplicates there.");
            }
            stuckTrees.failed(tree, position, isProved);
            trouble.meet(e);
            return false;
        }
    }

    /** Log rows by tree that their positions have not seen, and trees that had no round yet. */
    private Map<Integer, Long> changed(Connection source, Map<Integer, Ledger.Position> ready) throws SQLException {
        var counts = new java.util.TreeMap<Integer, Long>();
        if (ready.isEmpty()) {
            return counts;
        }
        var query = ready.entrySet().stream().map(tree -> "SELECT " + tree.getKey() + ", count(*) FROM " + byId.get(tree.getKey()).log() + " WHERE "
                + Tree.since(tree.getValue().text())).collect(Collectors.joining(" UNION ALL "));
        Query.list(source, query, row -> counts.put(row.getInt(1), row.getLong(2)));
        counts.entrySet().removeIf(tree -> tree.getValue() == 0 && ready.get(tree.getKey()).rounds() > 0);
        return counts;
    }

    private void completeIndexes(Connection target) throws SQLException, Refusal {
        for (var sql : Ledger.definitions(target, Definition.Phase.LATE)) {
            Transaction.in(target, () -> {
                Query.run(target, sql);
                Query.update(target, "UPDATE mastodon_migration.live_definition SET done = true WHERE sql = ?", sql);
            });
        }
        MaterializedViews.refresh(target, MaterializedViews.inOrder(sessions.source()));
        Query.run(target, "UPDATE mastodon_migration.live_tree SET proving = true");
        Ledger.stage(target, Ledger.Stage.APPLYING);
    }

    /** A backlog of keys to prove would have to be proved in the freeze. */
    private void proveTouched() throws SQLException {
        var touched = new HashMap<Integer, Long>();
        var query = byId.values().stream().map(tree -> "SELECT " + tree.id() + ", count(*) FROM (SELECT FROM " + tree.touched() + " LIMIT " + FEW + ") backlog")
                .collect(Collectors.joining(" UNION ALL "));
        if (!query.isEmpty()) {
            Query.list(sessions.target(), query, row -> touched.put(row.getInt(1), row.getLong(2)));
        }
        isNearlyProved = touched.values().stream().allMatch(keys -> keys < FEW);
        for (var tree : byId.values()) {
            if (touched.get(tree.id()) > 0) {
                new Proof(sessions.source(), sessions.target(), tree).touched();
            }
        }
    }

    /** Forgets what is behind positions that no crash of the target can take back: they were committed synchronously. */
    private void prune() throws SQLException {
        for (var position : Ledger.ready(sessions.target()).entrySet()) {
            var log = byId.get(position.getKey()).log();
            var behind = "pg_visible_in_snapshot(xid, '" + position.getValue().text() + "'::pg_snapshot)";
            if (Query.update(sessions.source(), "DELETE FROM " + log + " WHERE " + behind) > 0) {
                Query.run(sessions.source(), "VACUUM " + log);
            }
        }
    }

    /** The target's session is the caller's. */
    @Override
    public void close() throws SQLException {
        sessions.source().close();
    }
}
