package dev.mastodonmigration.embedded;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/** The dynos of one stub app: they start and stop slowly, as Heroku's do, so that "scaled to 0" is not yet "gone". */
final class HerokuDynos {
    /** @param release version of the one that it was started with */
    record Dyno(String id, String name, String type, int index, String state, String command, int release) {
        Dyno in(String newState) {
            return new Dyno(id, name, type, index, newState, command, release);
        }
    }

    /** Until when a dyno that was told to stop is in Heroku's list: that is not documented, so either may be met. */
    enum Listing { UNTIL_GONE, UNTIL_SIGTERM }

    /** How long a dyno takes to come and to go, beside what its runtime takes; {@code stop} is asked for each dyno. */
    record Delays(Duration start, Supplier<Duration> stop, Listing listing) {}

    private final String app;
    private final Supplier<DynoRuntime> runtime;
    private final Supplier<Delays> delays;
    private final Executor threads;
    private final IntSupplier release;
    private final Map<String, Dyno> existing = new ConcurrentSkipListMap<>();
    /** Of those the ones that Heroku does not list any more. */
    private final Set<String> unlisted = new ConcurrentSkipListSet<>();
    /** Last thing still to happen to each dyno name: a stop and the next start of web.1 never overlap. */
    private final Map<String, CompletableFuture<Void>> queued = new ConcurrentSkipListMap<>();
    private final Map<String, Boolean> wanted = new ConcurrentSkipListMap<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    /** @param release version of the one that dynos start with now */
    HerokuDynos(String app, Supplier<DynoRuntime> runtime, Supplier<Delays> delays, Executor threads, IntSupplier release) {
        this.app = app;
        this.runtime = runtime;
        this.delays = delays;
        this.threads = threads;
        this.release = release;
    }

    /** What a runtime threw; its dyno is "crashed", or gone when it was to stop. */
    List<Throwable> failures() {
        return List.copyOf(failures);
    }

    /** What Heroku says exists. */
    List<Dyno> list() {
        return existing.values().stream().filter(dyno -> !unlisted.contains(dyno.name())).toList();
    }

    /** What does exist. */
    List<Dyno> alive() {
        return List.copyOf(existing.values());
    }

    /** Shows a dyno in another state, as one that crashed or that Heroku has a new word for. */
    void state(String name, String state) {
        existing.computeIfPresent(name, (same, dyno) -> dyno.in(state));
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
        existing.put(type + "." + index, new Dyno(UUID.randomUUID().toString(), type + "." + index, type, index, "up", command, release.getAsInt()));
    }

    void end(String name) {
        existing.remove(name);
        unlisted.remove(name);
    }

    /** What the stop action does: SIGTERM, and the dyno goes when it is done; one of the formation is started anew. False when there is none of that name. */
    synchronized boolean stop(String name) {
        if (restart(name)) {
            return true;
        }
        if (!existing.containsKey(name)) {
            return false;
        }
        sigterm(name);
        then(name, delays.get().stop().get(), () -> end(name));
        return true;
    }

    private void sigterm(String name) {
        if (delays.get().listing() == Listing.UNTIL_SIGTERM) {
            then(name, Duration.ZERO, () -> unlisted.add(name));
        }
    }

    private void start(String type, int index) {
        var name = type + "." + index;
        var dyno = new Dyno(UUID.randomUUID().toString(), name, type, index, "starting", "run-" + type, release.getAsInt());
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
        sigterm(name);
        then(name, delays.get().stop().get(), () -> {
            try {
                runtime.get().stop(app, type, index);
            } catch (RuntimeException | Error e) {
                failures.add(e);
            }
            end(name);
        });
    }

    private void then(String name, Duration delay, Runnable action) {
        var executor = delay.isZero() ? threads : CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS, threads);
        queued.compute(name, (same, last) -> (last == null ? CompletableFuture.<Void>completedFuture(null) : last).thenRunAsync(action, executor));
    }
}
