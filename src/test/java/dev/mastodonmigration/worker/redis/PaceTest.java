package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final Duration QUICK = Duration.ofMillis(3);
    private static final Duration SLOW = Duration.ofMillis(40);

    @Test
    void aSourceThatAnswersQuicklyIsReadAtFullPace() {
        assertThat(Pace.FULL.after(QUICK).rest()).isZero();
    }

    @Test
    void aSourceThatAnswersSlowlyIsGivenLongerAndLongerRestsUpToABound() {
        var once = Pace.FULL.after(SLOW);
        assertThat(once.rest()).isPositive();
        assertThat(once.after(SLOW).rest()).isEqualTo(once.rest().multipliedBy(2));
        var pace = once;
        for (int i = 0; i < 30; i++) {
            pace = pace.after(SLOW);
        }
        assertThat(pace.rest()).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void whenItRecoversThePaceComesBack() {
        var pace = Pace.FULL.after(SLOW).after(SLOW).after(SLOW);
        for (int i = 0; i < 10; i++) {
            pace = pace.after(QUICK);
        }
        assertThat(pace).isEqualTo(Pace.FULL);
    }
}
