package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final Backoff backoff = new Backoff(Optional.of(Duration.ofMinutes(10)));

    private static void assertAbout(Optional<Duration> pause, Duration longest) {
        assertThat(pause.orElseThrow()).isBetween(longest.dividedBy(2), longest);
    }

    @Test
    void failuresInARowWaitLongerAndLongerAndEndAfterTheLimit() {
        assertAbout(backoff.failed(0, -1), Duration.ofMillis(400));
        assertAbout(backoff.failed(MINUTE, -1), Duration.ofMillis(800));
        for (var i = 2; i <= 10; i++) {
            assertThat(backoff.failed(i * MINUTE, -1).orElseThrow()).isLessThanOrEqualTo(Duration.ofSeconds(5));
        }
        assertThat(backoff.failed(10 * MINUTE + 1, -1)).isEmpty();
    }

    @Test
    void whatBreaksOnceADayIsNotGivenUp() {
        for (var day = 1L; day < 30; day++) {
            assertAbout(backoff.failed(day * 1440 * MINUTE, day * 1440 * MINUTE - 1), Duration.ofMillis(400));
        }
    }

    @Test
    void withoutALimitNothingIsGivenUpAndThePauseStaysAtTheCap() {
        var patient = new Backoff(Optional.empty());
        for (var day = 0L; day < 10; day++) {
            patient.failed(day * 1440 * MINUTE, -1);
        }
        assertAbout(patient.failed(10 * 1440 * MINUTE, -1), Duration.ofSeconds(5));
    }

    @Test
    void whoFailedTogetherDoesNotComeBackTogether() {
        var pauses = java.util.stream.Stream.generate(() -> new Backoff(Optional.empty()).failed(0, -1)).limit(50).distinct().count();
        assertThat(pauses).isGreaterThan(10);
    }
}
