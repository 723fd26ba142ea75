package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.LoadAttempt;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Sessions;
import dev.mastodonmigration.worker.postgres.Transaction;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/** The leader's first act: the tables on the target, and the plan of what is to be copied and built. Killed before the plan stands, it is done anew. */
final class Bootstrap {
    private final WorkerContext context;
    private final Connection target;
    private final long rangeBytes;

    /** @param target the leader's own session, which holds the lead */
    Bootstrap(WorkerContext context, Connection target, long rangeBytes) {
        this.context = context;
        this.target = target;
        this.rangeBytes = rangeBytes;
    }

    /** Answers notes for the admin. */
    List<String> run() throws SQLException, IOException, InterruptedException, Refusal {
        Sessions.endOlderOfOurs(target);
        Ledger.create(target);
        try (var source = LiveSessions.source(context)) {
            var trees = captured(source);
            var catalog = SourceGuard.catalog(source);
            var identity = SourceGuard.identity(source);
            var attempt = LoadAttempt.on(target, context);
            var schema = new SchemaCopy(context, source);
            var notes = schema.create(source, attempt);
            var definitions = new ArrayList<>(schema.later(target, byTable(source, trees)));
            SourceGuard.requireUnchanged(source, catalog);
            awaitWritersOfGaps(source);
            // The base: nothing that commits later goes unlogged, because the capture stands and older writers have ended.
            var position = Query.string(source, "SELECT pg_current_snapshot()::text");
            var gaps = Capture.gaps(source);
            var ranges = new ArrayList<RangePlan.Range>();
            var keyed = trees.stream().filter(Tree::hasKey).toList();
            for (var tree : keyed) {
                ranges.addAll(RangePlan.of(source, tree, rangeBytes));
                tree.members().forEach(member -> definitions.add(new Definition(tree.id(), Definition.Phase.ANALYZE, "ANALYZE " + member.name(), member.bytes())));
            }
            Transaction.in(target, () -> {
                Ledger.plan(target, keyed, position, ranges, definitions, catalog);
                Ledger.begin(target, identity, gaps);
            });
            return notes;
        }
    }

    /** Those that began while the capture did not write may still commit what was not logged. */
    private static void awaitWritersOfGaps(Connection source) throws SQLException, InterruptedException, Refusal {
        while (Capture.isFull(source) && !Capture.emptyLogs(source)) {
            Thread.sleep(200);
        }
        Capture.renew(source, Capture.LEASE);
        var horizon = Query.string(source, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text");
        while (Capture.gaps(source) > 0 && !Query.isTrue(source, "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= ?::text::xid8", horizon)) {
            Thread.sleep(200);
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
