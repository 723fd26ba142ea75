package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PatienceTest {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final Patience patience = new Patience(Duration.ofMinutes(10));

    @Test
    void failuresInARowWaitLongerAndLongerAndEndAfterTheLimit() {
        assertThat(patience.failed(0, -1)).hasValue(Duration.ofMillis(400));
        assertThat(patience.failed(MINUTE, -1)).hasValue(Duration.ofMillis(800));
        for (var i = 2; i <= 10; i++) {
            assertThat(patience.failed(i * MINUTE, -1).orElseThrow()).isLessThanOrEqualTo(Duration.ofSeconds(5));
        }
        assertThat(patience.failed(10 * MINUTE + 1, -1)).isEmpty();
    }

    @Test
    void whatBreaksOnceADayIsNotGivenUp() {
        for (var day = 1L; day < 30; day++) {
            assertThat(patience.failed(day * 1440 * MINUTE, day * 1440 * MINUTE - 1)).hasValue(Duration.ofMillis(400));
        }
    }
}
