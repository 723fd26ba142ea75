package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;

/**
 * Tells every Sidekiq of the source, through Redis, to fetch no more jobs, and waits until each has proved that it has none in hand: open
 * source Sidekiq keeps a job being executed only in memory, so one that is killed is lost. Nothing of users is closed by this. The notes of its report are the
 * identities of the processes, one each: the operator knows which of them are the app's own.
 */
public final class QuietSidekiq implements WorkerTask {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration POLL = Duration.ofMillis(200);
    /** Sidekiq looks at its signals at each heartbeat, every 10 s (lib/sidekiq/launcher.rb, BEAT_PAUSE). */
    private static final Duration BETWEEN_SIGNALS = Duration.ofSeconds(11);
    private static final long SIGNAL_LIFETIME_SECONDS = 60;
    /** A Sidekiq that is just being restarted tells of itself once it has loaded Mastodon. */
    private static final Duration LOADING = Duration.ofSeconds(70);

    private final KeyScope scope;
    private final Duration patience;
    private final Duration loading;

    /** @param scope what is to be moved afterwards, and must not be in conflict before anything is quieted for it */
    public QuietSidekiq(KeyScope scope) {
        this(scope, PATIENCE, LOADING);
    }

    /** @param loading for how long nothing must be seen of any process before there is none */
    QuietSidekiq(KeyScope scope, Duration patience, Duration loading) {
        this.scope = scope;
        this.patience = patience;
        this.loading = loading;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        demandNoConflict(context);
        try (var source = RedisSide.ofSidekiq(context).open(context)) {
            return quiet(context, source);
        }
    }

    /** The last look before the clock starts: inside the freeze it would send the migration back. */
    private void demandNoConflict(WorkerContext context) throws Refusal, IOException {
        try (var sources = RedisSources.open(context, scope)) {
            var conflict = sources.conflict(scope);
            if (conflict.isPresent()) {
                throw new Refusal(conflict.get() + " Nothing was frozen.");
            }
        }
    }

    private WorkerReport quiet(WorkerContext context, Jedis source) throws Refusal, IOException, InterruptedException {
        var started = System.nanoTime();
        var told = new HashMap<String, Long>();
        var proofs = new HashMap<String, IdleProof>();
        while (true) {
            var processes = SidekiqHeartbeat.all(source);
            proofs.keySet().retainAll(processes.keySet());
            processes.forEach((identity, beat) -> proofs.put(identity, proofs.getOrDefault(identity, IdleProof.NONE).seen(beat)));
            var busy = processes.keySet().stream().filter(identity -> !proofs.get(identity).isComplete()).toList();
            context.progress().set(new Progress.Reading("quieting Sidekiq", 0, 0, processes.size() - busy.size(), processes.size(), 0, -1));
            if (busy.isEmpty() && (!processes.isEmpty() || System.nanoTime() - started > loading.toNanos())) {
                return report(processes.keySet(), started);
            }
            if (System.nanoTime() - started > patience.toNanos()) {
                throw stillBusy(source, processes, busy);
            }
            busy.stream().filter(identity -> !processes.get(identity).quiet()).forEach(identity -> tell(source, identity, told));
            TimeUnit.MILLISECONDS.sleep(POLL.toMillis());
        }
    }

    private static void tell(Jedis source, String identity, Map<String, Long> told) {
        var now = System.nanoTime();
        if (now - told.getOrDefault(identity, now - BETWEEN_SIGNALS.toNanos()) >= BETWEEN_SIGNALS.toNanos()) {
            source.lpush(identity + "-signals", "TSTP");
            source.expire(identity + "-signals", SIGNAL_LIFETIME_SECONDS);
            told.put(identity, now);
        }
    }

    private static WorkerReport report(Set<String> processes, long startedNanos) {
        var figures = Map.of("sidekiqProcesses", (long) processes.size(), "quietMilliseconds", (System.nanoTime() - startedNanos) / 1_000_000);
        return processes.isEmpty()
                ? WorkerReport.succeeded("No Sidekiq process runs on the source.", figures)
                : WorkerReport.succeeded(processes.size() + " Sidekiq processes of the source are quiet, and each proved on two heartbeats that it has no job in hand.", figures, List.copyOf(processes));
    }

    private Refusal stillBusy(Jedis source, Map<String, SidekiqHeartbeat> processes, List<String> busy) {
        return new Refusal(busy.stream().map(identity -> "Sidekiq process " + identity + " did not become idle within " + patience.toSeconds() + " s ("
                        + (processes.get(identity).quiet() ? "quiet" : "not quiet") + ", jobs in hand: " + SidekiqHeartbeat.jobs(source, identity) + ").")
                .collect(Collectors.joining(" ")) + " Nothing was frozen. Sidekiq's dynos are restarted, because a quiet one fetches no job again. When these jobs are done, set spec.cutover.approved"
                + " to false and to true again.");
    }
}
