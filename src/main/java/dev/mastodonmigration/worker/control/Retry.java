package dev.mastodonmigration.worker.control;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Tries again what failed for a reason that may pass, for whichever engine: pauses by {@link Backoff}, says what is tried again and why, and refuses in words what does not pass. An
 * interruption ends it, and the drain's request cuts its pauses short, because the instance waits from then on.
 */
public final class Retry {
    /** What is done, again if need be. */
    @FunctionalInterface
    public interface Attempt<T> {
        T make() throws Exception;
    }

    /** The same without a result. */
    @FunctionalInterface
    public interface Action {
        void run() throws Exception;
    }

    /** What an engine knows of its errors. */
    public interface Errors {
        /** Whether another attempt may help at all. */
        boolean mayPass(Exception e);

        /** In words for the admin, once it has come so often that waiting does not change it. */
        default Optional<String> lasting(Exception e, long now) {
            return Optional.empty();
        }

        /** Whether somebody else has to end it, so that the servers are left alone for the longest pause, and nobody gives up. */
        default boolean isWaitedFor(Exception e) {
            return false;
        }
    }

    private final DrainSignal drain;
    private final Errors errors;
    private final Consumer<Exception> told;
    private final LongSupplier lastSuccess;
    private final Backoff backoff;

    /**
     * For one loop of one thread.
     *
     * @param told        shows what is tried again
     * @param lastSuccess when the worker last succeeded in anything, by {@link System#nanoTime}
     * @param limit       how long without success to go on; empty for ever
     */
    public Retry(DrainSignal drain, Errors errors, Consumer<Exception> told, LongSupplier lastSuccess, Optional<Duration> limit) {
        this.drain = drain;
        this.errors = errors;
        this.told = told;
        this.lastSuccess = lastSuccess;
        backoff = new Backoff(limit);
    }

    /**
     * Returns what the first attempt that succeeds does.
     *
     * @throws Refusal   when it does not pass by itself
     * @throws Exception the last failure, when it is given up, or the first that cannot pass
     */
    public <T> T until(Attempt<T> attempt) throws Exception {
        while (true) {
            try {
                return attempt.make();
            } catch (Exception e) {
                pauseAfter(e);
            }
        }
    }

    /** The same for what has no result. */
    public void run(Action action) throws Exception {
        until(() -> {
            action.run();
            return action;
        });
    }

    private void pauseAfter(Exception e) throws Exception {
        if (!errors.mayPass(e)) {
            throw e;
        }
        System.err.println("will try again: " + Redaction.of(e));
        var now = System.nanoTime();
        var lasting = errors.lasting(e, now);
        if (lasting.isPresent()) {
            throw new Refusal(lasting.get());
        }
        told.accept(e);
        pause(errors.isWaitedFor(e) ? Backoff.jittered(Backoff.LONGEST) : backoff.failed(now, lastSuccess.getAsLong()).orElseThrow(() -> e));
    }

    void pause(Duration pause) throws InterruptedException {
        drain.pause(pause, Backoff.FIRST);
    }
}
