package dev.mastodonmigration.worker.control;

import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.CopyPostgres;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.OpenTarget;
import dev.mastodonmigration.worker.postgres.PostgresCapacity;
import dev.mastodonmigration.worker.postgres.PostgresPreflight;
import dev.mastodonmigration.worker.postgres.RehearsePostgres;
import dev.mastodonmigration.worker.postgres.ReleaseSource;
import dev.mastodonmigration.worker.postgres.ReleaseTarget;
import dev.mastodonmigration.worker.postgres.ReopenSource;
import dev.mastodonmigration.worker.postgres.ResetTarget;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.VerifyPostgres;
import dev.mastodonmigration.worker.postgres.live.HousekeepPostgres;
import dev.mastodonmigration.worker.postgres.live.InstallCapture;
import dev.mastodonmigration.worker.postgres.live.RehearseLive;
import dev.mastodonmigration.worker.postgres.live.ReplicatePostgres;
import dev.mastodonmigration.worker.redis.KeyScope;
import dev.mastodonmigration.worker.redis.OpenRedis;
import dev.mastodonmigration.worker.redis.QuietSidekiq;
import dev.mastodonmigration.worker.redis.RedisCapacity;
import dev.mastodonmigration.worker.redis.RedisPreflight;
import dev.mastodonmigration.worker.redis.RedisSnapshotCopy;
import dev.mastodonmigration.worker.redis.RedisTarget;
import dev.mastodonmigration.worker.redis.RedisVerify;
import dev.mastodonmigration.worker.redis.ReplicateRedis;
import java.util.List;
import java.util.Map;

/** Every task a worker can run, by the name that the operator's Jobs use. */
public final class Tasks {
    public static final String PREFLIGHT = "preflight";
    public static final String CLAIM_TARGET = "claim-target";
    public static final String CAPACITY = "capacity";
    public static final String REHEARSE_POSTGRES = "rehearse-postgres";
    public static final String REHEARSE_LIVE_POSTGRES = "rehearse-live-postgres";
    public static final String MARK_SOURCE = "mark-source";
    public static final String CLOSE_SOURCE = "close-source";
    public static final String COPY_POSTGRES = "copy-postgres";
    public static final String COPY_REDIS = "copy-redis";
    public static final String REPLICATE_REDIS = "replicate-redis";
    public static final String QUIET_SIDEKIQ = "quiet-sidekiq";
    public static final String INSTALL_CAPTURE = "install-capture";
    public static final String REPLICATE_POSTGRES = "replicate-postgres";
    public static final String HOUSEKEEP_POSTGRES = "housekeep-postgres";
    public static final String VERIFY_POSTGRES = "verify-postgres";
    public static final String VERIFY_REDIS = "verify-redis";
    public static final String OPEN_TARGET = "open-target";
    public static final String REOPEN_SOURCE = "reopen-source";
    public static final String RESET_TARGET = "reset-target";
    public static final String RELEASE = "release";

    /** One half of a task; it is skipped when the migration does not move that half, which the Secret's files tell. */
    record Part(String needs, WorkerTask task) {
        static Part postgres(WorkerTask task) {
            return new Part(WorkerContext.TARGET_POSTGRES_URL, task);
        }

        static Part redis(WorkerTask task) {
            return new Part(WorkerContext.TARGET_REDIS_URL, task);
        }
    }

    /** One half of the preflight, skipped likewise. */
    record Look(String needs, Findings.Check check) {}

    static final Map<String, WorkerTask> ALL = Map.ofEntries(
            Map.entry(PREFLIGHT, looks(List.of(
                    new Look(WorkerContext.TARGET_POSTGRES_URL, PostgresPreflight.fromEnvironment()),
                    new Look(WorkerContext.TARGET_REDIS_URL, context -> RedisPreflight.check(context, KeyScope.fromEnvironment()))))),
            Map.entry(CLAIM_TARGET, parts(List.of(
                    Part.postgres(new TargetClaim()),
                    Part.redis(RedisTarget::claim)))),
            Map.entry(CAPACITY, parts(List.of(
                    Part.postgres(new PostgresCapacity()),
                    Part.redis(context -> RedisCapacity.check(context, KeyScope.fromEnvironment()).report())))),
            Map.entry(REHEARSE_POSTGRES, new RehearsePostgres()),
            Map.entry(REHEARSE_LIVE_POSTGRES, new RehearseLive()),
            Map.entry(MARK_SOURCE, parts(List.of(
                    Part.postgres(new MarkSource())))),
            Map.entry(CLOSE_SOURCE, parts(List.of(
                    Part.postgres(new CloseSource())))),
            Map.entry(COPY_POSTGRES, new CopyPostgres()),
            Map.entry(INSTALL_CAPTURE, new InstallCapture()),
            Map.entry(REPLICATE_POSTGRES, new ReplicatePostgres()),
            Map.entry(HOUSEKEEP_POSTGRES, new HousekeepPostgres()),
            Map.entry(COPY_REDIS, new RedisSnapshotCopy(KeyScope.fromEnvironment())),
            Map.entry(REPLICATE_REDIS, new ReplicateRedis()),
            Map.entry(QUIET_SIDEKIQ, new QuietSidekiq(KeyScope.fromEnvironment())),
            Map.entry(VERIFY_REDIS, new RedisVerify(KeyScope.fromEnvironment())),
            Map.entry(VERIFY_POSTGRES, new VerifyPostgres()),
            Map.entry(OPEN_TARGET, parts(List.of(
                    Part.redis(new OpenRedis()),
                    Part.postgres(new OpenTarget())))),
            Map.entry(REOPEN_SOURCE, parts(List.of(
                    Part.postgres(new ReopenSource())))),
            Map.entry(RESET_TARGET, parts(List.of(
                    Part.postgres(new ResetTarget()),
                    Part.redis(RedisTarget::reset)))),
            Map.entry(RELEASE, parts(List.of(
                    Part.postgres(new ReleaseSource()),
                    Part.postgres(new ReleaseTarget()),
                    Part.redis(RedisTarget::release)))));

    private Tasks() {}

    static WorkerTask parts(List<Part> parts) {
        return new Parts(parts);
    }

    /** Looks at everything before it says anything. */
    static WorkerTask looks(List<Look> looks) {
        return context -> {
            var findings = Findings.NONE;
            for (var look : looks) {
                if (context.has(look.needs())) {
                    findings = findings.and(look.check().check(context));
                }
            }
            return findings.report();
        };
    }
}
