package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.MastodonMigrationStatus.PostgresProgress;
import dev.mastodonmigration.api.MastodonMigrationStatus.RedisProgress;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DemoScreenTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private final DemoScreen screen = new DemoScreen(out, new DemoTerminal(false, 80));
    private final MastodonMigrationStatus status = new MastodonMigrationStatus();

    @Test
    void whatAPhaseFoundStandsBetweenItsLinesAndNothingStandsThereTwice() {
        var events = List.of(event("PhaseStarted", "Provision: claiming"), event("PhaseSucceeded", "Provision: claimed. Point DNS."), event("Finding", "a table without a key"),
                event("Finding", "Point DNS."), event("PhaseStarted", "Rehearse: copying"), event("Finding", "a table without a key"), event("Finding", "slow disk"));
        phase("Provision", PhaseState.Running, "claiming");
        screen.show(status, events);
        status.phases.clear();
        phase("Provision", PhaseState.Succeeded, "claimed. Point DNS.");
        screen.show(status, events);
        phase("Rehearse", PhaseState.Running, "copying");
        screen.show(status, events);
        screen.show(status, events);
        assertThat(printed()).containsExactly("▶ Provision  claiming the target's databases", "    ! Finding: a table without a key", "✔ Provision   claimed. Point DNS.",
                "▶ Rehearse  copying into a scratch database, verifying it and dropping it", "    ! Finding: slow disk");
    }

    @Test
    void aGateAsksBeforeItIsAnswered() {
        phase("AwaitCutover", PhaseState.Running, "Ready to cut over.");
        screen.show(status, List.of(event("PhaseStarted", "AwaitCutover: waiting"), event("AwaitingApproval", "Ready to cut over.")));
        assertThat(printed()).last().isEqualTo("    · AwaitingApproval: Ready to cut over.");
    }

    @Test
    void theBarIsOneLineOfTheCopyWithMoreLeftAndFitsTheTerminal() {
        phase("Drain", PhaseState.Running, "copying the data");
        copies("restoring", 300, "copying", 900);
        screen.show(status, List.of());
        assertThat(printed().getLast()).isEqualTo("  Postgres restoring       [··········]   1 %  4 min left  70.0 MB/s");
        copies("restoring", 29_000, "looking for strays", 100);
        screen.show(status, List.of());
        assertThat(printed().getLast()).isEqualTo("  Redis checking leftovers [█·········]  10 %  100 of 1000 keys");
        var narrow = new DemoScreen(out, new DemoTerminal(true, 40));
        narrow.show(status, List.of());
        assertThat(printed().getLast()).endsWith("\r\u001b[K  Redis checking leftovers [█·········]").hasSize(4 + 39);
    }

    @Test
    void afterCtrlCOnlyTheLastWordIsShown() {
        screen.mute();
        screen.line("Connection refused");
        screen.stopped();
        assertThat(printed()).containsExactly("", "Stopped. Nothing of it is left running.");
    }

    private void copies(String postgresStage, long megabytes, String redisStage, long keys) {
        status.progress = new MastodonMigrationStatus.Progress();
        status.progress.etaSeconds = 240L;
        status.progress.postgres = new PostgresProgress();
        status.progress.postgres.stage = postgresStage;
        status.progress.postgres.bytesCopied = megabytes * 1_000_000;
        status.progress.postgres.bytesTotal = 30_000_000_000L;
        status.progress.postgres.bytesPerSecond = 70_000_000L;
        status.progress.redis = new RedisProgress();
        status.progress.redis.stage = redisStage;
        status.progress.redis.keysCopied = keys;
        status.progress.redis.keysTotal = 1000L;
        status.progress.redis.bytesPerSecond = 0L;
    }

    private void phase(String name, PhaseState state, String message) {
        var record = new PhaseRecord();
        record.name = name;
        record.state = state;
        record.message = message;
        status.phases.add(record);
    }

    private static Event event(String reason, String message) {
        return new EventBuilder().withType(reason.equals("Finding") ? "Warning" : "Normal").withReason(reason).withMessage(message).build();
    }

    private List<String> printed() {
        return List.of(bytes.toString(StandardCharsets.UTF_8).split("\n"));
    }
}
