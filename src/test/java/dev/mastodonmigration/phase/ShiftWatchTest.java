package dev.mastodonmigration.phase;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.SideFigures;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShiftWatchTest {
    /** @param fault why the source does not answer directly; empty where it does */
    @ParameterizedTest(name = "{0} answers, {1} of 5xx, {2} failures, {3} of {4} deliveries refused, all begin within {5} ms; direct {6} ms {7}")
    @CsvSource({
        "0, 0, 0, 0, 0, 50, 20, '', ''",
        "0, 0, 99, 0, 0, 50, 20, '', ''",
        "19, 1, 1, 0, 0, 50, 20, '', ''",
        "100, 9, 0, 0, 0, 50, 20, '', ''",
        "100, 10, 0, 0, 0, 50, 20, '', 10.0 % of them failed",
        "300, 10, 0, 0, 0, 50, 20, '', ''",
        "190, 0, 10, 0, 0, 50, 20, '', 5.0 % of them failed",
        "0, 0, 100, 0, 0, 50, 20, '', 100.0 % of them failed",
        "190, 5, 5, 0, 0, 50, 20, it answers 503, ''",
        "100, 0, 0, 9, 9, 50, 20, '', ''",
        "300, 0, 0, 10, 200, 50, 20, '', ''",
        "300, 0, 0, 11, 200, 50, 20, '', 11 of 200 deliveries of other servers were refused for good",
        "300, 0, 0, 11, 200, 50, 20, it answers 503, ''",
        "99, 0, 0, 0, 0, 10000, 20, '', ''",
        "100, 0, 0, 0, 0, 5000, 20, '', ''",
        "100, 0, 0, 0, 0, 10000, 20, '', 5 of 100 took longer than 5 s",
        "100, 0, 0, 0, 0, 10000, 1100, '', ''",
        "100, 0, 0, 0, 0, 10000, 20, it answers 503, ''",
        "100, 50, 0, 0, 0, 10000, 4000, '', 50.0 % of them failed"})
    void theEdgeIsToBlameWhereItServesManyUsersBadlyAndTheSourceItselfDoesNot(long answers, long errors, long failures, long refused, long deliveries, long within, long direct, String fault, String worse) {
        var lately = new SideFigures(List.of(0L, answers - errors, 0L, 0L, errors), failures, 0, deliveries, refused, latencies(within, answers), answers * within);
        var why = ShiftWatch.worse(lately, () -> new DirectProbe(Optional.of(fault).filter(words -> !words.isEmpty()), direct));
        if (worse.isEmpty()) {
            assertThat(why).isEmpty();
        } else {
            assertThat(why).hasValueSatisfying(words -> assertThat(words).contains(worse));
        }
    }

    /** Behind an edge that the source does not trust all users have one rate limit together. */
    @ParameterizedTest(name = "{0} of {1} answers are 429; direct {2}")
    @CsvSource({"9, 100, '', false", "10, 100, '', true", "10, 200, '', false", "11, 200, '', true", "60, 99, '', false", "60, 100, it answers 503, false"})
    void manyUsersWhoAreTakenForOneAreToldSoWithTheRemedy(long limited, long answers, String fault, boolean isWorse) {
        var lately = new SideFigures(List.of(0L, answers - limited, 0L, limited, 0L), 0, limited, 0, 0, latencies(50, answers), answers * 50);
        var why = ShiftWatch.worse(lately, () -> new DirectProbe(Optional.of(fault).filter(words -> !words.isEmpty()), 20));
        assertThat(why.isPresent()).isEqualTo(isWorse);
        why.ifPresent(words -> assertThat(words).contains(limited + " of " + answers + " answers were 429 (too many requests), as where the source takes all users for one", "set TRUSTED_PROXY_IP of its apps to the private networks"
                + " and the addresses by which this cluster reaches the internet"));
    }

    private static List<Long> latencies(long within, long answers) {
        var latencies = new ArrayList<>(Collections.nCopies(SideFigures.BOUNDS_MILLIS.size() + 1, 0L));
        latencies.set(SideFigures.BOUNDS_MILLIS.indexOf(within), answers);
        return latencies;
    }

    @Test
    void aFewSlowUploadsAreNoSlowEdge() {
        var latencies = new ArrayList<>(latencies(50, 180));
        latencies.set(SideFigures.BOUNDS_MILLIS.indexOf(10_000L), 20L);
        var lately = new SideFigures(List.of(0L, 200L, 0L, 0L, 0L), 0, 0, 0, 0, latencies, 200_000);
        assertThat(lately.p95Millis()).isEqualTo(10_000);
        assertThat(ShiftWatch.worse(lately, () -> new DirectProbe(Optional.empty(), 20))).isEmpty();
    }
}
