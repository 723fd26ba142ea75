package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.status.Told;
import org.junit.jupiter.api.Test;

/** After the target took writes: edits are applied, and a source that wakes up is stopped again. */
class SoakPlayedTest {
    @Test
    void anEditDuringSoakIsApplied() {
        var spec = PlayedSpec.soak(live(), "1h");
        var played = PlayedMigration.of(spec).untilPhase("Soak");
        played.edit(PlayedSpec.image(spec, "mastodon:v4.5.4"));
        played.until(status -> played.compute.deployed.equals("mastodon:v4.5.4"));
    }

    @Test
    void anEditThatTakesNewMachinesIsAppliedOnceTheyAreThere() {
        var spec = PlayedSpec.soak(live(), "1h");
        var played = PlayedMigration.of(spec).untilPhase("Soak");
        played.compute.looksUntilCreated = 3;
        played.edit(PlayedSpec.image(spec, "mastodon:v4.5.4"));
        played.until(status -> status.summary.contains("your edit is being rolled out: a machine is being created"));
        played.until(status -> played.compute.deployed.equals("mastodon:v4.5.4"));
    }

    @Test
    void aSourceThatWakesUpDuringSoakIsStoppedAgainAndTheConditionSaysSo() {
        var played = PlayedMigration.of(PlayedSpec.soak(live(), "1h")).untilPhase("Soak");
        played.source.formation.put("web", 2);
        played.until(status -> status.conditions.stream().anyMatch(condition -> condition.getType().equals("SourceFrozen") && condition.getReason().equals("Awake")));
        assertThat(played.source.awake()).isEmpty();
        assertThat(played.told).extracting(Told::reason).contains("SourceAwake");
        played.until(status -> status.conditions.stream().anyMatch(condition -> condition.getType().equals("SourceFrozen") && condition.getReason().equals("Frozen")));
    }

    @Test
    void aSourceThatWakesUpWhileRetiringWaitsForApprovalIsStoppedAgain() {
        var spec = PlayedSpec.notRetired(live());
        var played = PlayedMigration.of(spec).untilPhase("AwaitRetire");
        played.source.formation.put("worker", 1);
        played.until(status -> played.source.awake().isEmpty());
        assertThat(played.condition("SourceFrozen")).startsWith("False Awake");
    }
}
