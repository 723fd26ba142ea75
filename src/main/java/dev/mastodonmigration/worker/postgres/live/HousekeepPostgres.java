package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.Database;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.MaterializedViews;
import dev.mastodonmigration.worker.postgres.OurTriggers;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Side;
import dev.mastodonmigration.worker.postgres.SuspendedEffects;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the freeze put off, while the instance runs on the database that it was moved to, or back to: foreign keys validated, materialized views refreshed. Idempotent. */
public final class HousekeepPostgres implements WorkerTask {
    static final String NAME = "housekeep-postgres";
    private static final Duration FOR_NOW = Duration.ofSeconds(10);

    private record ForeignKey(String table, String name) {}

    /** Those that were not valid on the source either stay so. */
    private static final String NOT_VALID = """
            SELECT format('%I.%I', n.nspname, c.relname), quote_ident(k.conname) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace JOIN mastodon_migration.live_catalog o
              ON o.object = 'constraint ' || k.conname || ' of ' || format('%I.%I', n.nspname, c.relname)
            WHERE k.contype = 'f' AND NOT k.convalidated AND o.definition NOT LIKE '% NOT VALID' ORDER BY 1, 2""";

    private final Direction direction;

    public HousekeepPostgres() {
        this(Direction.FORWARD);
    }

    public HousekeepPostgres(Direction direction) {
        this.direction = direction;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        return direction == Direction.FORWARD ? onLoaded(context) : onAdopted(context);
    }

    private WorkerReport onAdopted(WorkerContext context) throws Exception {
        try (var target = direction.to(context, NAME).open()) {
            Marker.ours(target, direction.written(), context);
            var notes = SuspendedEffects.validate(target);
            MaterializedViews.refresh(target, MaterializedViews.inOrder(target));
            return WorkerReport.succeeded("The foreign keys of the " + direction.written() + " are as they were.", Map.of(), notes);
        }
    }

    private static WorkerReport onLoaded(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            Marker.ours(target, Side.TARGET, context);
            if (!Query.isTrue(target, "SELECT to_regclass('mastodon_migration.live_catalog') IS NOT NULL")) {
                return WorkerReport.succeeded("Nothing was put off.", Map.of());
            }
            var notes = new ArrayList<String>();
            var keys = Query.list(target, NOT_VALID, row -> new ForeignKey(row.getString(1), row.getString(2)));
            for (var key : keys) {
                try {
                    Query.run(target, "ALTER TABLE " + key.table() + " VALIDATE CONSTRAINT " + key.name());
                } catch (SQLException e) {
                    if (!"23503".equals(e.getSQLState())) {
                        throw e;
                    }
                    notes.add("foreign key " + key.name() + " of " + key.table() + " stays NOT VALID: the source held rows that break it. "
                            + e.getMessage().replace("\n", " "));
                }
            }
            MaterializedViews.refresh(target, MaterializedViews.inOrder(target));
            // What somebody's reading keeps there is harmless, and goes with our marker.
            OurTriggers.tryDropGate(target, FOR_NOW);
            return WorkerReport.succeeded((keys.size() - notes.size()) + " foreign keys are validated.", Map.of(), List.copyOf(notes));
        }
    }
}
