package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PostgresProgress;
import dev.mastodonmigration.api.MastodonMigrationStatus.RedisProgress;
import dev.mastodonmigration.worker.control.Progress;

/** Puts a worker's progress into the resource's words. */
final class ProgressEntries {
    private ProgressEntries() {}

    /** A worker that measures nothing, because it starts or stands by, is no progress. */
    static void record(MastodonMigrationStatus status, String task, Progress.Reading reading) {
        if (reading.bytesTotal() == 0 && reading.itemsTotal() == 0) {
            return;
        }
        if (status.progress == null) {
            status.progress = new MastodonMigrationStatus.Progress();
        }
        var ofRedis = task.endsWith("redis");
        if (ofRedis) {
            status.progress.redis = redis(reading);
        } else {
            status.progress.postgres = postgres(reading);
            status.progress.etaSeconds = reading.etaSeconds() < 0 ? null : reading.etaSeconds();
        }
        if (!ofRedis || status.progress.summary == null) {
            status.progress.summary = summary(reading);
        }
    }

    /** The last reading of a worker that has ended was taken before its end. */
    static void complete(MastodonMigrationStatus status, String task) {
        if (status.progress == null) {
            return;
        }
        if (task.endsWith("redis") && status.progress.redis != null) {
            status.progress.redis.keysCopied = status.progress.redis.keysTotal;
        } else if (!task.endsWith("redis") && status.progress.postgres != null) {
            status.progress.postgres.bytesCopied = status.progress.postgres.bytesTotal;
            status.progress.postgres.tablesDone = status.progress.postgres.tablesTotal;
        }
    }

    private static String summary(Progress.Reading reading) {
        return reading.stage() + reading.percent().stream().mapToObj(percent -> " " + percent + " %").findFirst().orElse("");
    }

    private static PostgresProgress postgres(Progress.Reading reading) {
        var progress = new PostgresProgress();
        progress.stage = reading.stage();
        progress.bytesCopied = reading.bytesDone();
        progress.bytesTotal = reading.bytesTotal();
        progress.rowsCopied = reading.rows() == 0 ? null : reading.rows();
        progress.tablesDone = reading.itemsDone();
        progress.tablesTotal = reading.itemsTotal();
        progress.bytesPerSecond = reading.bytesPerSecond();
        progress.lagChanges = reading.lagChanges();
        progress.lagSeconds = (double) reading.lagSeconds();
        return progress;
    }

    private static RedisProgress redis(Progress.Reading reading) {
        var progress = new RedisProgress();
        progress.stage = reading.stage();
        progress.keysCopied = reading.itemsDone();
        progress.keysTotal = reading.itemsTotal();
        progress.bytesCopied = reading.bytesDone();
        progress.bytesPerSecond = reading.bytesPerSecond();
        return progress;
    }
}
