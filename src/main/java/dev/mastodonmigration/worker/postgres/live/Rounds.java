package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Brings what changed on the source to all trees that are ready: one reading there, one transaction here. The source's watermark stands before the target's commit, so that the target
 * never has what a crash of the source would take back.
 */
final class Rounds {
    /** With more, a reading ends early: what it brought is kept, also when the connection breaks later. */
    private static final long ENOUGH = 50_000;

    private final LiveSessions sessions;
    private final Map<Integer, Tree> trees;
    private final Gaps gaps;
    private final StatusMessage status;
    private final BlockedTrees blocked = new BlockedTrees();
    /** Where nothing was found: as long as no transaction began or ended, the logs need not be read again. */
    private Optional<Moment> nothingAt = Optional.empty();

    private record Moment(String snapshot, Map<Integer, Ledger.Position> ready) {}

    /** @param status told what keeps a table from being followed */
    Rounds(LiveSessions sessions, Map<Integer, Tree> trees, Gaps gaps, StatusMessage status) {
        this.sessions = sessions;
        this.trees = trees;
        this.gaps = gaps;
        this.status = status;
    }

    /**
     * What one reading brought.
     *
     * @param changes found by it
     * @param begun   when the source was read, by {@link System#nanoTime}
     * @param isWhole whether none of them was left for a later reading
     */
    record Lag(long changes, long begun, boolean isWhole) {
        /** While none can be made. */
        static Lag unknown() {
            return new Lag(0, System.nanoTime(), false);
        }

        long ageMilliseconds() {
            return (System.nanoTime() - begun) / 1_000_000;
        }
    }

    /**
     * One reading of the source.
     *
     * @param pause how long a tree that could not be followed is left alone
     */
    Lag bring(Duration pause) throws SQLException, Refusal {
        var begun = System.nanoTime();
        var source = sessions.source();
        var target = sessions.target();
        var ready = Ledger.ready(target);
        var snapshot = LiveSessions.reading(source);
        try {
            return gaps.areClosed(source) ? bring(begun, ready, snapshot, pause) : new Lag(0, begun, true);
        } finally {
            end(target);
            end(source);
            gaps.close();
        }
    }

    private static void end(Connection session) throws SQLException {
        if (!session.isClosed() && !session.getAutoCommit()) {
            LiveSessions.end(session);
        }
    }

    private Lag bring(long begun, Map<Integer, Ledger.Position> ready, String snapshot, Duration pause) throws SQLException, Refusal {
        var source = sessions.source();
        var target = sessions.target();
        if (nothingAt.equals(Optional.of(new Moment(snapshot, ready)))) {
            return new Lag(0, begun, true);
        }
        var changed = changed(source, ready);
        if (changed.isEmpty()) {
            nothingAt = Optional.of(new Moment(snapshot, ready));
            return new Lag(0, begun, true);
        }
        if (Ledger.isFinished(target)) {
            var ends = sessions.direction();
            throw new Refusal("The " + ends.read() + " changed after the " + ends.written() + " was finished: it was written although it is closed. The " + ends.written() + " has its foreign keys and triggers"
                    + " by now, so the change was not brought over, and it was not opened. Find out who writes to the " + ends.read() + ", and " + ends.otherwise() + ".");
        }
        target.setAutoCommit(false);
        var round = new Round(source, target, snapshot);
        var found = 0L;
        var left = new ArrayList<>(changed);
        var end = Round.End.APPLIED;
        for (var change : changed) {
            var tree = trees.get(change.tree());
            end = blocked.isBackingOff(tree, pause) ? Round.End.LEFT : applied(round, tree, ready.get(tree.id()).text());
            if (end != Round.End.LEFT) {
                left.remove(change);
                found += change.rows();
            }
            if (found > ENOUGH || end == Round.End.EMPTIED) {
                break;
            }
        }
        var mark = Watermark.write(source);
        source.commit();
        Ledger.reached(target, mark);
        target.commit();
        return new Lag(found, begun, left.isEmpty());
    }

    /**
     * Brings one tree; when it cannot be followed, the others go on, and this one once its proof has found the row that stands in the way.
     *
     * @throws Refusal when all of it was proved before this reading and nothing stands in the way but the source's own rows
     */
    private Round.End applied(Round round, Tree tree, String position) throws SQLException, Refusal {
        var target = sessions.target();
        var before = target.setSavepoint();
        try {
            var end = round.apply(tree, position);
            if (end == Round.End.LEFT) {
                target.rollback(before);
            } else {
                blocked.succeeded(tree);
            }
            target.releaseSavepoint(before);
            return end;
        } catch (SQLException e) {
            if (!QueueWorker.isDuplicate(e)) {
                throw e;
            }
            target.rollback(before);
            var isProved = Ledger.isProved(target, tree);
            if (isProved && blocked.wasProved(tree, position)) {
                throw new Refusal("Rows of the " + sessions.direction().read() + "'s table " + tree.root() + " break a rule of its own: " + e.getMessage().replace("\n", " ")
                        + ". The " + sessions.direction().read() + " holds rows that its index should have refused, as a corrupt index does; remove the duplicates there.");
            }
            blocked.failed(tree, position, isProved);
            status.retrying(e);
            return Round.End.LEFT;
        }
    }

    private record Changed(int tree, long rows) {}

    /** Trees with log rows that their positions have not seen, and those that had no round yet; small ones first, so that a large one holds nothing up. */
    private List<Changed> changed(Connection source, Map<Integer, Ledger.Position> ready) throws SQLException {
        if (ready.isEmpty()) {
            return List.of();
        }
        var query = new TreeMap<>(ready).entrySet().stream().map(tree -> "SELECT " + tree.getKey() + ", count(*) FROM " + trees.get(tree.getKey()).log() + " WHERE "
                + Tree.since(tree.getValue().text())).collect(Collectors.joining(" UNION ALL "));
        return Query.list(source, query, row -> new Changed(row.getInt(1), row.getLong(2))).stream()
                .filter(tree -> tree.rows() > 0 || ready.get(tree.tree()).rounds() == 0).sorted(Comparator.comparingLong(Changed::rows)).toList();
    }
}
