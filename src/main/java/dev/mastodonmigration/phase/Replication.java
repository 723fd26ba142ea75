package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Replicator;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.Workers;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.Standing;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The workers that replicate live, one for each database, from Replicate to Drain. They are looked at in every step of every phase in between: one that
 * died is told and started again at once, alone, and goes on from its checkpoints; "in sync" is withdrawn meanwhile.
 */
public final class Replication {
    private static final Duration WHILE_DRAINING = Duration.ofMillis(50);
    private static final Duration WHILE_A_SECRET_ARRIVES = Duration.ofSeconds(2);
    private static final Duration BETWEEN_CREDENTIALS = Duration.ofSeconds(60);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final Duration LONGEST_PAUSE_WHILE_DOWN = Duration.ofSeconds(2);
    /** A kubelet looks at Secrets once a minute, and keeps them for as long (kubernetes.io/docs/concepts/configuration/secret); with a margin. */
    private static final Duration UNTIL_A_SECRET_HAS_ARRIVED = Duration.ofMinutes(3);
    private static final Duration AFTER_A_REFUSAL = Duration.ofSeconds(60);
    private final PhaseContext context;
    private final Map<String, Workers.Running> running = new LinkedHashMap<>();
    private final Map<String, WorkerReport> reports = new LinkedHashMap<>();
    private final List<String> starting = new ArrayList<>();
    private Optional<StepResult> refusal = Optional.empty();
    private boolean looked;

    Replication(PhaseContext context) {
        this.context = context;
    }

    /** What is replicated live here. */
    List<String> tasks() {
        var live = new ArrayList<String>();
        if (SpecDefaults.livePostgres(context.spec())) {
            live.add(Tasks.REPLICATE_POSTGRES);
        }
        if (SpecDefaults.liveRedis(context.spec())) {
            live.add(Tasks.REPLICATE_REDIS);
        }
        return List.copyOf(live);
    }

    /** Looks at each worker and starts what has to be started; answers what only the admin can fix. */
    public Optional<StepResult> watch() {
        if (!looked) {
            looked = true;
            tasks().forEach(this::look);
            var inSync = !tasks().isEmpty() && running.keySet().containsAll(tasks()) && running.values().stream().allMatch(Workers.Running::inSync);
            if (inSync) {
                context.tell(new Fact.InSync());
            } else if (context.status().internal.inSyncSince != null) {
                context.tell(new Fact.OutOfSync());
            }
            refreshCredentials();
        }
        return refusal;
    }

    /** Running workers read their credentials anew; those that Heroku has rotated must reach them without a new pod. */
    private void refreshCredentials() {
        var read = Optional.ofNullable(context.status().internal.credentialsReadAt).map(Instant::parse);
        if (!running.isEmpty() && read.filter(last -> context.now().isBefore(last.plus(BETWEEN_CREDENTIALS))).isEmpty()) {
            context.workers().refreshCredentials();
            context.tell(new Fact.CredentialsRead());
            database().filter(address -> !address.equals(context.status().internal.sourceDatabase)).ifPresent(address -> context.tell(new Fact.SourceDatabaseSeen(address)));
        }
    }

    /** Where the source's Postgres is now; empty while its platform does not say. */
    private Optional<String> database() {
        try {
            return Optional.of(context.outside().inUse().get().postgres());
        } catch (OutsideException notNow) {
            if (!notNow.mayPass()) {
                throw notNow;
            }
            return Optional.empty();
        }
    }

    private void look(String task) {
        var known = context.status().internal.replicators.stream().filter(replicator -> replicator.task.equals(task)).findFirst();
        if (known.isEmpty()) {
            start(task, 1);
        } else if (known.get().failure != null) {
            startAgain(known.get());
        } else {
            switch (context.look(List.of(known.get().job))) {
                case PhaseContext.Look look when look.failure().isPresent() -> failed(task, look.failure().get());
                case PhaseContext.Look look -> {
                    running.putAll(look.running());
                    reports.putAll(look.reports());
                }
            }
        }
    }

    private void failed(String task, StepResult failure) {
        starting.add(task + " (" + failure.message() + ")");
        context.tell(new Fact.ReplicatorFailed(task, failure.message(), failure instanceof StepResult.Refused ? Standing.STALLED : Standing.RETRIES));
        if (failure instanceof StepResult.Refused) {
            refusal = refusal.or(() -> Optional.of(failure));
        }
    }

    private void startAgain(Replicator last) {
        starting.add(last.task + " (" + last.failure + ")");
        if (!isDue(last)) {
            if (Boolean.TRUE.equals(last.refused)) {
                refusal = refusal.or(() -> Optional.of(new StepResult.Refused(last.failure)));
            }
        } else if (!context.workers().stop(List.of(last.job))) {
            context.tell(new Fact.ReplicatorStarted(context.intent(last.task, last.attempts + 1)));
        }
    }

    private boolean isDue(Replicator last) {
        var failed = Instant.parse(last.failedAt);
        if (Boolean.TRUE.equals(last.refused)) {
            return context.generation() != last.generation || !context.now().isBefore(failed.plus(AFTER_A_REFUSAL));
        }
        var longest = context.status().downtime == null ? LONGEST_PAUSE : LONGEST_PAUSE_WHILE_DOWN;
        var pause = Duration.ofSeconds(last.failures <= 1 ? 0 : 1L << Math.min(last.failures - 2, 9));
        return !context.now().isBefore(failed.plus(pause.compareTo(longest) < 0 ? pause : longest));
    }

    private void start(String task, int attempt) {
        starting.add(task);
        context.tell(new Fact.ReplicatorStarted(context.intent(task, attempt)));
    }

