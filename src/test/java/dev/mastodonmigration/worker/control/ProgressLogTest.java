package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ProgressLogTest {
    @Test
    void aLineSaysTheStageHowFarAndHowFarBehind() {
        assertThat(ProgressLog.line("copy-postgres", new Progress.Reading("restoring", 430, 1000, 3, 118, 10, 57))).isEqualTo("copy-postgres: restoring, 43 %");
        assertThat(ProgressLog.line("replicate-redis", new Progress.Reading("copying", 0, 0, 50, 200, 0, -1))).isEqualTo("replicate-redis: copying, 25 %");
        assertThat(ProgressLog.line("replicate-postgres", new Progress.Reading("applying", 0, 0, 0, 0, 0, -1).withLag(1200, 3, false)))
                .isEqualTo("replicate-postgres: applying, 1200 changes behind (3 s)");
        assertThat(ProgressLog.line("close-source", Progress.Reading.STANDING_BY)).isEqualTo("close-source: standing by");
        assertThat(ProgressLog.line("copy-redis", new Progress.Reading("copying", 0, 0, 210, 200, 0, -1))).as("totals are estimates").isEqualTo("copy-redis: copying");
        assertThat(ProgressLog.line("replicate-postgres", new Progress.Reading("proving", 1000, 1000, 59, 118, 0, -1).withLag(2, 0, false)))
                .as("all is copied").isEqualTo("replicate-postgres: proving, 50 %, 2 changes behind (0 s)");
    }

    @Test
    void itTellsAgainAndAgainUntilTheTaskEnds() {
        var told = new AtomicInteger();
        try (var log = ProgressLog.every(Duration.ofMillis(5), told::incrementAndGet)) {
            await().until(() -> told.get() > 3);
        }
        var then = told.get();
        await().during(Duration.ofMillis(100)).until(() -> told.get() <= then + 1);
    }
}
