package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.MastodonMigrationStatus.PostgresProgress;
import dev.mastodonmigration.api.MastodonMigrationStatus.RedisProgress;
import dev.mastodonmigration.api.PhaseId;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DemoScreenTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final DemoScreen screen = new DemoScreen(out, new DemoTerminal(false, 80), () -> now);
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
        assertThat(printed()).containsExactly("▶ Provision  " + PhaseId.Provision.caption(), "    ! Finding: a table without a key", "✔ Provision   claimed. Point DNS.",
                "▶ Rehearse  " + PhaseId.Rehearse.caption(), "    ! Finding: slow disk");
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
        assertThat(printed().getLast()).as("not yet again").contains("Postgres restoring");
        now = now.plusSeconds(10);
        screen.show(status, List.of());
        assertThat(printed().getLast()).isEqualTo("  Redis checking leftovers [█·········]  10 %  100 of 1000 keys");
        var narrow = new DemoScreen(out, new DemoTerminal(true, 40), () -> now);
        narrow.show(status, List.of());
        assertThat(printed().getLast()).endsWith("\r\u001b[K  Redis checking leftovers [█·········]").hasSize(4 + 39);
    }

    @Test
    void aLongStoryStaysWithin150Lines() {
        for (var phase : PhaseId.values()) {
            phase(phase.name(), PhaseState.Running, "begun");
            var findings = IntStream.range(0, 40).mapToObj(n -> event("Finding", phase.name() + " found " + n));
            var events = Stream.concat(Stream.of(event("PhaseStarted", "3/17 " + phase.name() + ": begun")), findings).toList();
            for (var megabytes = 0; megabytes < 30_000; megabytes += 1000) {
                copies("restoring", megabytes, "copying", 900);
                now = now.plusSeconds(1);
                screen.show(status, events);
            }
            status.phases.getLast().state = PhaseState.Succeeded;
            screen.show(status, events);
        }
        assertThat(printed()).hasSizeLessThanOrEqualTo(150 - 25).anyMatch(line -> line.contains("Preflight found 39")).anyMatch(line -> line.contains("… more is in"));
        assertThat(printed().getLast()).startsWith("✔ " + PhaseId.values()[PhaseId.values().length - 1]);
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
