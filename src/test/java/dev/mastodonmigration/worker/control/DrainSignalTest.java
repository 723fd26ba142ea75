package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DrainSignalTest {
    private static final Duration LONG = Duration.ofHours(1);

    private final DrainSignal drain = new DrainSignal();

    private CompletableFuture<Void> pauseBeside() {
        return CompletableFuture.runAsync(() -> {
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
        drain.request();
        pausing.get(30, TimeUnit.SECONDS);
        assertThat(drain.isRequested()).isTrue();
    }

    @Test
    void afterTheRequestAPauseIsShort() throws Exception {
        drain.request();
        pauseBeside().get(30, TimeUnit.SECONDS);
    }

    @Test
    void withoutOneAPauseLastsAsLongAsItWasMeantTo() throws Exception {
        var begun = System.nanoTime();
        drain.pause(Duration.ofMillis(50));
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(50_000_000);
        assertThat(drain.isRequested()).isFalse();
    }
}
