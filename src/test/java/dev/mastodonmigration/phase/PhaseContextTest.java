package dev.mastodonmigration.phase;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PhaseContextTest {
    private static final Instant BEGUN = Instant.parse("2026-11-29T12:00:00Z");

    @Test
    void whatIsCreatedElsewhereIsLookedAtOftenAsLongAsEachLookMakesSomethingAndSeldomLater() {
        assertThat(untilNextLookAfter(Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(1));
        assertThat(untilNextLookAfter(Duration.ofMinutes(10))).isEqualTo(Duration.ofSeconds(5));
    }

    private static Duration untilNextLookAfter(Duration time) {
        var status = new MastodonMigrationStatus();
        var record = new PhaseRecord();
        record.name = PhaseRun.of(PhaseId.Provision).name();
        record.startedAt = BEGUN.toString();
        status.phases.add(record);
        return new PhaseContext(null, status, 1, PhaseRun.of(PhaseId.Provision), BEGUN.plus(time), null).untilNextLook();
    }
}
