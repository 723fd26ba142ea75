package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class DrainSignalTest {
    private static final Duration LONG = Duration.ofHours(1);

    private final DrainSignal drain = new DrainSignal();

    private Thread pauseBeside() {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                drain.pause(LONG);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void theRequestEndsThePauseThatItFinds() throws Exception {
        var pausing = pauseBeside();
        Awaitility.await("the pause has begun").until(() -> pausing.getState() == Thread.State.TIMED_WAITING);
        drain.request();
        assertThat(pausing.join(Duration.ofSeconds(30))).as("has ended").isTrue();
    }

    @Test
    void afterTheRequestAPauseIsShort() throws Exception {
        drain.request();
        assertThat(pauseBeside().join(Duration.ofSeconds(30))).as("has ended").isTrue();
    }

    /** What takes so long waits for something else than a look, and looking that closely only costs. */
    @Test
    void longAfterTheRequestAPauseLastsAgainAsLongAsItWasMeantTo() throws Exception {
        var now = new AtomicLong();
        var requested = new DrainSignal(now::get);
        requested.request();
        now.set(Duration.ofSeconds(31).toNanos());
        var begun = System.nanoTime();
        requested.pause(Duration.ofMillis(100));
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(100_000_000);
    }

    @Test
    void withoutOneAPauseLastsAsLongAsItWasMeantTo() throws Exception {
        var begun = System.nanoTime();
        drain.pause(Duration.ofMillis(50));
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(50_000_000);
        assertThat(drain.isRequested()).isFalse();
    }
}
