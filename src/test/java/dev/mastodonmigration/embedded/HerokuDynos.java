package dev.mastodonmigration.embedded;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The dynos of one stub app: they start and stop slowly, as Heroku's do, so that "scaled to 0" is not yet "gone". */
final class HerokuDynos {
    record Dyno(String id, String name, String type, int index, String state, String command) {
        Dyno in(String newState) {
            return new Dyno(id, name, type, index, newState, command);
        }
    }

    /** How long a dyno takes to come and to go, beside what its runtime takes. */
    record Delays(Duration start, Duration stop) {}

    private final String app;
    private final Supplier<DynoRuntime> runtime;
    private final Supplier<Delays> delays;
    private final Executor threads;
    private final Map<String, Dyno> existing = new ConcurrentSkipListMap<>();
    /** Last thing still to happen to each dyno name: a stop and the next start of web.1 never overlap. */
    private final Map<String, CompletableFuture<Void>> queued = new ConcurrentSkipListMap<>();
    private final Map<String, Boolean> wanted = new ConcurrentSkipListMap<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    HerokuDynos(String app, Supplier<DynoRuntime> runtime, Supplier<Delays> delays, Executor threads) {
        this.app = app;
        this.runtime = runtime;
        this.delays = delays;
        this.threads = threads;
    }

    /** What a runtime threw; its dyno is "crashed", or gone when it was to stop. */
    List<Throwable> failures() {
        return List.copyOf(failures);
    }

    List<Dyno> list() {
        return List.copyOf(existing.values());
    }

    synchronized void scale(String type, int quantity) {
        for (int index = 1; index <= quantity; index++) {
            if (wanted.put(type + "." + index, true) == null) {
                start(type, index);
            }
        }
        for (int index = quantity + 1; wanted.remove(type + "." + index) != null; index++) {
            stop(type, index);
        }
    }

    /** What a new release does: every dyno of the formation is stopped and started again. One-off dynos live on. */
    synchronized void restart() {
        wanted.keySet().forEach(this::restart);
    }

    /** Stops one dyno of the formation and starts it again; false when there is none of that name. */
    synchronized boolean restart(String name) {
        if (!wanted.containsKey(name)) {
            return false;
        }
        var dot = name.lastIndexOf('.');
        stop(name.substring(0, dot), Integer.parseInt(name.substring(dot + 1)));
        start(name.substring(0, dot), Integer.parseInt(name.substring(dot + 1)));
        return true;
    }

    /** A one-off or Scheduler dyno: it exists until {@link #end}, whatever the formation says. */
    void oneOff(String type, int index, String command) {
        existing.put(type + "." + index, new Dyno(UUID.randomUUID().toString(), type + "." + index, type, index, "up", command));
    }

    void end(String name) {
        existing.remove(name);
    }

    private void start(String type, int index) {
        var name = type + "." + index;
        var dyno = new Dyno(UUID.randomUUID().toString(), name, type, index, "starting", "run-" + type);
        then(name, Duration.ZERO, () -> existing.put(name, dyno));
        then(name, delays.get().start(), () -> {
            try {
                runtime.get().start(app, type, index);
                existing.put(name, dyno.in("up"));
            } catch (RuntimeException | Error e) {
                existing.put(name, dyno.in("crashed"));
                failures.add(e);
            }
        });
    }

    private void stop(String type, int index) {
        var name = type + "." + index;
        then(name, delays.get().stop(), () -> {
            try {
                runtime.get().stop(app, type, index);
            } catch (RuntimeException | Error e) {
                failures.add(e);
            }
            existing.remove(name);
        });
    }

    private void then(String name, Duration delay, Runnable action) {
        var executor = delay.isZero() ? threads : CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS, threads);
        queued.compute(name, (same, last) -> (last == null ? CompletableFuture.<Void>completedFuture(null) : last).thenRunAsync(action, executor));
    }
}
