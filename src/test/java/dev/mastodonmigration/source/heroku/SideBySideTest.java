package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.outside.OutsideException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class SideBySideTest {
    @Test
    void eachWaitsForTheOthersAndTheAnswersKeepTheirOrder() {
        var all = List.of("a", "b", "c", "d", "e");
        var together = new CyclicBarrier(all.size());
        assertThat(SideBySide.all(all, name -> meet(together, name))).isEqualTo(all);
    }

    @Test
    void aFaultOfOursIsNotTakenForARefusal() {
        assertThatThrownBy(() -> SideBySide.each(List.of("a"), name -> { throw new IllegalStateException("ours"); })).isInstanceOf(IllegalStateException.class).hasMessage("ours");
    }

    @Test
    void anOperatorThatStopsDoesNotWaitForHeroku() throws InterruptedException {
        var asked = new CountDownLatch(1);
        var told = new CompletableFuture<Boolean>();
        var caller = Thread.ofPlatform().start(() -> {
            try {
                SideBySide.each(List.of("a", "b"), name -> {
                    asked.countDown();
                    forever();
                });
            } catch (OutsideException stopping) {
                told.complete(stopping.mayPass() && Thread.currentThread().isInterrupted());
            }
        });
        asked.await();
        caller.interrupt();
        assertThat(caller.join(Duration.ofSeconds(5))).isTrue();
        assertThat(told).isCompletedWithValue(true);
    }

    private static String meet(CyclicBarrier together, String name) {
        try {
            together.await(10, TimeUnit.SECONDS);
            return name;
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IllegalStateException("one after the other", e);
        }
    }

    private static void forever() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
