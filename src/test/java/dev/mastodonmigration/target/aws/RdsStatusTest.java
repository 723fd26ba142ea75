package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RdsStatusTest {
    @ParameterizedTest
    @CsvSource(delimiter = ':', textBlock = """
            READY: available storage-optimization
            BUSY: creating rebooting starting stopping upgrading backing-up modifying maintenance renaming resetting-master-credentials configuring-log-exports validating-configuration moving-to-vpc
            REPAIRABLE: storage-full stopped incompatible-parameters incompatible-option-group inaccessible-encryption-credentials-recoverable
            DEAD: failed incompatible-restore incompatible-network incompatible-credentials restore-error insufficient-capacity inaccessible-encryption-credentials unsupported-configuration
            GOING: deleting deleted delete-precheck
            UNKNOWN: pondering Available ''
            """)
    void everyWordHasItsClass(RdsStatus status, String words) {
        for (var word : words.split(" ")) {
            assertThat(RdsStatus.of(word.replace("'", ""))).as(word).isEqualTo(status);
        }
    }

    @ParameterizedTest
    @CsvSource({"storage-full,allocated-storage", "stopped,start-db-instance", "incompatible-parameters,reset-db-parameter-group", "failed,skip-final-snapshot"})
    void whatDoesNotHealByItselfSaysTheWayOut(String word, String command) {
        assertThat(RdsStatus.wayOut(word, "x")).contains(command);
    }
}
