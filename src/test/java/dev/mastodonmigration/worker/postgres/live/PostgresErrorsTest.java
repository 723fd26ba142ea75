package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PostgresErrorsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private final PostgresErrors errors = new PostgresErrors(Direction.FORWARD, LIMIT);

    private boolean isLasting(String state, String message, long seconds) {
        return errors.lasting(new SQLException(message, state), Duration.ofSeconds(seconds).toNanos()).isPresent();
    }

    @Test
    void theSameErrorAgainAndAgainIsTheLastWord() {
        assertThat(isLasting("42501", "permission denied for table users", 0)).isFalse();
        assertThat(isLasting("42501", "permission denied for table users", 30)).isFalse();
        assertThat(isLasting("42501", "permission denied for table users", 60)).isFalse();
        assertThat(errors.lasting(new SQLException("permission denied for table users", "42501"), Duration.ofSeconds(61).toNanos())).hasValueSatisfying(words ->
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
            assertThat(errors.lasting(new SQLException("terminating connection", "57P01"), now)).isEmpty();
            assertThat(errors.lasting(new SQLException("no state"), now)).isEmpty();
            assertThat(errors.lasting(new IOException("reset"), now)).isEmpty();
        }
    }

    @Test
    void loginsThatAreRefusedForMinutesAreWaitedForAndCountAsNoFailure() {
        for (var e : List.of(new SQLException("too many connections for role \"app\"", "53300"), new SQLException("password authentication failed", "28P01"), new SQLException("no pg_hba.conf entry", "28000"))) {
            assertThat(errors.isWaitedFor(e)).as(e.getMessage()).isTrue();
            assertThat(errors.mayPass(e)).as(e.getMessage()).isTrue();
        }
        for (var e : List.of(new SQLException("terminating connection", "57P01"), new SQLException("no state"), new SQLException("could not extend file", "53100"), new IOException("reset"))) {
            assertThat(errors.isWaitedFor(e)).as(e.getMessage()).isFalse();
        }
    }
}
