package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Retry;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.Database;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Side;
import dev.mastodonmigration.worker.postgres.TableLock;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.Transaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/** Puts the capture on every table of a source that is marked as ours, one table at a time, and so that no app query ever waits long behind it. Idempotent. */
public final class InstallCapture implements WorkerTask {
    static final String NAME = "install-capture";
    private static final Duration GIVE_UP = Duration.ofMinutes(15);

    /** It cannot be cancelled and may take hours: waiting for it would make the app's writers wait behind us. */
    private static final String WRAPAROUND = """
            SELECT EXISTS (SELECT FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid WHERE a.backend_type = 'autovacuum worker'
              AND a.query LIKE '%to prevent wraparound%' AND l.relation = ?::regclass AND a.datname = current_database())""";

    /** Every table of the tree that a statement can name, partitioned parents too. */
    static final String FAMILY = """
            WITH RECURSIVE family AS (SELECT ?::regclass::oid AS oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN family f ON f.oid = i.inhparent)
            SELECT format('%I.%I', n.nspname, c.relname) FROM family JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') ORDER BY 1""";

    /** In bytes of all logs together, given the source's. */
    private final LongUnaryOperator cap;

    public InstallCapture() {
        this(LogCap::bytes);
    }

    private InstallCapture(LongUnaryOperator cap) {
        this.cap = cap;
    }

    /** @param bytes size of all logs together at which capture stops */
    static InstallCapture cappedAt(long bytes) {
        return new InstallCapture(database -> bytes);
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = openWhenLoginsAreAccepted(context)) {
            if (Query.isTrue(source, "SELECT pg_is_in_recovery()")) {
                throw new Refusal("The source is a standby, which takes no triggers: changes cannot be captured there. Put the primary's address into "
                        + Side.SOURCE.secret() + ".");
            }
            var largeObjects = Query.number(source, "SELECT count(*) FROM pg_largeobject_metadata");
            if (largeObjects > 0) {
                throw new Refusal("The source holds " + largeObjects + " large objects, whose changes no trigger sees: a live copy would leave them behind. "
                        + "Mastodon uses none: SELECT lo_unlink(oid) FROM pg_largeobject_metadata, or set strategy.postgres to Dump.");
            }
            var tables = install(source, Side.SOURCE, cap, context.progress(), () -> {
                // Without the marker it was given back to the instance while this worker slept.
                var marker = Marker.ours(source, Side.SOURCE, context);
                marker.requireSource(context);
                if (marker.state() == Marker.State.CLOSED) {
                    throw new Refusal("The source is closed for writing already, so there is nothing to capture.");
                }
            });
            var keyless = KeylessTables.announce(source);
            return WorkerReport.succeeded("Changes of " + tables + " tables of the source are captured.",
                    Map.of(WorkerReport.Figure.TABLES, (long) tables, WorkerReport.Figure.KEYLESS_SECONDS, keyless.seconds()), keyless.lines());
        }
    }

    /** A plan's limit of connections is lowered for minutes when its archive of WAL lags, and triggers of ours may be why: more tries in a row would only add to it. */
    private static Connection openWhenLoginsAreAccepted(WorkerContext context) throws Exception {
        var errors = new PostgresErrors(Direction.FORWARD, ReplicatePostgres.LASTING);
        var begun = System.nanoTime();
        return new Retry(context.drain(), PostgresErrors::isRefusedLogin, e -> context.progress().set(new Progress.Reading(errors.words(e), 0, 0, 0, 0, 0, -1)), () -> begun, Optional.of(GIVE_UP))
                .until(() -> Database.source(context, NAME).open());
    }

    /**
     * Puts it on whichever database is to be followed; answers on how many tables.
     *
     * @param side  what messages call it
     * @param check whether it may be changed now, in the transaction that prepares it
     */
    static int install(Connection source, Side side, LongUnaryOperator cap, Progress progress, Transaction.Body check) throws SQLException, Refusal, InterruptedException {
        var tables = new ArrayList<Map.Entry<Tree, String>>();
        for (var tree : prepare(source, cap, check)) {
            Query.strings(source, FAMILY, tree.root()).forEach(table -> tables.add(Map.entry(tree, table)));
        }
        putOn(source, side, tables, progress);
        return tables.size();
    }

    private static List<Tree> prepare(Connection source, LongUnaryOperator cap, Transaction.Body check) throws SQLException, Refusal {
        var trees = new ArrayList<Tree>();
        Transaction.in(source, () -> {
            TargetClaim.lock(source);
            check.run();
            Capture.createShared(source);
            var capBytes = cap.applyAsLong(Query.number(source, "SELECT pg_database_size(current_database())"));
            var next = (int) Query.number(source, "SELECT coalesce(max(id), 0) + 1 FROM mastodon_migration.capture");
            var found = Trees.read(source);
            Capture.requireSameKeys(source, found);
            for (var tree : found) {
                if (tree.hasKey()) {
                    var known = tree.id() == 0 ? tree.withId(next++) : tree;
                    if (tree.id() == 0) {
                        Capture.createLog(source, known, capBytes);
                    }
                    trees.add(known);
                }
            }
        });
        return trees;
    }

    private static void putOn(Connection source, Side side, List<Map.Entry<Tree, String>> tables, Progress progress)
            throws SQLException, Refusal, InterruptedException {
        var left = new ArrayList<>(tables);
        var begun = System.nanoTime();
        while (!left.isEmpty()) {
            for (var table : List.copyOf(left)) {
                if (Capture.isOn(source, table.getValue()) || !Query.isTrue(source, WRAPAROUND, table.getValue())
                        && TableLock.tryIn(source, table.getValue(), Capture.putOn(table.getKey(), table.getValue()))) {
                    left.remove(table);
                }
                progress.set(new Progress.Reading("installing capture", 0, 0, tables.size() - left.size(), tables.size(), 0, -1));
            }
            if (!left.isEmpty()) {
                if (System.nanoTime() - begun > GIVE_UP.toNanos()) {
                    throw new SQLException("the capture could not be put on " + left.size() + " tables of the " + side + ", first " + left.getFirst().getValue()
                            + ": a long transaction or an autovacuum to prevent wraparound holds them locked; wait for it, or end it");
                }
                Thread.sleep(TableLock.BETWEEN_LOCKS.toMillis());
            }
        }
    }
}
