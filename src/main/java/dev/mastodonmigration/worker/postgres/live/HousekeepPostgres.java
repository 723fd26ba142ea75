package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.Database;
import dev.mastodonmigration.worker.postgres.ForeignKeys;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.MaterializedViews;
import dev.mastodonmigration.worker.postgres.OurTriggers;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Side;
import dev.mastodonmigration.worker.postgres.SuspendedEffects;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the freeze put off, while the instance runs on the database that it was moved to, or back to: foreign keys validated, materialized views refreshed. Idempotent. */
public final class HousekeepPostgres implements WorkerTask {
    static final String NAME = "housekeep-postgres";
    private static final Duration FOR_NOW = Duration.ofSeconds(10);

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
            // Those that were not valid on the source either stay so.
            var copied = SourceGuard.copied(target);
            var keys = ForeignKeys.of(target).stream().filter(key -> !key.valid() && !copied.getOrDefault(key.object(), "NOT VALID").endsWith("NOT VALID")).toList();
            for (var key : keys) {
                ForeignKeys.validate(target, key).ifPresent(notes::add);
            }
            MaterializedViews.refresh(target, MaterializedViews.inOrder(target));
            // What somebody's reading keeps there is harmless, and goes with our marker.
            OurTriggers.tryDropGate(target, FOR_NOW);
            return WorkerReport.succeeded((keys.size() - notes.size()) + " foreign keys are validated.", Map.of(), List.copyOf(notes));
        }
    }
}
