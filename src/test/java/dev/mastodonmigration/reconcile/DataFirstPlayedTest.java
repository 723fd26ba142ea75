package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.approved;
import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Backup;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Finding;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedRetirement;
import dev.mastodonmigration.played.PlayedSource;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Databases move, and the instance stays where it is; and the other way round. */
class DataFirstPlayedTest {
    static Stream<MastodonMigrationSpec> parts() {
        return Stream.of(live(), approved()).flatMap(spec -> Stream.of(PlayedSpec.postgresOnly(spec), PlayedSpec.redisOnly(spec), PlayedSpec.dataOnly(spec)));
    }

    @ParameterizedTest
    @MethodSource("parts")
    void theSourceRunsOnWithTheNewDatabases(MastodonMigrationSpec spec) {
        var played = PlayedMigration.of(spec).untilPhase("Soak");
        assertThat(played.source.serves()).isTrue();
        assertThat(played.source.quiet).as("its Sidekiq was started anew").isFalse();
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        var last = played.source.repointed.getLast();
        assertThat(last.postgres().isPresent()).isEqualTo(spec.target().postgres() != null);
        assertThat(last.redis().isPresent()).isEqualTo(spec.target().redis() != null);
        assertThat(played.source.serves()).as("nobody stops it again").isTrue();
        assertThat(played.source.stops).isEqualTo(1);
        assertThat(played.status.plan).doesNotContain("DeployCompute", "SmokeTest");
        assertThat(played.status.summary).isEqualTo("the instance uses the new databases");
        assertThat(played.workers.isEmpty()).isTrue();
        assertThat(played.source.credentialsKept).isFalse();
    }

    @Test
    void whatStaysIsNeitherCopiedNorClosedNorCompared() {
        var postgres = List.of(Tasks.REPLICATE_POSTGRES, Tasks.COPY_POSTGRES, Tasks.VERIFY_POSTGRES, Tasks.HOUSEKEEP_POSTGRES, Tasks.INSTALL_CAPTURE, Tasks.REHEARSE_POSTGRES, Tasks.REHEARSE_LIVE_POSTGRES);
        var redis = List.of(Tasks.REPLICATE_REDIS, Tasks.COPY_REDIS, Tasks.VERIFY_REDIS);
        for (var spec : List.of(live(), approved())) {
            assertThat(PlayedMigration.of(PlayedSpec.postgresOnly(spec)).untilPhase(MastodonMigrationStatus.COMPLETED).workers.ran).doesNotContainAnyElementsOf(redis);
            var played = PlayedMigration.of(PlayedSpec.redisOnly(spec)).untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(played.workers.ran).doesNotContainAnyElementsOf(postgres);
            assertThat(played.status.source.closedAt).isNull();
        }
    }

    @Test
    void theAppsAreToldBeforeTheNewDatabasesOpenAndStartedAfterThat() {
        var played = PlayedMigration.of(PlayedSpec.postgresOnly(live())).until(status -> status.downtime != null && status.downtime.targetOpenedAt != null);
        assertThat(played.source.usesItsOwn).isFalse();
        assertThat(played.source.lives()).isFalse();
        played.until(status -> status.downtime.targetWritableAt != null);
        assertThat(played.status.downtime.finishedAt).as("users still wait").isNull();
        played.untilPhase("Housekeeping");
        assertThat(Instant.parse(played.status.downtime.finishedAt)).isAfter(Instant.parse(played.status.downtime.targetWritableAt));
        assertThat(played.source.serves()).isTrue();
        assertThat(played.condition("SourceFrozen")).startsWith("True DatabaseClosed").contains("runs with the new databases");
    }

