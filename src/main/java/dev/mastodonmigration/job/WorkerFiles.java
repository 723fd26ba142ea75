package dev.mastodonmigration.job;

import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.sync.ReplicateRedis;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a migration's workers are given: URLs and certificates, as they are now.
 *
 * @param contents by file name
 */
public record WorkerFiles(Map<String, String> contents) {
    /** @throws MissingInputException naming the variable or the Secret that is not there */
    public static WorkerFiles of(Source source, Optional<TargetDatabase> postgres, Optional<TargetDatabase> redis) {
        var urls = source.urls();
        var files = new HashMap<String, String>();
        files.put(WorkerContext.SOURCE_POSTGRES_URL, urls.postgres().map(URI::toString).orElseThrow(() -> noVariable(source, "DATABASE_URL")));
        files.put(WorkerContext.SOURCE_REDIS_URL, urls.redis().map(URI::toString).orElseThrow(() -> noVariable(source, "REDIS_URL, REDISCLOUD_URL or REDIS_HOST")));
        urls.sidekiqRedis().ifPresent(url -> files.put(WorkerContext.SOURCE_SIDEKIQ_REDIS_URL, url.toString()));
        postgres.ifPresent(database -> {
            if (!target(files, database, WorkerContext.TARGET_POSTGRES_URL, WorkerContext.TARGET_POSTGRES_CA, WorkerContext.TARGET_POSTGRES_REACH)) {
                database.planned().ifPresent(planned -> {
                    files.put(WorkerContext.TARGET_POSTGRES_MAJOR, String.valueOf(planned.major()));
                    planned.storage().ifPresent(storage -> files.put(WorkerContext.TARGET_POSTGRES_STORAGE, storage.bytes() + " " + storage.field()));
                });
            }
        });
        redis.ifPresent(database -> {
            if (!target(files, database, WorkerContext.TARGET_REDIS_URL, WorkerContext.TARGET_REDIS_CA, WorkerContext.TARGET_REDIS_REACH)) {
                database.planned().ifPresent(planned -> files.put(WorkerContext.TARGET_REDIS_MAJOR, String.valueOf(planned.major())));
            }
        });
        return new WorkerFiles(Map.copyOf(files));
    }

    /** Nothing where the database is the operator's to create and was not created yet: there is nothing on it to look at, nor to undo. */
    private static boolean target(Map<String, String> files, TargetDatabase database, String urlFile, String caFile, String reachFile) {
        try {
            files.put(urlFile, database.url());
        } catch (NotCreatedException notYet) {
            return false;
        }
        database.ca().ifPresent(pem -> files.put(caFile, pem));
        database.reach().ifPresent(words -> files.put(reachFile, words));
        return true;
    }

    /** Host, port and database of the source's Postgres. */
    public String sourcePostgres() {
        var url = URI.create(contents.get(WorkerContext.SOURCE_POSTGRES_URL));
        return url.getHost() + ":" + url.getPort() + url.getPath();
    }

    /** The Redis servers and databases of the source, as the worker names those that it follows. */
    public String sourceRedis() {
        try {
            return ReplicateRedis.follows(contents);
        } catch (Refusal unreadable) {
            throw new MissingInputException("The source's Redis: " + unreadable.getMessage());
        }
    }

    private static MissingInputException noVariable(Source source, String variable) {
        return new MissingInputException(source.name() + ": no variable " + variable + " is set. Is it the app that runs web and Sidekiq?");
    }

    /** The record's own text would show passwords. */
    @Override
    public String toString() {
        return "WorkerFiles" + contents.keySet();
    }
}
