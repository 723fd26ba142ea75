package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What one thread of a worker does: takes the next item from the shared queue (an index that can be built, a range to copy, a range to prove) and does it. */
final class QueueWorker {
    private static final String UNIQUE_VIOLATION = "23505";
    private static final String EXCLUSION_VIOLATION = "23P01";

    private static final Duration UNTIL_IT_IS_REPAIRED = Duration.ofMillis(500);
    private static final Duration UNTIL_IT_CAN_BE_TOLD = Duration.ofSeconds(2);

    private final WorkQueue queue;
    private final Map<Integer, Tree> trees = new HashMap<>();

    QueueWorker(WorkQueue queue, List<Tree> trees) {
        this.queue = queue;
        trees.forEach(tree -> this.trees.put(tree.id(), tree));
    }

    /** Does one piece of work; false when there is none now. */
    boolean work(LiveSessions sessions) throws SQLException, IOException, Refusal {
        for (var kind : WorkQueue.Kind.values()) {
            var claim = queue.next(sessions.target(), kind);
            if (claim.isPresent()) {
                try {
                    work(sessions, claim.get());
                } finally {
                    queue.drop(claim.get());
                }
                return true;
            }
        }
        return false;
    }

    private void work(LiveSessions sessions, WorkQueue.Claim claim) throws SQLException, Refusal {
        switch (claim.kind()) {
            case RANGE -> copy(sessions, claim);
            case DEFINITION -> build(sessions, claim);
            case PROOF -> prove(sessions, claim);
            default -> throw new IllegalStateException(claim.toString());
        }
    }

    private void copy(LiveSessions sessions, WorkQueue.Claim claim) throws SQLException {
        var tree = trees.get(claim.tree());
        var member = member(tree, claim);
        try (var turn = LargeRows.range(sessions.source(), member, RangePlan.condition(tree, claim.by(), claim.lower(), claim.upper()))) {
            copy(sessions, claim, tree, member);
        }
    }

    private void copy(LiveSessions sessions, WorkQueue.Claim claim, Tree tree, Tree.Member member) throws SQLException {
        var target = sessions.target();
        LiveSessions.reading(sessions.source());
        target.setAutoCommit(false);
        try {
            // Rows and mark arrive together or not at all.
            var rows = Rows.copy(sessions.source(), target, "ONLY " + member.name(), member, RangePlan.condition(tree, claim.by(), claim.lower(), claim.upper()));
            Watermark.write(sessions.source());
            sessions.source().commit();
            if (SourceIdentity.isOneThatIsFollowed(sessions.source(), target) && queue.finish(target, claim, "landed = true, rows = ?", rows)) {
                target.commit();
            }
        } finally {
            end(target);
            LiveSessions.end(sessions.source());
        }
    }

    private static void end(Connection session) throws SQLException {
        if (!session.isClosed()) {
            LiveSessions.end(session);
        }
    }

    private void build(LiveSessions sessions, WorkQueue.Claim claim) throws SQLException, Refusal {
        var target = sessions.target();
        if (Definition.Phase.ANALYZE.name().equals(claim.phase())) {
            // VACUUM runs in no transaction; after a worker that was killed between the two it is done again.
            Query.run(target, claim.subject());
            queue.finish(target, claim, "done = true");
            return;
        }
        target.setAutoCommit(false);
        try {
            Query.run(target, claim.subject());
            if (queue.finish(target, claim, "done = true")) {
                target.commit();
            }
        } catch (SQLException e) {
            if (isDuplicate(e)) {
                throw new Refusal("An index of the " + sessions.direction().read() + " cannot be built on the " + sessions.direction().written() + ": " + e.getMessage().replace("\n", " ")
                        + ". The " + sessions.direction().read() + " holds rows that its own index should have refused, as a corrupt index does; remove the duplicates there.");
            }
            throw e;
        } finally {
            end(target);
        }
    }

    private void prove(LiveSessions sessions, WorkQueue.Claim claim) throws SQLException, Refusal {
        var tree = trees.get(claim.tree());
        var member = member(tree, claim);
        if (claim.lower() == null) {
            // The first range of a member; the others are proved after it.
            KeyIndex.requireWhole(sessions.source(), sessions.direction().read(), tree, member);
        }
        var proof = new Proof(sessions.source(), sessions.target(), tree).range(member, RangePlan.condition(tree, claim.by(), claim.lower(), claim.upper()));
        if (proof.isEqual()) {
            queue.finish(sessions.target(), claim, "proved = true, rows = ?", proof.rows());
        } else {
            // What was repaired comes with the next round; what could not be told may need many, and other ranges go first.
            queue.release(sessions.target(), claim, proof.differing().isEmpty() ? UNTIL_IT_CAN_BE_TOLD : UNTIL_IT_IS_REPAIRED);
        }
    }

    static boolean isDuplicate(SQLException e) {
        return UNIQUE_VIOLATION.equals(e.getSQLState()) || EXCLUSION_VIOLATION.equals(e.getSQLState());
    }

    private static Tree.Member member(Tree tree, WorkQueue.Claim claim) {
        return tree.members().stream().filter(member -> member.name().equals(claim.subject())).findFirst()
                .orElseThrow(() -> new IllegalStateException("no table " + claim.subject()));
    }
}
