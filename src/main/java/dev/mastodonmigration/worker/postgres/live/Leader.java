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
import java.util.ArrayList;
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
    private static final Duration BACK_OFF = Duration.ofSeconds(5);

    private final WorkerContext context;
    private final ConnectionLimiter connections;
    private final LockWaiters lockWaiters;
    private final LiveSessions sessions;
    private final List<Tree> trees;
    private final Map<Integer, Tree> byId;
    private final Map<String, String> catalog;
    private final Ticker pruning = new Ticker(PRUNE);
    private final Ticker guarding = new Ticker(GUARD);
    private final Ticker proving = new Ticker(PROVE);
    private final Ticker renewing = new Ticker(RENEW);
    private final Gaps gaps;
    private final Rounds rounds;
    private final QuietTarget quiet;
    private final Follower follower;
    private boolean hasMadeARound;
    /** Not known before the first look. */
    private boolean isNearlyProved;

    /**
     * Leads, with a session of its own to the source.
     *
     * @param direction which database is read and which is written
     * @param target  the session that holds the lead: who takes the lead from a worker that sleeps ends its session, and with it all that it holds
     * @param connections told how many the source has left, so that worker threads need not try
     * @param status told what keeps a table from being followed
     * @param lockWaiters whom to let pass between two rounds
     */
    Leader(Direction direction, WorkerContext context, Connection target, ConnectionLimiter connections, StatusMessage status, LockWaiters lockWaiters) throws SQLException, IOException, Refusal {
        this.context = context;
        this.connections = connections;
        this.lockWaiters = lockWaiters;
        sessions = LiveSessions.beside(target, direction, context);
        try {
            trees = Trees.read(sessions.source());
            byId = trees.stream().filter(Tree::hasKey).collect(Collectors.toMap(Tree::id, tree -> tree));
            catalog = SourceGuard.copied(sessions.target());
            follower = Follower.become(sessions.source());
            gaps = new Gaps(sessions);
            rounds = new Rounds(sessions, byId, gaps, status);
            quiet = QuietTarget.of(sessions, status);
        } catch (SQLException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What else is to be done between two rounds; false when the plan was given up. */
    @FunctionalInterface
    interface BetweenRounds {
        boolean isStillPlanned() throws SQLException, Refusal;
    }

    /** Leads until the end, which it reports. */
    WorkerReport run(BetweenRounds between) throws SQLException, IOException, InterruptedException, Refusal {
        while (between.isStillPlanned()) {
            if (guarding.isDue()) {
                sessions.requireCurrent(context);
                lockWaiters.letPass(sessions.source());
                WorkQueue.endOverdue(sessions.target());
                connections.measure(sessions.source());
                SourceGuard.requireUnchanged(sessions.source(), sessions.direction(), catalog);
            }
            if (gaps.areClosed() && renewing.isDue()) {
                Capture.renew(sessions.source(), Capture.LEASE);
            }
            var isQuiet = quiet.isReached();
            var lag = isQuiet ? rounds.bring(BACK_OFF) : Rounds.Lag.unknown();
            var target = sessions.target();
            if (Ledger.stage(target) == Ledger.Stage.COPYING && Ledger.isCopiedAndIndexed(target)) {
                completeIndexes(target);
            }
            Ledger.lag(target, lag.ageMilliseconds(), lag.changes(), gaps.areClosed() && lag.isWhole() && isNearlyProved
                    && Ledger.stage(target) == Ledger.Stage.APPLYING && Ledger.isProved(target));
            if (Ledger.stage(target) == Ledger.Stage.APPLYING) {
                var drain = new Drain(context, sessions, trees, catalog);
                if (isQuiet && Ledger.isDrainAsked(target) && drain.isPossible()) {
                    return drain.run(() -> rounds.bring(Duration.ZERO));
                }
                if (proving.isDue()) {
                    proveTouched();
                }
            }
            if (pruning.isDue()) {
                prune();
            }
            hasMadeARound = true;
            if (lag.changes() <= MANY) {
                context.drain().pause(POLL);
            }
        }
        throw new SQLException("changes went by unlogged during the copy, which begins anew");
    }

    boolean hasMadeARound() {
        return hasMadeARound;
    }

    private void completeIndexes(Connection target) throws SQLException, Refusal {
        // What a crash there takes back of these is done again; the stage is told last, and waits for all of them.
        Query.run(target, "SET synchronous_commit = off");
        for (var sql : Ledger.definitions(target, Definition.Phase.LATE)) {
            Transaction.in(target, () -> {
                Query.run(target, sql);
                Query.update(target, "UPDATE mastodon_migration.live_definition SET done = true WHERE sql = ?", sql);
            });
        }
        MaterializedViews.refresh(target, MaterializedViews.inOrder(sessions.source()));
        Query.run(target, "UPDATE mastodon_migration.live_tree SET proving = true");
        Query.run(target, "SET synchronous_commit = on");
        Ledger.stage(target, Ledger.Stage.APPLYING);
    }

    /** A backlog of keys to prove would have to be proved in the freeze. */
    private void proveTouched() throws SQLException {
        var touched = Ledger.touched(sessions.target(), byId.values(), FEW);
        isNearlyProved = touched.values().stream().allMatch(keys -> keys < FEW);
        for (var tree : touched.keySet()) {
            new Proof(sessions.source(), sessions.target(), byId.get(tree)).touched();
        }
    }

    private void prune() throws SQLException, Refusal {
        prune(Ledger.mark(sessions.target()), Ledger.ready(sessions.target()));
    }

    /** Forgets what is behind positions that no crash of the target can take back: they were committed synchronously. A target that goes back all the same is told by its watermark. */
    void prune(Watermark mark, Map<Integer, Ledger.Position> positions) throws SQLException, Refusal {
        var source = sessions.source();
        var pruned = new ArrayList<String>();
        Transaction.in(source, () -> {
            follower.requireCurrent(source);
            mark.forgetOlder(source);
            for (var position : positions.entrySet()) {
                var log = byId.get(position.getKey()).log();
                if (Query.update(source, "DELETE FROM " + log + " WHERE pg_visible_in_snapshot(xid, '" + position.getValue().text() + "'::pg_snapshot)") > 0) {
                    pruned.add(log);
                }
            }
        });
        for (var log : pruned) {
            Query.run(source, "VACUUM " + log);
        }
    }

    /** The target's session is the caller's. */
    @Override
    public void close() throws SQLException {
        sessions.source().close();
    }
}
