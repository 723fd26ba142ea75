package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The {@code edge} command: passes requests on until its pod is stopped. */
public final class EdgeCommand extends AbstractVerticle {
    /**
     * For a pod of 512 MiB: Netty's buffers take as much again as the heap, at most. The heap is given as a size, because the image's command line has a percentage, which would win over one given here.
     */
    public static final String JVM_OPTIONS = "-XX:+UseSerialGC -Xmx160m -XX:+ExitOnOutOfMemoryError";
    private static final Logger LOG = Logger.getLogger(EdgeCommand.class);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);
    /** How long the world goes on to send requests to a pod that is about to end (Kubernetes: endpoints are removed beside the pod's end, not before it). */
    private static final Duration STILL_FOUND = Duration.ofSeconds(5);
    /** For the last requests, beyond those that wait: a telephone sends a video of 99 MB for minutes. A pod that has none ends at once. */
    private static final Duration LAST_ONES = Duration.ofMinutes(5);
    private static final long LOOK_MILLISECONDS = 100;
    private static final int WRONG_USAGE = 64;
    private static final int FAILED = 1;
    private final EdgeSettings settings;
    private final LongSupplier nanos;
    private Traffic traffic;
    private EdgeServer server;

    EdgeCommand(EdgeSettings settings) {
        this(settings, System::nanoTime);
    }

    /** @param nanos a clock, as {@link System#nanoTime}: by it the pod's end is measured */
    EdgeCommand(EdgeSettings settings, LongSupplier nanos) {
        this.settings = settings;
        this.nanos = nanos;
    }

    /** How long a pod may take to end, from when it is told to. @param hold how long a request waits at most */
    public static Duration longestEnd(Duration hold) {
        return STILL_FOUND.plus(hold).plus(LAST_ONES);
    }

    /** Runs until the process is told to end. @return 64 for wrong usage, 1 when it cannot listen */
    public static int run(Map<String, String> environment) {
        EdgeSettings settings;
        try {
            settings = EdgeSettings.of(environment);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage());
            return WRONG_USAGE;
        }
        var vertx = Vertx.vertx();
        var edge = new EdgeCommand(settings);
        try {
            vertx.deployVerticle(edge).toCompletionStage().toCompletableFuture().join();
        } catch (CompletionException failed) {
            System.err.println("The edge does not start: " + failed.getCause());
            return FAILED;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> edge.finish().toCompletionStage().toCompletableFuture().join()));
        LOG.infof("The edge passes requests on: %s.", edge.traffic.state());
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }

    /**
     * It looks at its peers once it listens, and is ready only then: whoever changes the state tells every pod that listens, and looks once more. So a pod either hears of a change, or finds it with its
     * peers, before the first request comes.
     */
    @Override
    public void start(Promise<Void> started) {
        traffic = new Traffic(vertx, settings.state(), settings.hold(), settings.mostHeld());
        vertx.setPeriodic(Meters.BETWEEN_MARKS.toMillis(), tick -> traffic.mark());
        var peers = new Peers(vertx, settings.peers(), settings.controlPort(), settings.token());
        var reach = new TargetReach(vertx, traffic, settings.routes().target());
        server = new EdgeServer(vertx, traffic, new EdgeProxy(vertx, traffic, settings.routes(), settings.id(), Optional.empty(), EdgeProxy.SILENCE, EdgeProxy.KEEP_ALIVE_SECONDS), reach, settings.token());
        server.listen(settings.address(), settings.usersPort(), settings.controlPort()).compose(listening -> follow(peers)).onSuccess(learned -> {
            server.ready();
            reach.start();
            vertx.setPeriodic(BETWEEN_LOOKS.toMillis(), tick -> follow(peers));
        }).onComplete(started);
    }

    /** What the peers have, or the file where that is later: of a pod whose peers are all gone. */
    private Future<Void> follow(Peers peers) {
        return peers.latest().map(latest -> {
            Stream.concat(latest.stream(), file().stream()).filter(state -> state.generation() > traffic.state().generation()).max(Comparator.comparingLong(EdgeState::generation)).ifPresent(this::become);
            return null;
        });
    }

    private Optional<EdgeState> file() {
        try {
            return Optional.of(settings.state());
        } catch (IllegalArgumentException unreadable) {
            LOG.warnf("%s; what it said before holds.", unreadable.getMessage());
            return Optional.empty();
        }
    }

    private void become(EdgeState state) {
        try {
            if (state.mode() != Mode.HOLD && traffic.state().mode() != state.mode()) {
                // The peer went through it, and this pod was not told.
                traffic.change(new EdgeState(Mode.HOLD, Math.max(state.generation() - 1, traffic.state().generation() + (traffic.state().mode() == Mode.HOLD ? 0 : 1))));
            }
            traffic.change(state);
        } catch (StateRefused refused) {
            LOG.warnf("A peer has %s, which is not taken: %s.", state, refused.getMessage());
        }
    }

    EdgeServer server() {
        return server;
    }

    Traffic traffic() {
        return traffic;
    }

    /** In order: not ready any more, then the last requests, then the end. What lasts has no end to wait for: once nobody is sent here any more, it is closed, and clients open it anew with another pod. */
    Future<Void> finish() {
        var done = Promise.<Void>promise();
        var began = nanos.getAsLong();
        context.runOnContext(now -> {
            server.leave();
            vertx.setPeriodic(LOOK_MILLISECONDS, timer -> {
                var since = Duration.ofNanos(nanos.getAsLong() - began);
                if (since.compareTo(STILL_FOUND) < 0) {
                    return;
                }
                traffic.closeWhatLasts();
                if (traffic.isIdle() || since.compareTo(longestEnd(settings.hold())) > 0) {
                    vertx.cancelTimer(timer);
                    vertx.close().onComplete(closed -> done.complete());
                }
            });
        });
        return done.future();
    }
}
