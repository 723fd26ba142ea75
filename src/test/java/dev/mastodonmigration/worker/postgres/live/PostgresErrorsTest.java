package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LastingErrorsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private final LastingErrors errors = new LastingErrors(Direction.FORWARD, LIMIT);

    private boolean isLasting(String state, String message, long seconds) {
        return errors.met(new SQLException(message, state), Duration.ofSeconds(seconds).toNanos()).isPresent();
    }

    @Test
    void theSameErrorAgainAndAgainIsTheLastWord() {
        assertThat(isLasting("42501", "permission denied for table users", 0)).isFalse();
        assertThat(isLasting("42501", "permission denied for table users", 30)).isFalse();
        assertThat(isLasting("42501", "permission denied for table users", 60)).isFalse();
        assertThat(errors.met(new SQLException("permission denied for table users", "42501"), Duration.ofSeconds(61).toNanos())).hasValueSatisfying(words ->
                assertThat(words).contains("permission denied for table users", "strategy.postgres to Dump"));
    }

    @Test
    void anotherOneOrOneThatPassedBeginsAnew() {
        assertThat(isLasting("42P01", "relation live does not exist", 0)).isFalse();
        assertThat(isLasting("42P01", "relation live does not exist", 100)).as("not seen for a while").isFalse();
        assertThat(isLasting("42P01", "relation live_tree does not exist", 130)).isFalse();
        assertThat(isLasting("42P01", "relation live does not exist", 130)).isFalse();
    }

    @Test
    void aLoginHasTheTimeInWhichASecretRotates() {
        for (var second = 0; second <= 900; second += 30) {
            assertThat(isLasting("28P01", "password authentication failed", second)).isFalse();
        }
        assertThat(isLasting("28P01", "password authentication failed", 901)).isTrue();
    }

    @Test
    void whatPassesIsNeverTheLastWord() {
        for (var second = 0; second <= 3600; second += 30) {
            var now = Duration.ofSeconds(second).toNanos();
            assertThat(errors.met(new SQLException("terminating connection", "57P01"), now)).isEmpty();
            assertThat(errors.met(new SQLException("no state"), now)).isEmpty();
            assertThat(errors.met(new IOException("reset"), now)).isEmpty();
        }
    }
}
