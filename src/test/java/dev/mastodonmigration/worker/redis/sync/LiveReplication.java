package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.DrainSignal;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionEvaluationListener;
import org.awaitility.core.EvaluatedCondition;
import org.awaitility.core.TimeoutEvent;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.ClientKillParams;

/** A running replicate-redis worker, as the operator sees it: its progress, the drain, its report. */
public final class LiveReplication implements AutoCloseable {
    public final Progress progress = new Progress();
    private final DrainSignal drain = new DrainSignal();
    private final CompletableFuture<WorkerReport> report = new CompletableFuture<>();
    private final Thread thread;

    private LiveReplication(WorkerContext from, WorkerTask task) {
        var context = new WorkerContext(from.migrationUid(), from.migrationName(), from.epoch(), from.secrets(), from.scratch(), from.parallelism(), progress, drain);
        thread = Thread.ofPlatform().daemon().name("replicate-redis").start(() -> {
            try {
                report.complete(task.run(context));
            } catch (Throwable e) {
                report.completeExceptionally(e);
            }
        });
    }

    public static LiveReplication start(WorkerContext context) {
        return start(context, new ReplicateRedis());
    }

    /** Another task that runs until it is asked to drain. */
    public static LiveReplication start(WorkerContext context, WorkerTask task) {
        return new LiveReplication(context, task);
    }

    public LiveReplication awaitInSync() {
        return awaitReading("in sync", Progress.Reading::inSync);
    }

    LiveReplication awaitReading(String what, java.util.function.Predicate<Progress.Reading> wanted) {
        Awaitility.await(what).conditionEvaluationListener(new ConditionEvaluationListener<>() {
            @Override
            public void conditionEvaluated(EvaluatedCondition<Object> condition) {}

            @Override
            public void onTimeout(TimeoutEvent timeout) {
                System.out.println("waited for " + what + " at " + progress.read() + ", the worker at " + List.of(thread.getStackTrace()));
            }
        }).atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5)).failFast("the worker ended: " + report, report::isDone)
                .until(() -> wanted.test(progress.read()));
        return this;
    }

    /** Tells the worker that the source is closed for writing, and waits for its report. */
    public WorkerReport drain() throws Exception {
        drain.request();
        return report();
    }

    public WorkerReport report() throws Exception {
        try {
            return report.get(90, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    /** Ends the connection that follows changes, as a proxy or a restart would; answers how many there were. */
    static long cutTracking(Jedis source) {
        return source.clientList().lines().filter(line -> line.matches(".* flags=[a-zA-Z]*t.*"))
                .map(line -> line.replaceAll("^id=(\\d+) .*", "$1")).mapToLong(id -> source.clientKill(new ClientKillParams().id(id))).sum();
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }
}
