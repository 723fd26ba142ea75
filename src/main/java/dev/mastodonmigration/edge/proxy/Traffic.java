package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.edge.Edge.Side;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Lets each request pass to the side that is to answer it, or has it wait for one; knows which are under way. */
final class Traffic {
    private final Vertx vertx;
    private final Duration hold;
    private final int mostHeld;
    private final Map<Kind, Set<Waiting>> waiting = new EnumMap<>(Map.of(Kind.REQUEST, new LinkedHashSet<>(), Kind.WEBSOCKET, new LinkedHashSet<>()));
    private final Map<Side, Set<Pass>> underWay = new EnumMap<>(Map.of(Side.SOURCE, new HashSet<>(), Side.TARGET, new HashSet<>()));
    private final Map<Side, Set<Pass>> lasting = new EnumMap<>(Map.of(Side.SOURCE, new HashSet<>(), Side.TARGET, new HashSet<>()));
    /** When the last request for a domain came, by {@link System#nanoTime}. */
    private final Map<String, Long> arrivals = new HashMap<>();
    private EdgeState state;
    private final long startedNanos = System.nanoTime();
    private final Meters meters = new Meters(startedNanos);
    private long changedNanos = System.nanoTime();
    private long refused;
    private long heldTotal;
    private long unserved;
    private long longestHeldNanos;

    /** Every websocket comes back when a side is left, all at once: they must not take the places of posts. */
    enum Kind { REQUEST, WEBSOCKET }

    private record Waiting(Promise<Pass> promise, long timer, long sinceNanos) {}

    /** One request's, from the moment that it may be passed on until it has ended. */
    final class Pass {
        private final Side side;
        private final long sinceNanos = System.nanoTime();
        private Runnable close = () -> {};

        private Pass(Side side) {
            this.side = side;
            underWay.get(side).add(this);
        }

        Side side() {
            return side;
        }

        /** Its side has begun to answer. */
        void answered(int status) {
            meters.of(side).answered(status, System.nanoTime() - sinceNanos);
        }

        /** What {@link #answered} was told of was a post that another server delivers. */
        void delivered() {
            meters.of(side).delivered();
        }

        /** What {@link #answered} was told of makes the server that delivers a post give it up. */
        void inboxRefused() {
            meters.of(side).inboxRefused();
        }

        /** Its side does not answer. */
        void failed() {
            meters.of(side).failed();
        }

        /** It is a websocket, or a stream of events: nobody waits for its end. @param newClose called when its side answers no more */
        void lasts(Runnable newClose) {
            if (underWay.get(side).remove(this)) {
                close = newClose;
                lasting.get(side).add(this);
                if (!state.mode().side().filter(side::equals).isPresent()) {
                    close.run();
                }
            }
        }

        /** May be called again. */
        void ended() {
            underWay.get(side).remove(this);
            lasting.get(side).remove(this);
        }
    }

    /**
     * @param hold     how long a request waits at most
     * @param mostHeld how many of a kind wait at a time: each has a connection open
     */
    Traffic(Vertx vertx, EdgeState state, Duration hold, int mostHeld) {
        this.vertx = vertx;
        this.state = state;
        this.hold = hold;
        this.mostHeld = mostHeld;
    }

    EdgeState state() {
        return state;
    }

    /** A request for one of the instance's domains has come. */
    void arrived(String domain) {
        arrivals.put(domain, System.nanoTime());
    }

    /** A request has come for a host that is none of them. */
    void arrivedForNobody() {
        unserved++;
    }

