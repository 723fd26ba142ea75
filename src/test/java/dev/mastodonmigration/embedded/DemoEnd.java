package dev.mastodonmigration.embedded;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Ends the demo in order, whether it has come to its end or somebody pressed Ctrl-C, and says so in the second case. */
final class DemoEnd {
    private final DemoScreen screen;
    private final AtomicReference<World> world = new AtomicReference<>();
    private final AtomicBoolean reached = new AtomicBoolean();
    private final AtomicBoolean stopping = new AtomicBoolean();

    private DemoEnd(DemoScreen screen) {
        this.screen = screen;
    }

    /** From here on the end of this JVM is the end of the demo. */
    static DemoEnd register(DemoScreen screen) {
        var end = new DemoEnd(screen);
        Runtime.getRuntime().addShutdownHook(new Thread(end::run, "demo-end"));
        return end;
    }

    /** This is what runs and has to be closed. A demo that is stopped before leaves its servers to the kernel, which ends them with us. */
    void closes(World started) {
        world.set(started);
    }

    /** The demo has come to its own end. */
    void reached() {
        reached.set(true);
    }

    /** After Ctrl-C whatever uses the demo's servers fails, and that is no news: so the caller waits here for the end. */
    void awaitIfStopped() throws InterruptedException {
        if (stopping.get()) {
            new CountDownLatch(1).await();
        }
    }

    private void run() {
        stopping.set(true);
        var stopped = !reached.get();
        if (stopped) {
            screen.mute();
        }
        try {
            Optional.ofNullable(world.get()).ifPresent(World::close);
        } finally {
            if (stopped) {
                screen.stopped();
            }
        }
    }
}
