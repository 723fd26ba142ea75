package dev.mastodonmigration.worker;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.TaskSource;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.BackUpSource;
import dev.mastodonmigration.worker.postgres.BackupDestination;
import dev.mastodonmigration.worker.postgres.CheckBackup;
import dev.mastodonmigration.worker.postgres.ClearSource;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.CopyPostgres;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.OpenTarget;
import dev.mastodonmigration.worker.postgres.PostgresCapacity;
import dev.mastodonmigration.worker.postgres.PostgresPreflight;
import dev.mastodonmigration.worker.postgres.ProgramsOnPostgres;
import dev.mastodonmigration.worker.postgres.RehearsePostgres;
import dev.mastodonmigration.worker.postgres.ReleaseSource;
import dev.mastodonmigration.worker.postgres.ReleaseTarget;
import dev.mastodonmigration.worker.postgres.ReopenSource;
import dev.mastodonmigration.worker.postgres.ResetTarget;
import dev.mastodonmigration.worker.postgres.SourceSessions;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.VerifyPostgres;
import dev.mastodonmigration.worker.postgres.live.HousekeepPostgres;
import dev.mastodonmigration.worker.postgres.live.InstallCapture;
import dev.mastodonmigration.worker.postgres.live.LiveRemarks;
import dev.mastodonmigration.worker.postgres.live.RehearseLive;
import dev.mastodonmigration.worker.postgres.live.ReplicatePostgres;
import dev.mastodonmigration.worker.redis.mastodon.JobsPreflight;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.ProgramsOnRedis;
import dev.mastodonmigration.worker.redis.mastodon.QuietSidekiq;
import dev.mastodonmigration.worker.redis.mastodon.SidekiqAtWork;
import dev.mastodonmigration.worker.redis.mastodon.SidekiqLatency;
import dev.mastodonmigration.worker.redis.mastodon.SourceClients;
import dev.mastodonmigration.worker.redis.sync.OpenRedis;
import dev.mastodonmigration.worker.redis.sync.RedisCapacity;
import dev.mastodonmigration.worker.redis.sync.RedisPreflight;
import dev.mastodonmigration.worker.redis.sync.RedisSnapshotCopy;
import dev.mastodonmigration.worker.redis.sync.RedisTarget;
import dev.mastodonmigration.worker.redis.sync.RedisVerify;
import dev.mastodonmigration.worker.redis.sync.ReplicateRedis;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every task by its name: the one place that knows both engines and what they share. */
@Singleton
public final class TaskRegistry implements TaskSource {
    @Override
    public Optional<WorkerTask> find(String task, Map<String, String> environment) {
        return Optional.ofNullable(all(environment).get(task));
    }