    /** Done once all has been in sync for the time that the admin asked for. */
    StepResult untilInSync() {
        return inSyncFor(SpecDefaults.inSyncFor(context.spec()));
    }

    /** Done when all is in sync at this moment, as it was for long before the gate opened. */
    StepResult keepingUp() {
        return inSyncFor(Duration.ZERO);
    }

    private StepResult inSyncFor(Duration wanted) {
        var refused = watch();
        if (refused.isPresent()) {
            return refused.get();
        }
        if (tasks().isEmpty()) {
            return new StepResult.Done("nothing is replicated live");
        }
        if (!starting.isEmpty()) {
            return new StepResult.Working("starting " + String.join(", ", starting));
        }
        var now = running.keySet().containsAll(tasks()) && running.values().stream().allMatch(Workers.Running::inSync);
        var since = now ? Optional.ofNullable(context.status().internal.inSyncSince).map(Instant::parse).orElse(context.now()) : context.now();
        return now && !context.now().isBefore(since.plus(wanted)) ? new StepResult.Done("in sync for " + wanted.toSeconds() + " s")
                : new StepResult.Working(now ? "in sync since " + since : "running " + names(running));
    }

    /**
     * Done when the worker is in sync with each Redis that Mastodon uses now, at this moment. Config vars change, and Kubernetes brings a Secret to a worker that runs only within
     * minutes: without this the clock could start while jobs go to a Redis that nobody follows. Changing them restarts dynos, so that a Sidekiq that was quiet is so no longer.
     */
    StepResult followsEveryRedis() {
        if (!tasks().contains(Tasks.REPLICATE_REDIS)) {
            return new StepResult.Done("no Redis is followed");
        }
        watch();
        var inUse = context.outside().inUse().get().redis();
        var reading = Optional.ofNullable(running.get(Tasks.REPLICATE_REDIS)).flatMap(Workers.Running::reading);
        var followed = reading.map(Progress.Reading::redis).filter(name -> !name.isEmpty());
        if (reading.filter(Progress.Reading::inSync).isPresent() && followed.filter(inUse::equals).isPresent()) {
            return new StepResult.Done("every Redis is followed");
        }
        context.workers().refreshCredentials();
        if (context.status().sidekiqIsQuiet() && followed.filter(other -> !other.equals(inUse)).isPresent()) {
            return new StepResult.Retryable("Mastodon's Redis moved while Sidekiq was quiet. Mastodon uses " + inUse + " now, and until now " + followed.get() + " was followed.");
        }
        return new StepResult.Working("waiting until " + Tasks.REPLICATE_REDIS + " is in sync with what Mastodon uses now: " + inUse + "; "
                + followed.map(other -> "it follows " + other).orElse("it does not say yet what it follows") + "; the source runs on", WHILE_A_SECRET_ARRIVES);
    }

    /**
     * Done when the source's Postgres is where it was for long enough that every running worker has its address. Heroku moves a database to another server, and a follower can be promoted,
     * within a minute; a new Secret reaches a running worker later than that, and until then the old server, quiet and equal, would be taken for the source.
     */
    StepResult followsTheDatabase() {
        var asked = database();
        if (asked.isEmpty()) {
            return new StepResult.Blocked("Where the source's Postgres is now cannot be asked.");
        }
        var address = asked.get();
        var known = context.status().internal.sourceDatabase;
        if (!address.equals(known)) {
            context.tell(new Fact.SourceDatabaseSeen(address));
            context.workers().refreshCredentials();
            return known == null ? new StepResult.Working("looked where the source's Postgres is", PhaseContext.AT_ONCE)
                    : new StepResult.Retryable("The source's Postgres moved: it is at " + address + " now. The source runs on, until all workers follow it there.");
        }
        var moved = Optional.ofNullable(context.status().internal.sourceDatabaseMovedAt).map(Instant::parse).map(at -> at.plus(UNTIL_A_SECRET_HAS_ARRIVED));
        return moved.filter(context.now()::isBefore).<StepResult>map(until -> new StepResult.Retryable("The source's Postgres moved to " + address + "; until " + until + " it is waited for the workers to have its address. The source runs on."))
                .orElseGet(() -> new StepResult.Done("the source's Postgres is where it was"));
    }

    /** Asks these for the last changes, again and again, because one that was replaced has not heard; done when they have ended. */
    StepResult drain(List<String> tasks) {
        var refused = watch();
        if (refused.isPresent()) {
            return refused.get();
        }
        if (reports.keySet().containsAll(tasks)) {
            return new StepResult.Done(tasks.stream().map(task -> reports.get(task).message()).collect(Collectors.joining(" ")));
        }
        var left = new LinkedHashMap<>(running);
        left.keySet().retainAll(tasks);
        left.values().forEach(context.workers()::ask);
        return new StepResult.Working("draining " + names(left) + String.join(", ", starting), WHILE_DRAINING);
    }

    /** Of those that have ended, by task. */
    Map<String, WorkerReport> reports() {
        watch();
        return Map.copyOf(reports);
    }

    /** Ends them for good; done when none of their pods runs any more. */
    StepResult end() {
        var jobs = context.status().internal.replicators.stream().map(replicator -> replicator.job).toList();
        if (context.workers().stop(jobs)) {
            return new StepResult.Working("waiting for the workers that replicate to end");
        }
        if (!jobs.isEmpty()) {
            context.tell(new Fact.ReplicationEnded());
        }
        return new StepResult.Done("the replication has ended");
    }

    private static String names(Map<String, Workers.Running> workers) {
        return workers.entrySet().stream().map(job -> job.getKey() + job.getValue().hitch()).collect(Collectors.joining(", "));
    }
}
