package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TroubleTest {
    @Test
    void loginsThatAreRefusedForMinutesAreWaitedForAndCountAsNoFailure() {
        for (var e : List.of(new SQLException("too many connections for role \"app\"", "53300"), new SQLException("password authentication failed", "28P01"), new SQLException("no pg_hba.conf entry", "28000"))) {
            assertThat(Trouble.isRefusedLogin(e)).as(e.getMessage()).isTrue();
            assertThat(Trouble.pause(e)).as(e.getMessage()).hasSeconds(5);
        }
        for (var e : List.of(new SQLException("terminating connection", "57P01"), new SQLException("no state"), new IOException("reset"))) {
            assertThat(Trouble.isRefusedLogin(e)).as(e.getMessage()).isFalse();
        }
    }
}
