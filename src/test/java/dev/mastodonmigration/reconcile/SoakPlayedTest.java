package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Told;
import org.junit.jupiter.api.Test;

/** After the target took writes: edits are applied, and a source that wakes up is stopped again. */
class SoakPlayedTest {
    @Test
    void anEditDuringSoakIsApplied() {
        var spec = PlayedSpec.soak(live(), "1h");
        var played = PlayedMigration.of(spec).untilPhase("Soak");
        played.edit(PlayedSpec.image(spec, "mastodon:v4.5.4"));
        played.compute.cronJobs = false;
        played.until(status -> played.compute.deployed.equals("mastodon:v4.5.4"));
        assertThat(played.compute.cronJobs).as("what runs by the clock as well").isTrue();
    }

    @Test
    void whatCannotBeRunByTheClockIsToldUntilTheSpecIsCorrectedAndHoldsNothingUp() {
        var refused = new boolean[] {true};
        var spec = PlayedSpec.soak(live(), "1h");
        var played = new PlayedMigration(spec, call -> {
            if (call.equals("compute.ensureCronJobs") && refused[0]) {
                throw new OutsideException("the API server takes no schedule like that.", false);
            }
        });
        played.untilPhase("Soak");
        assertThat(played.status.findings).filteredOn(finding -> finding.id.startsWith("cron-jobs")).singleElement().satisfies(finding -> assertThat(finding.severity + " " + finding.message)
                .startsWith("Action What spec.target.compute.kubernetes.cronJobs names is not run by the clock as it says: the API server takes no schedule like that."));
        refused[0] = false;
        played.edit(PlayedSpec.image(spec, "mastodon:v4.5.4"));
        played.until(status -> status.findings.stream().noneMatch(finding -> finding.id.startsWith("cron-jobs")));
        assertThat(played.compute.cronJobs).isTrue();
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