    static Map<String, WorkerTask> all(Map<String, String> environment) {
        var scope = KeyScope.of(environment);
        var rehearsal = Boolean.parseBoolean(environment.get(WorkerContext.ENV_REHEARSAL));
        var postgres = PostgresPreflight.planned(rehearsal, LiveRemarks::on);
        Findings.Check redis = context -> RedisPreflight.check(context, scope);
        var jobs = JobsPreflight.of(environment);
        var backup = BackupDestination.of(environment);
        return Map.ofEntries(
            Map.entry(Tasks.PREFLIGHT, new Looks(List.of(
                    new Looks.Look(WorkerContext.TARGET_POSTGRES_URL, postgres),
                    new Looks.Look(WorkerContext.TARGET_POSTGRES_MAJOR, postgres),
                    new Looks.Look(WorkerContext.TARGET_REDIS_URL, redis),
                    new Looks.Look(WorkerContext.TARGET_REDIS_URL, jobs),
                    new Looks.Look(WorkerContext.TARGET_REDIS_MAJOR, redis),
                    new Looks.Look(WorkerContext.TARGET_REDIS_MAJOR, jobs)))),
            Map.entry(Tasks.CLAIM_TARGET, new Checked(
                    new Looks(List.of(
                            new Looks.Look(WorkerContext.TARGET_POSTGRES_URL, PostgresPreflight.target(rehearsal)),
                            new Looks.Look(WorkerContext.TARGET_REDIS_URL, redis))),
                    new Parts(List.of(
                            Part.postgres(new TargetClaim()),
                            Part.redis(RedisTarget::claim))))),
            Map.entry(Tasks.CAPACITY, new Parts(List.of(
                    Part.postgres(new PostgresCapacity()),
                    Part.redis(context -> RedisCapacity.check(context, scope).report())))),
            Map.entry(Tasks.REHEARSE_POSTGRES, new RehearsePostgres()),
            Map.entry(Tasks.REHEARSE_LIVE_POSTGRES, new RehearseLive()),
            Map.entry(Tasks.MARK_SOURCE, new Parts(List.of(
                    Part.postgres(new MarkSource())))),
            Map.entry(Tasks.CLOSE_SOURCE, new Parts(List.of(
                    Part.postgres(new CloseSource())))),
            Map.entry(Tasks.COPY_POSTGRES, new CopyPostgres()),
            Map.entry(Tasks.INSTALL_CAPTURE, new InstallCapture()),
            Map.entry(Tasks.REPLICATE_POSTGRES, new ReplicatePostgres()),
            Map.entry(Tasks.HOUSEKEEP_POSTGRES, new HousekeepPostgres()),
            Map.entry(Tasks.COPY_REDIS, new RedisSnapshotCopy(scope)),
            Map.entry(Tasks.REPLICATE_REDIS, new ReplicateRedis()),
            Map.entry(Tasks.QUIET_SIDEKIQ, new QuietSidekiq(scope)),
            Map.entry(Tasks.VERIFY_REDIS, new RedisVerify(scope)),
            Map.entry(Tasks.VERIFY_POSTGRES, new VerifyPostgres()),
            Map.entry(Tasks.OPEN_TARGET, new Parts(List.of(
                    Part.redis(new OpenRedis()),
                    Part.postgres(new OpenTarget())))),
            Map.entry(Tasks.LOOK_FOR_CLIENTS, new Parts(List.of(
                    new Part(WorkerContext.SOURCE_POSTGRES_URL, new SourceSessions()),
                    new Part(WorkerContext.SOURCE_REDIS_URL, new SourceClients())))),
            Map.entry(Tasks.LOOK_FOR_PROGRAMS, new Parts(List.of(
                    new Part(WorkerContext.SOURCE_POSTGRES_URL, new ProgramsOnPostgres()),
                    new Part(WorkerContext.SOURCE_REDIS_URL, new ProgramsOnRedis())))),
            Map.entry(Tasks.LOOK_AT_SIDEKIQ, new SidekiqAtWork()),
            Map.entry(Tasks.LOOK_AT_QUEUES, new SidekiqLatency()),
            Map.entry(Tasks.WITHDRAW_OPENING, new WithdrawOpening()),
            Map.entry(Tasks.REOPEN_SOURCE, new Parts(List.of(
                    // Whatever has become of the target: what was closed is opened again.
                    new Part(WorkerContext.SOURCE_POSTGRES_URL, new ReopenSource())))),
            Map.entry(Tasks.CLEAR_SOURCE, new Parts(List.of(
                    new Part(WorkerContext.SOURCE_POSTGRES_URL, new ClearSource())))),
            Map.entry(Tasks.RESET_TARGET, new Parts(List.of(
                    Part.postgres(new ResetTarget()),
                    Part.redis(RedisTarget::reset)))),
            Map.entry(Tasks.BACK_UP_SOURCE, new BackUpSource(backup)),
            Map.entry(Tasks.CHECK_BACKUP, new CheckBackup(backup)),
            Map.entry(Tasks.RELEASE, new Parts(List.of(
                    Part.postgres(new ReleaseSource()),
                    Part.postgres(new ReleaseTarget()),
                    Part.redis(RedisTarget::release)))));
    }
}
