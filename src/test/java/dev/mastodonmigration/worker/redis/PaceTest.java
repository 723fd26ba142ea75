package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final Duration QUICK = Duration.ofMillis(3);
    private static final Duration SLOW = Duration.ofMillis(40);
    private static final long WORK = 1_000_000;

    @Test
    void aSourceThatAnswersQuicklyIsReadAtFullPace() {
        assertThat(Pace.FULL.after(QUICK).after(QUICK).restAfter(WORK)).isZero();
    }

    @Test
    void aSourceInAnotherRegionIsNotABusyOne() {
        var pace = Pace.FULL;
        for (int i = 0; i < 5; i++) {
            pace = pace.after(Duration.ofMillis(180 + i));
        }
        assertThat(pace.restAfter(WORK)).isZero();
        assertThat(pace.after(Duration.ofMillis(240)).restAfter(WORK)).as("busy, also by its own measure").isPositive();
    }

    @Test
    void aSourceThatAnswersSlowlyIsGivenLongerAndLongerRestsUpToABound() {
        var once = Pace.FULL.after(QUICK).after(SLOW);
        assertThat(once.restAfter(WORK)).isEqualTo(WORK);
        assertThat(once.after(SLOW).restAfter(WORK)).isEqualTo(2 * WORK);
        var pace = once;
        for (int i = 0; i < 30; i++) {
            pace = pace.after(SLOW);
        }
        assertThat(pace.restAfter(WORK)).isEqualTo(8 * WORK);
    }

    @Test
    void whenItRecoversThePaceComesBack() {
        var pace = Pace.FULL.after(QUICK).after(SLOW).after(SLOW).after(SLOW);
        for (int i = 0; i < 10; i++) {
            pace = pace.after(QUICK);
        }
        assertThat(pace).isEqualTo(new Pace(0, QUICK));
    }
}
