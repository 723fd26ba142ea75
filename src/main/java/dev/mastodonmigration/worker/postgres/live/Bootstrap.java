package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.LoadAttempt;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Sessions;
import dev.mastodonmigration.worker.postgres.Transaction;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/** The leader's first act: the tables on the target, and the plan of what is to be copied and built. Killed before the plan stands, it is done anew. */
final class Bootstrap {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

    private final Direction direction;
    private final WorkerContext context;
    private final Connection target;
    private final long rangeBytes;

    /** @param target the leader's own session, which holds the lead */
    Bootstrap(Direction direction, WorkerContext context, Connection target, long rangeBytes) {
        this.direction = direction;
        this.context = context;
        this.target = target;
        this.rangeBytes = rangeBytes;
    }

    /** Answers notes for the admin. */
    List<String> run() throws SQLException, IOException, InterruptedException, Refusal {
        Sessions.endOlderOfOurs(target);
        Ledger.create(target);
        try (var source = LiveSessions.source(direction, context)) {
            var trees = captured(source);
            var catalog = SourceGuard.catalog(source);
            var attempt = LoadAttempt.on(target, context);
            var schema = new SchemaCopy(direction, context, source);
            var notes = schema.create(source, attempt);
            var definitions = new ArrayList<>(schema.later(target, byTable(source, trees)));
            SourceGuard.requireUnchanged(source, direction, catalog);
            var base = base(source);
            var ranges = new ArrayList<RangePlan.Range>();
            var keyed = trees.stream().filter(Tree::hasKey).toList();
            for (var tree : keyed) {
                ranges.addAll(RangePlan.of(source, tree, rangeBytes));
                // By one process: what others would share memory by is small in a container.
                tree.members().forEach(member -> definitions.add(new Definition(tree.id(), Definition.Phase.ANALYZE, "VACUUM (ANALYZE, PARALLEL 0) " + member.name(), member.bytes())));
            }
            Transaction.in(target, () -> {
                Ledger.plan(target, keyed, base.position(), ranges, definitions, catalog);
                Ledger.begin(target, base);
            });
            return notes;
        }
    }

    /** Nothing that commits later goes unlogged: putting the capture on waited for older writers, and so does this, if anything has gone by since. */
    private Horizon.Base base(Connection source) throws SQLException, InterruptedException, Refusal {
        var run = CaptureRun.begin(source);
        while (true) {
            while (Capture.isFull(source) && !Capture.emptyLogs(source)) {
                Thread.sleep(BETWEEN_LOOKS.toMillis());
            }
            var horizon = Horizon.now(source);
            while (horizon.gaps() > 0 && !horizon.isPassed(source)) {
                context.progress().set(new Progress.Reading("waiting for older transactions of the " + direction.read(), 0, 0, 0, 0, 0, -1));
                Capture.prolong(source, Capture.LEASE);
                Thread.sleep(BETWEEN_LOOKS.toMillis());
            }
            var base = Horizon.Base.now(source);
            run.requireOf(base);
            if (horizon.holds(base)) {
                return base;
            }
        }
    }

    private static List<Tree> captured(Connection source) throws SQLException, Refusal {
        var trees = Trees.read(source);
        Capture.requireSameKeys(source, trees);
        for (var tree : trees) {
            if (tree.hasKey() && !isCaptured(source, tree)) {
                throw new Refusal("Changes of table " + tree.root() + " are not captured: it was created after the capture was installed. "
                        + "Install the capture again.");
            }
        }
        return trees;
    }

    private static boolean isCaptured(Connection source, Tree tree) throws SQLException {
        for (var member : tree.members()) {
            if (!Capture.isOn(source, member.name())) {
                return false;
            }
        }
        return tree.id() != 0;
    }

    private static HashMap<String, Tree> byTable(Connection source, List<Tree> trees) throws SQLException {
        var found = new HashMap<String, Tree>();
        for (var tree : trees) {
            for (var table : Query.strings(source, InstallCapture.FAMILY, tree.root())) {
                found.put(table, tree);
            }
        }
        return found;
    }
}