    @Test
    void aRefusalInTheMiddleOfItGoesBackToWhatWas() {
        var played = new PlayedMigration(PlayedSpec.dataOnly(live()), call -> {
            if (call.equals("source.repoint")) {
                throw new OutsideException("Heroku: Cannot overwrite attachment values DATABASE_URL", false);
            }
        });
        played.source.usesItsOwn = false;
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.usesItsOwn).as("it was pointed back").isTrue();
        assertThat(played.source.serves()).isTrue();
        assertThat(played.workers.sourceClosed).isFalse();
        assertThat(played.told).anyMatch(told -> told.message().contains("Cannot overwrite attachment values"));
    }

    @Test
    void anOutageThatLastsGoesBackWhenMaxDowntimeIsOver() {
        var played = new PlayedMigration(PlayedSpec.dataOnly(live()), call -> {
            if (call.equals("source.repoint")) {
                throw new OutsideException("Heroku's API failed", true);
            }
        }).untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.serves()).isTrue();
        assertThat(Duration.between(Instant.parse(played.status.downtime.startedAt), Instant.parse(played.status.downtime.finishedAt))).isBetween(Duration.ofMinutes(10), Duration.ofMinutes(11));
    }

    @Test
    void whatWasBegunIsPutBackBeforeAProcessStarts() {
        var played = PlayedMigration.of(PlayedSpec.postgresOnly(live()));
        played.source.looksUntilRepointed = 1000;
        played.untilPhase("GoLive").until(status -> played.source.looksUntilRepointed < 998);
        played.source.usesItsOwn = false;
        played.edit(PlayedSpec.state(PlayedSpec.postgresOnly(live()), DesiredState.Aborted));
        played.until(status -> played.source.lives());
        assertThat(played.source.usesItsOwn).isTrue();
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.serves()).isTrue();
    }

    /** Started anew with the target's Redis, which has no gate, its Sidekiq would run what the source's runs as well. */
    @Test
    void aProcessThatSomebodyStartedIsFoundBeforeTheAppsAreLedAnywhere() {
        var played = PlayedMigration.of(PlayedSpec.redisOnly(live())).untilPhase("GoLive");
        played.source.formation.put("worker", 1);
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.looksUntilRepointed).as("nobody began to").isEqualTo(2);
        assertThat(played.source.serves()).isTrue();
        assertThat(played.status.reason).contains("no longer stopped");
    }

    /** The operator dies between the opening and its writing that down, and meanwhile the spec is edited. */
    private static PlayedMigration openedAndThenEdited(MastodonMigrationSpec begun, MastodonMigrationSpec edited) {
        var played = PlayedMigration.of(begun);
        played.dies = decision -> played.workers.targetOpen;
        played.until(status -> played.workers.targetOpen);
        assertThat(played.status.downtime.targetWritableAt).isNull();
        played.dies = decision -> false;
        played.edit(edited);
        return played;
    }

    @Test
    void whatNobodyCouldTryIsAWarningUntilTheInstanceRunsWithIt() {
        var played = PlayedMigration.of(PlayedSpec.notApproved(PlayedSpec.dataOnly(live()))).untilPhase("AwaitCutover");
        assertThat(untried(played)).extracting(finding -> finding.severity + ": " + finding.message).containsExactlyInAnyOrder("Warning: Try to reach Postgres at target:5432.", "Warning: Try to reach Redis at target:6379.");
        played.edit(PlayedSpec.dataOnly(live()));
        played.until(status -> status.downtime != null && status.downtime.targetOpenedAt != null);
        assertThat(untried(played)).hasSize(2);
        played.untilPhase("Soak");
        assertThat(untried(played)).isEmpty();
        assertThat(untried(PlayedMigration.of(PlayedSpec.notApproved(live())).untilPhase("AwaitCutover"))).as("where compute moves nobody has to").isEmpty();
    }

    private static List<Finding> untried(PlayedMigration played) {
        return played.status.findings.stream().filter(finding -> finding.message.startsWith("Try to reach")).toList();
    }

    @Test
    void takingComputeFromTheSpecAfterTheOpeningDoesNotStartTheSourceWithWhatItLeft() {
        var played = openedAndThenEdited(live(), PlayedSpec.dataOnly(live()));
        played.until(status -> status.summary.startsWith("Stalled"));
        assertThat(played.condition("Stalled")).contains("spec.target.compute");
        assertThat(played.source.lives()).isFalse();
        played.edit(live());
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.lives()).isFalse();
        assertThat(played.compute.sidekiq).isTrue();
        assertThat(played.source.repointed).isEmpty();
    }

    @Test
    void addingComputeAfterTheOpeningDeploysNothing() {
        var played = openedAndThenEdited(PlayedSpec.dataOnly(live()), live());
        played.until(status -> played.source.serves());
        assertThat(played.source.usesItsOwn).isFalse();
        assertThat(played.compute.deployed).isEmpty();
        assertThat(played.compute.sidekiq).isFalse();
        played.edit(PlayedSpec.dataOnly(live()));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.serves()).isTrue();
    }

    /** Such as the Secret with the URL, by somebody who deletes everything in a namespace. */
    @Test
    void whatCannotBeReadAfterTheOpeningKeepsNobodyDown() {
        var open = new boolean[1];
        var played = new PlayedMigration(PlayedSpec.dataOnly(live()), call -> {
            if (open[0] && call.equals("database.url")) {
                throw new MissingInputException("Secret target-postgres is missing.");
            }
        });
        played.until(status -> status.downtime != null && status.downtime.targetWritableAt != null);
        open[0] = true;
        played.until(status -> played.source.serves());
        assertThat(played.status.findings).anyMatch(finding -> finding.message.contains("Secret target-postgres is missing."));
    }

    /** Whatever the spec says by then: what the apps had is in status. */
    @Test
    void anEditThatTakesComputeAlongIsNoWayAroundThat() {
        var played = PlayedMigration.of(PlayedSpec.postgresOnly(live())).until(status -> status.downtime != null && status.downtime.targetOpenedAt != null);
        assertThat(played.source.usesItsOwn).isFalse();
        played.edit(live());
        played.until(status -> played.source.serves());
        assertThat(played.source.usesItsOwn).isEqualTo(!played.workers.targetOpen);
    }

    @Test
    void aSourceThatSomebodyLedBackIsToldAndKeepsTheGate() {
        var spec = PlayedSpec.notRetired(PlayedSpec.postgresOnly(live()));
        var played = PlayedMigration.of(spec).untilPhase("AwaitRetire").until(status -> "waiting for your approval".equals(status.summary));
        assertThat(played.condition("AwaitingApproval")).contains("with the new databases", "the write gate is removed from the old database").doesNotContain("Meanwhile");
        played.source.usesItsOwn = true;
        played.until(status -> played.condition("AwaitingApproval").contains("somebody led the source back to the databases that it left (DATABASE_URL of example-web)"));
        played.edit(PlayedSpec.postgresOnly(live()));
        played.until(status -> status.summary.startsWith("Stalled"));
        assertThat(played.workers.sourceClosed).isTrue();
        played.source.usesItsOwn = false;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.workers.sourceClosed).isFalse();
    }

    @Test
    void theAddOnsThatItLeftAreDeletedAfterAFinalBackupWhileItRuns() {
        var spec = PlayedSpec.retire(PlayedSpec.dataOnly(live()), new Retire(false, null, null, true, null, new Backup("last-copy", null), "1h"));
        var played = PlayedMigration.of(spec).untilPhase("AwaitRetire").until(status -> "waiting for your approval".equals(status.summary));
        assertThat(played.condition("AwaitingApproval")).contains("with the new databases", "is dumped into the volume last-copy", "Then is deleted for good, in this order: Redis add-on redis-round-1", "; Postgres add-on")
                .doesNotContain("; app", "MIGRATED_");
        played.edit(PlayedSpec.retire(spec, new Retire(true, null, null, true, null, new Backup("last-copy", null), "1h")));
        played.until(status -> status.phases.getLast().message.contains("spec.retire.quietFor"));
        assertThat(played.status.phases.getLast().message).as("its router leads to the instance").doesNotContain("router");
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.workers.ran).containsSubsequence(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThat(played.source.retirement.left).containsExactly(PlayedRetirement.APP);
        assertThat(played.source.serves()).isTrue();
        assertThat(played.source.stops).isEqualTo(1);
    }

    @Test
    void theGateAsksWhetherTheAppsReachWhatTheyAreToUse() {
        var spec = PlayedSpec.notApproved(PlayedSpec.dataOnly(live()));
        var played = PlayedMigration.of(spec).until(status -> "waiting for your approval".equals(status.summary));
        assertThat(played.condition("AwaitingApproval")).contains("the played source can reach what it is to use", "heroku run", "the new Postgres and the new Redis").doesNotContain("DNS", "TTL");
    }

    @Test
    void computeAloneMovesToTheDatabasesThatStay() {
        var played = PlayedMigration.of(PlayedSpec.computeOnly(live())).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.compute.sidekiq).isTrue();
        assertThat(played.source.lives()).isFalse();
        assertThat(played.source.repointed).isEmpty();
        assertThat(played.status.verification.postgres.rows).isZero();
    }

    @Test
    void computeAloneGoesBackToo() {
        var spec = PlayedSpec.computeOnly(live());
        var played = PlayedMigration.of(spec).untilPhase("Drain");
        played.edit(PlayedSpec.state(spec, DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.formation).isEqualTo(PlayedSource.BEFORE);
        assertThat(played.compute.deployed).isEmpty();
    }
}
