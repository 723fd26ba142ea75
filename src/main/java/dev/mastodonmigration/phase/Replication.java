package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.Workers;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The workers that replicate live. They are started in Replicate and run until Drain has their last changes; every phase between may look at
 * them. One that failed is started again by the next attempt of the phase that saw it fail, and goes on from its checkpoints.
 */
final class Replication {
    private static final Duration WHILE_DRAINING = Duration.ofMillis(100);
    private static final Duration WHILE_A_SECRET_ARRIVES = Duration.ofSeconds(2);
    private final PhaseContext context;
    private final List<String> tasks;

    Replication(PhaseContext context) {
        this.context = context;
        this.tasks = tasks(context);
    }

    private static List<String> tasks(PhaseContext context) {
        var live = new ArrayList<String>();
        if (SpecDefaults.livePostgres(context.spec())) {
            live.add(Tasks.REPLICATE_POSTGRES);
        }
        if (SpecDefaults.liveRedis(context.spec())) {
            live.add(Tasks.REPLICATE_REDIS);
        }
        return List.copyOf(live);
    }

    /** Whether anything is replicated live. */
    boolean wanted() {
        return !tasks.isEmpty();
    }

    /** Done once both sides have been in sync for the time that the admin asked for. */
    StepResult untilInSync() {
        return inSyncFor(SpecDefaults.inSyncFor(context.spec()));
    }

    /** Done when both sides are in sync at this moment, as they were for long before the gate opened. */
    StepResult keepingUp() {
        return inSyncFor(Duration.ZERO);
    }

    private StepResult inSyncFor(Duration wanted) {
        return running(look -> {
            var now = !look.running().isEmpty() && look.running().values().stream().allMatch(Workers.Running::inSync);
            var since = Optional.ofNullable(context.status().replication.inSyncSince).map(Instant::parse).filter(known -> now);
            Consumer<MastodonMigrationStatus> facts = look.facts().andThen(status -> status.replication.inSyncSince = now ? since.orElse(context.now()).toString() : null);
            return since.filter(known -> !context.now().isBefore(known.plus(wanted))).isPresent()
                    ? new StepResult.Done("in sync for " + wanted.toSeconds() + " s", List.of(), facts)
                    : new StepResult.Working(now ? "in sync" : "running " + names(look), facts);
        });
    }

    /**
     * Done when the worker is in sync with each Redis that Mastodon uses now, at this moment. Config vars change, and Kubernetes brings a Secret to a worker that runs only within
     * minutes: without this the clock could start while jobs go to a Redis that nobody follows. Changing them restarts dynos, so that a Sidekiq that was quiet is so no longer.
     */
    StepResult followsEveryRedis() {
        return tasks.contains(Tasks.REPLICATE_REDIS) ? running(this::followsEveryRedis) : new StepResult.Done("no Redis is followed");
    }

    private StepResult followsEveryRedis(JobSet.Look look) {
        var files = context.inputs().workerFiles(context.migration());
        var inUse = context.inputs().sourceRedis(context.migration(), files);
        var reading = Optional.ofNullable(look.running().get(Tasks.REPLICATE_REDIS)).flatMap(Workers.Running::reading);
        var followed = reading.map(Progress.Reading::redis).filter(name -> !name.isEmpty());
        if (reading.filter(Progress.Reading::inSync).isPresent() && followed.filter(inUse::equals).isPresent()) {
            return new StepResult.Done("every Redis is followed");
        }
        context.outside().workerSecret().write(context.migration(), files);
        if (context.status().sidekiqIsQuiet() && followed.filter(other -> !other.equals(inUse)).isPresent()) {
            return new StepResult.Retryable("Mastodon's Redis moved while Sidekiq was quiet: now " + inUse + ", followed until now: " + followed.get());
        }
        return new StepResult.Working("waiting until " + Tasks.REPLICATE_REDIS + " is in sync with what Mastodon uses now: " + inUse + "; "
                + followed.map(other -> "it follows " + other).orElse("it does not say yet what it follows") + "; the source runs on", look.facts(), Optional.of(WHILE_A_SECRET_ARRIVES));
    }

    /** Asks for the last changes, again and again, because a worker that was replaced has not heard; then done with the reports. */
    StepResult drained(Function<Map<String, WorkerReport>, StepResult> whenDrained) {
        return running(look -> {
            if (look.running().isEmpty()) {
                return whenDrained.apply(look.reports());
            }
            look.running().values().forEach(jobs()::ask);
            return new StepResult.Working("draining " + names(look), look.facts(), Optional.of(WHILE_DRAINING));
        });
    }

    private JobSet jobs() {
        return new JobSet(context, status -> status.replication.jobs);
    }

    private static String names(JobSet.Look look) {
        return look.running().entrySet().stream().map(job -> job.getKey() + job.getValue().hitch()).collect(Collectors.joining(", "));
    }

    private StepResult running(Function<JobSet.Look, StepResult> whileNoneFailed) {
        var replication = context.status().replication;
        if (replication == null || replication.jobs.isEmpty()) {
            return start();
        }
        var look = jobs().look(tasks);
        if (look.failure().isEmpty()) {
            return whileNoneFailed.apply(look);
        }
        return startedBy().equals(replication.startedBy) ? look.failure().get() : restart();
    }

    private StepResult restart() {
        return jobs().stop(tasks) ? new StepResult.Working("waiting for the replication's last workers to end") : start();
    }

    private StepResult start() {
        return new StepResult.Working("about to start " + String.join(", ", tasks), status -> {
            var before = Optional.ofNullable(status.replication).map(replication -> replication.attempts).orElse(0);
            status.replication = new MastodonMigrationStatus.Replication();
            status.replication.attempts = before + 1;
            status.replication.startedBy = startedBy();
            tasks.forEach(task -> status.replication.jobs.add(context.intent(task, before + 1)));
        }, Optional.of(WHILE_DRAINING));
    }

    private String startedBy() {
        return context.record().name + "/" + context.record().attempts;
    }
}
