package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.BackupPlace;
import dev.mastodonmigration.api.MastodonMigrationStatus.Backup;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.source.Retirement;
import dev.mastodonmigration.source.Retirement.Asset;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.JobIntent;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The last copy of the source's Postgres, in a volume or a bucket of the admin's. Where it goes, and which add-on it is made of, is written down with its worker: what the spec says, or where the source leads,
 * later on changes nothing about a copy that was made before.
 */
final class FinalBackup {
    /** One that was seen to be whole that long ago is looked at again before anything is deleted. */
    private static final Duration OLD = Duration.ofHours(1);
    private final PhaseContext context;

    FinalBackup(PhaseContext context) {
        this.context = context;
    }

    boolean isWanted() {
        return SpecDefaults.finalBackup(context.spec());
    }

    private Optional<Backup> made() {
        return Optional.ofNullable(context.status().retirement).map(retirement -> retirement.backup);
    }

    boolean isMade() {
        return made().isPresent();
    }

    /** Whether its worker was started: until that has ended nobody else is asked anything. */
    boolean isBegun() {
        return !isMade() && last().isPresent();
    }

    private Optional<JobRecord> last() {
        return context.record().jobs.stream().filter(job -> job.task.equals(Tasks.BACK_UP_SOURCE)).reduce((earlier, later) -> later);
    }

    /** Makes it: to be called while the write gate is up. */
    StepResult make() {
        var wanted = SpecDefaults.backupPlace(context.spec());
        return last().map(job -> wanted.filter(place -> !Optional.of(place).equals(BackupPlace.of(job))).map(place -> elsewhere(job, place)).orElseGet(() -> goOn(job)))
                .orElseGet(() -> wanted.map(place -> begin(place, Tasks.BACK_UP_SOURCE))
                        .orElseGet(() -> new StepResult.Refused("The final backup needs a place: set spec.retire.backup.persistentVolumeClaim or spec.retire.backup.s3, or spec.retire.finalBackup: false.")));
    }

    /** The admin wants none any more; true while its worker still runs. */
    boolean isEnding() {
        return isBegun() && context.workers().stop(List.of(last().orElseThrow()));
    }

    /** The admin named another place meanwhile. */
    private StepResult elsewhere(JobRecord job, BackupPlace place) {
        if (context.workers().stop(List.of(job))) {
            return new StepResult.Working("waiting for the worker to end that writes the final backup into " + placeOf(job).words());
        }
        var number = context.record().jobs.stream().filter(other -> other.task.equals(Tasks.BACK_UP_SOURCE)).count() + 1;
        return begin(place, Tasks.BACK_UP_SOURCE + "-" + number);
    }

    private static BackupPlace placeOf(JobRecord job) {
        return BackupPlace.of(job).orElseThrow();
    }

    private StepResult begin(BackupPlace place, String name) {
        var database = database();
        var another = another(database);
        if (another.isPresent()) {
            return another.get();
        }
        context.intend(new JobIntent(Tasks.BACK_UP_SOURCE, context.workers().name(name, context.record().attempts), Optional.empty(), Optional.of(new JobIntent.Backup(place, database))));
        return new StepResult.Working("about to start " + Tasks.BACK_UP_SOURCE, PhaseContext.AT_ONCE);
    }

    private StepResult goOn(JobRecord job) {
        var look = context.look(List.of(job));
        if (look.failure().isPresent()) {
            return look.failure().get();
        }
        if (!look.running().isEmpty()) {
            return new StepResult.Working("running " + look.names());
        }
        var database = database();
        var another = another(database);
        if (another.isPresent() || !database.equals(Optional.ofNullable(job.addOn))) {
            return another.orElseGet(() -> new StepResult.Retryable("The source was led to another database while the final backup was made."));
        }
        var report = look.reports().get(Tasks.BACK_UP_SOURCE);
        context.tell(new Fact.BackupMade(placeOf(job), database, figure(report, Figure.TABLES), figure(report, Figure.ROWS), figure(report, Figure.BYTES), report.message()));
        return new StepResult.Working("the source's Postgres is backed up", PhaseContext.AT_ONCE);
    }

    private static long figure(WorkerReport report, String name) {
        return report.figures().getOrDefault(name, 0L);
    }

    private Optional<String> database() {
        return context.source().retirement().flatMap(Retirement::database);
    }

