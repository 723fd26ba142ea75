package dev.mastodonmigration.status;

import dev.mastodonmigration.api.BackupPlace;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.Quieting;
import dev.mastodonmigration.api.MastodonMigrationStatus.Replicator;
import dev.mastodonmigration.api.MastodonMigrationStatus.Standby;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What status says of Jobs: intended, then seen. */
final class JobEntries {
    private final MastodonMigrationStatus status;
    private final Instant now;
    private final long generation;

    JobEntries(MastodonMigrationStatus status, Instant now, long generation) {
        this.status = status;
        this.now = now;
        this.generation = generation;
    }

    void intended(Fact.JobsIntended intended) {
        status.phases.stream().filter(record -> record.name.equals(intended.run().name()))
                .forEach(record -> intended.jobs().forEach(job -> record.jobs.add(record(job))));
    }

    void seen(Fact.JobSeen seen) {
        JobRecords.all(status).filter(job -> job.name.equals(seen.name())).forEach(job -> job.uid = seen.uid());
    }

    void replicatorStarted(Fact.ReplicatorStarted started) {
        var before = replicator(started.job().task());
        var fresh = new Replicator();
        fresh.task = started.job().task();
        fresh.attempts = before.map(last -> last.attempts).orElse(0) + 1;
        fresh.failures = before.map(last -> last.failures).orElse(0);
        fresh.failedAt = before.map(last -> last.failedAt).orElse(null);
        fresh.told = before.map(last -> last.told).orElse(null);
        fresh.job = record(started.job());
        status.internal.replicators.removeIf(other -> other.task.equals(fresh.task));
        status.internal.replicators.add(fresh);
    }

    void replicatorFailed(Fact.ReplicatorFailed failed) {
        var replicator = replicator(failed.task()).orElseThrow();
        replicator.failures++;
        replicator.failedAt = now.toString();
        replicator.failure = failed.message();
        replicator.told = failed.message();
        replicator.refused = failed.standing() == Standing.STALLED ? true : null;
        replicator.generation = generation;
        status.internal.inSyncSince = null;
    }

    void inSync() {
        status.internal.inSyncSince = status.internal.inSyncSince == null ? now.toString() : status.internal.inSyncSince;
        status.internal.replicators.forEach(replicator -> {
            replicator.failures = 0;
            replicator.told = null;
        });
    }

    void replicationEnded() {
        status.internal.replicators = new ArrayList<>();
        status.internal.inSyncSince = null;
    }

    /** One that is seen for the first time was where it is all along. */
    void sourceDatabase(Fact.SourceDatabaseSeen seen) {
        status.internal.sourceDatabaseMovedAt = status.internal.sourceDatabase == null ? null : now.toString();
        status.internal.sourceDatabase = seen.address();
    }

    void standbyStarted(Fact.StandbyStarted started) {
        var standby = new Standby();
        standby.attempts = Optional.ofNullable(status.internal.standby).map(before -> before.attempts).orElse(0) + 1;
        standby.startedAt = now.toString();
        started.jobs().forEach(job -> standby.jobs.add(record(job)));
        status.internal.standby = standby;
    }

    /** The count stays: another Job must not get the name of one that is just being deleted. */
    void standbyEnded() {
        status.internal.standby.jobs = new ArrayList<>();
    }

    void quieting(Fact.SidekiqQuieting begun) {
        var quieting = new Quieting();
        var before = Optional.ofNullable(status.internal.quieting);
        quieting.attempts = before.map(last -> last.attempts).orElse(0) + 1;
        quieting.startedAt = before.filter(last -> last.finishedAt == null).map(last -> last.startedAt).orElse(now.toString());
        quieting.jobs = new ArrayList<>(List.of(record(begun.job())));
        status.internal.quieting = quieting;
    }

    private Optional<Replicator> replicator(String task) {
        return status.internal.replicators.stream().filter(replicator -> replicator.task.equals(task)).findFirst();
    }

    private static JobRecord record(JobIntent intent) {
        var job = new JobRecord();
        job.task = intent.task();
        job.name = intent.name();
        job.standbyEpoch = intent.standbyEpoch().orElse(null);
        intent.backup().ifPresent(backup -> {
            switch (backup.place()) {
                case BackupPlace.Volume(var claim) -> job.persistentVolumeClaim = claim;
                case BackupPlace.Bucket(var url) -> job.bucket = url;
            }
            job.addOn = backup.addOn().orElse(null);
        });
        return job;
    }
}
