package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogCapTest {
    /** In MB and MiB. */
    @ParameterizedTest
    @CsvSource({"200, 190", "900, 64", "1050, 64", "2000, 1907", "31000, 238", "60000, 953", "300000, 3576", "2000000, 4096"})
    void isAShareOfWhatTheSmallestPlanThatHoldsTheDatabaseHasLeft(long megabytes, long capMebibytes) {
        assertThat(LogCap.bytes(megabytes * 1_000_000) >> 20).isEqualTo(capMebibytes);
    }
}