    /** Completes when the request may be passed on, with where; fails with {@link Unavailable}. */
    Future<Pass> admit(Kind kind) {
        var side = state.mode().side();
        if (side.isPresent()) {
            return Future.succeededFuture(new Pass(side.get()));
        }
        var queue = waiting.get(kind);
        if (queue.size() >= mostHeld) {
            refused++;
            return Future.failedFuture(new Unavailable(mostHeld + (kind == Kind.REQUEST ? " requests" : " websockets") + " wait already"));
        }
        var promise = Promise.<Pass>promise();
        var timer = vertx.setTimer(hold.toMillis(), late -> {
            refused++;
            promise.tryFail(new Unavailable("it has waited for " + hold.toSeconds() + " s"));
        });
        var one = new Waiting(promise, timer, System.nanoTime());
        queue.add(one);
        heldTotal++;
        return promise.future().onComplete(either -> {
            queue.remove(one);
            longestHeldNanos = Math.max(longestHeldNanos, System.nanoTime() - one.sinceNanos());
        });
    }

    /**
     * From now on. Those that waited go first, requests before websockets, in the order in which they came; what lasts on the side that answers no more is closed.
     *
     * @throws StateRefused when it is older than the present one, or would lead from one side to the other at once
     */
    void change(EdgeState wanted) throws StateRefused {
        if (wanted.equals(state)) {
            return;
        }
        if (wanted.generation() <= state.generation()) {
            throw new StateRefused("state " + state.mode() + " has generation " + state.generation() + ", which is not before " + wanted.generation());
        }
        if (wanted.mode() != state.mode() && wanted.mode() != Mode.HOLD && state.mode() != Mode.HOLD) {
            throw new StateRefused("from " + state.mode() + " to " + wanted.mode() + " leads " + Mode.HOLD + " alone: else two pods would serve two sides");
        }
        state = wanted;
        changedNanos = System.nanoTime();
        closeWhatLasts(side -> !wanted.mode().side().filter(side::equals).isPresent());
        wanted.mode().side().ifPresent(side -> waiting.values().stream().flatMap(queue -> List.copyOf(queue).stream()).toList().forEach(one -> {
            vertx.cancelTimer(one.timer());
            one.promise().tryComplete(new Pass(side));
        }));
    }

    /** Of those sides. */
    private void closeWhatLasts(Predicate<Side> which) {
        lasting.entrySet().stream().filter(entry -> which.test(entry.getKey())).flatMap(entry -> List.copyOf(entry.getValue()).stream()).forEach(pass -> pass.close.run());
    }

    /** Websockets and event streams of either side: whoever has one opens it anew. */
    void closeWhatLasts() {
        closeWhatLasts(side -> true);
    }

    /** Nobody waits, neither here nor for a side's answer. */
    boolean isIdle() {
        return Stream.of(waiting, underWay).flatMap(sets -> sets.values().stream()).allMatch(Set::isEmpty);
    }

    EdgeReport report() {
        var since = new TreeMap<String, Long>();
        arrivals.forEach((domain, nanos) -> since.put(domain, millisSince(nanos)));
        return new EdgeReport(state, millisSince(startedNanos), millisSince(changedNanos), sizes(underWay), sizes(lasting), waiting.values().stream().mapToInt(Set::size).sum(), refused, since, measured(), List.of());
    }

    private EdgeReport.Measured measured() {
        var now = System.nanoTime();
        // Those that wait do so in the order in which they came.
        var longest = waiting.values().stream().flatMap(queue -> queue.stream().limit(1)).mapToLong(one -> now - one.sinceNanos()).reduce(longestHeldNanos, Math::max);
        return new EdgeReport.Measured(heldTotal, TimeUnit.NANOSECONDS.toMillis(longest), meters.figures(), meters.lately(), meters.latelyMillis(now), unserved);
    }

    /** To be called every {@link Meters#BETWEEN_MARKS}. */
    void mark() {
        meters.mark(System.nanoTime());
    }

    private static long millisSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }

    private static Map<Side, Integer> sizes(Map<Side, Set<Pass>> sets) {
        var sizes = new EnumMap<Side, Integer>(Side.class);
        sets.forEach((side, passes) -> sizes.put(side, passes.size()));
        return sizes;
    }
}
