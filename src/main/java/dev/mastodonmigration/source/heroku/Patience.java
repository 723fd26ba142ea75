package dev.mastodonmigration.source.heroku;

import java.time.Duration;

/**
 * How long Heroku is waited for. Heroku answers most calls within a second, and its router gives a call up only after 30 s, so that a call in trouble must be
 * given up by us: the reconcile that waits for it reads neither an abort nor the end of {@code maxDowntime}. Nothing is lost by giving up, because every call
 * may be made again and the next reconcile makes it.
 *
 * @param exchange  for one request and its whole answer
 * @param operation for everything that one method of {@link HerokuSource} asks, its repetitions included
 */
record Patience(Duration exchange, Duration operation) {
    /** One slow exchange and a second try; a stop takes four quick exchanges for each app, and the apps are asked side by side. */
    static final Patience INSIDE_THE_FREEZE = new Patience(Duration.ofSeconds(4), Duration.ofSeconds(6));
    /** A Heroku whose every answer takes longer than that must still be able to start the instance again. */
    static final Patience TO_START_AGAIN = new Patience(Duration.ofSeconds(8), Duration.ofSeconds(12));
    /** Preflight asks eight things of each app, and nobody is without service meanwhile. */
    static final Patience BEFORE_ANYTHING = new Patience(Duration.ofSeconds(8), Duration.ofSeconds(30));

    /** What is left of the operation that began then. */
    Duration left(long begunNanos) {
        return operation.minusNanos(System.nanoTime() - begunNanos);
    }
}