    /** Somebody may have promoted another database since: a copy of that one is no copy of what moved. */
    private Optional<StepResult> another(Optional<String> database) {
        return context.saved().flatMap(SavedSource::postgresAddOn).filter(moved -> !Optional.of(moved).equals(database)).map(moved -> new StepResult.Refused("No final backup is made, and nothing is given up: the source's own"
                + " Postgres URL does not lead to the add-on any more whose data has moved (" + moved + "). Somebody promoted or attached another one: put that back."));
    }

    /** What keeps that add-on from being deleted on the strength of it; empty once nothing does. */
    Optional<StepResult> missingFor(Asset postgres) {
        var backup = made();
        if (backup.isEmpty()) {
            return Optional.of(new StepResult.Refused("Not deleted: " + postgres.words() + ", because no final backup of it was made. Set spec.retire.finalBackup: false to delete it without one."));
        }
        if (!postgres.id().equals(backup.get().addOn)) {
            return Optional.of(new StepResult.Refused("Not deleted: " + postgres.words() + ", because the final backup was made of another database. Set spec.retire.finalBackup: false to delete it without one."));
        }
        if (mayLackWrites()) {
            return Optional.of(new StepResult.Refused("Not deleted: " + postgres.words() + ", because the source ran, or was led back to it, at " + context.status().source.seenAt + ", after the final backup and without the write gate:"
                    + " what it wrote then is in no copy. Look for that, save it, and then set spec.retire.finalBackup: false to delete it."));
        }
        return isOld(backup.get()) ? Optional.of(check(backup.get())) : Optional.empty();
    }

    /** While the write gate was up, nothing that ran could write. */
    private boolean mayLackWrites() {
        var seen = Optional.ofNullable(context.status().source.seenAt).map(Instant::parse);
        var released = Optional.ofNullable(context.status().internal.sourceReleasedAt).map(Instant::parse);
        return seen.isPresent() && released.filter(seen.get()::isAfter).isPresent();
    }

    private boolean isOld(Backup backup) {
        return context.now().isAfter(Instant.parse(backup.checkedAt == null ? backup.finishedAt : backup.checkedAt).plus(OLD));
    }

    private static BackupPlace placeOf(Backup backup) {
        return BackupPlace.of(backup).orElseThrow();
    }

    /** Each look has a Job of its own. */
    private StepResult check(Backup backup) {
        var name = context.workers().name(Tasks.CHECK_BACKUP, context.record().attempts + (backup.checks == null ? 0 : backup.checks));
        var job = context.record().jobs.stream().filter(known -> known.name.equals(name)).findFirst();
        if (job.isEmpty()) {
            context.intend(new JobIntent(Tasks.CHECK_BACKUP, name, Optional.empty(), Optional.of(new JobIntent.Backup(placeOf(backup), Optional.ofNullable(backup.addOn)))));
            return new StepResult.Working("about to look whether the final backup is still there", PhaseContext.AT_ONCE);
        }
        var look = context.look(List.of(job.get()));
        if (look.failure().isPresent()) {
            return look.failure().get() instanceof StepResult.Refused refused ? new StepResult.Refused("Nothing more is deleted. " + refused.message() + " Put it back, or set spec.retire.finalBackup: false to delete without one.")
                    : look.failure().get();
        }
        if (!look.running().isEmpty()) {
            return new StepResult.Working("looking whether the final backup is still there, and whole: running " + look.names());
        }
        var report = look.reports().get(Tasks.CHECK_BACKUP);
        if (figure(report, Figure.BYTES) != backup.bytes || figure(report, Figure.ROWS) != backup.rows) {
            return new StepResult.Refused("Nothing more is deleted. The final backup in " + placeOf(backup).words() + " is not the one that was made. Put that back, or set spec.retire.finalBackup: false to delete without one.");
        }
        context.tell(new Fact.BackupChecked());
        return new StepResult.Working("the final backup is still there, and whole", PhaseContext.AT_ONCE);
    }

    /** For the gate. */
    String words() {
        var keys = " Config vars are not in it, nor the instance's keys among them (SECRET_KEY_BASE, OTP_SECRET, VAPID and ACTIVE_RECORD_ENCRYPTION ones), without which parts of it cannot be read: keep a copy of them.";
        return made().map(backup -> " The source's Postgres was dumped into " + placeOf(backup).words() + "." + keys)
                .orElseGet(() -> isWanted() ? " Before anything else the source's Postgres is dumped into " + SpecDefaults.backupPlace(context.spec()).map(BackupPlace::words).orElse("a place that spec.retire.backup does not name yet") + " and read back." + keys : "");
    }

    /** For the end: where it is. */
    String place() {
        return made().map(backup -> " The final backup is in " + placeOf(backup).words() + ".").orElse("");
    }
}
