package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetryTest {
    private final DrainSignal drain = new DrainSignal();
    private final List<String> told = new ArrayList<>();
    private final AtomicInteger attempts = new AtomicInteger();

    /** The network's errors may pass; those of them that say so are lasting, or waited for. */
    private static final Retry.Errors ERRORS = new Retry.Errors() {
        @Override
        public boolean mayPass(Exception e) {
            return e instanceof IOException;
        }

        @Override
        public Optional<String> lasting(Exception e, long now) {
            return e.getMessage().equals("lasting") ? Optional.of("Correct it there.") : Optional.empty();
        }

        @Override
        public boolean isWaitedFor(Exception e) {
            return e.getMessage().equals("disk full");
        }
    };

    private Retry retry(Optional<Duration> limit) {
        var begun = System.nanoTime();
        return new Retry(drain, ERRORS, e -> told.add(e.getMessage()), () -> begun, limit);
    }

    private String failingFirst(String message) throws IOException {
        if (attempts.incrementAndGet() == 1) {
            throw new IOException(message);
        }
        return "done";
    }

    @Test
    void whatPassesIsTriedAgainAndTold() throws Exception {
        assertThat(retry(Optional.empty()).until(() -> failingFirst("reset"))).isEqualTo("done");
        assertThat(told).containsExactly("reset");
    }

    @Test
    void whatDoesNotPassIsThrownAtOnceOrRefusedInWords() {
        assertThatThrownBy(() -> retry(Optional.empty()).run(() -> {
            attempts.incrementAndGet();
            throw new IllegalStateException("a fault of ours");
        })).hasMessage("a fault of ours");
        assertThat(attempts.getAndSet(0)).isEqualTo(1);
        assertThatThrownBy(() -> retry(Optional.empty()).until(() -> failingFirst("lasting"))).isInstanceOf(Refusal.class).hasMessage("Correct it there.");
        assertThat(told).isEmpty();
    }

    @Test
    void whoeverSucceededInNothingForTooLongGivesUpWithTheLastFailure() {
        assertThatThrownBy(() -> retry(Optional.of(Duration.ZERO)).run(() -> {
            throw new IOException("reset " + attempts.incrementAndGet());
        })).isInstanceOf(IOException.class).hasMessage("reset 2");
    }

    @Test
    void theDrainsRequestCutsThisPauseAndEveryLaterOneShort() throws Exception {
        var retry = retry(Optional.empty());
        var paused = CompletableFuture.runAsync(() -> pause(retry));
        drain.request();
        paused.get(20, TimeUnit.SECONDS);
        CompletableFuture.runAsync(() -> pause(retry)).get(20, TimeUnit.SECONDS);
    }

    private static void pause(Retry retry) {
        try {
            retry.pause(Duration.ofDays(1));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void anInterruptionEndsIt() throws Exception {
        var waits = new CountDownLatch(1);
        var ended = new CompletableFuture<Exception>();
        var thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                new Retry(drain, ERRORS, e -> waits.countDown(), System::nanoTime, Optional.empty()).until(() -> failingFirst("disk full"));
            } catch (Exception e) {
                ended.complete(e);
            }
        });
        waits.await();
        thread.interrupt();
        assertThat(ended.get(20, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    }
}
