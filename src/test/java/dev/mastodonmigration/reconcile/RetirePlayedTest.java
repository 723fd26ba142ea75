package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.Backup;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationSpec.S3;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretRef;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.AssetKind;
import dev.mastodonmigration.api.MastodonMigrationStatus.AssetState;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.cost.Item;
import dev.mastodonmigration.cost.Price;
import dev.mastodonmigration.cost.Unit;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedRetirement;
import dev.mastodonmigration.source.Retirement.Asset;
import dev.mastodonmigration.source.Source.Arrivals;
import dev.mastodonmigration.status.Told;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The end of the old host, against a played one: what is written down before it is done, what is refused, and an operator that dies or is refused at each of its steps. */
class RetirePlayedTest {
    private static final Backup VOLUME = new Backup("last-copy", null);

    private static MastodonMigrationSpec spec(Boolean approved, Boolean finalBackup, Boolean addOns, Boolean apps, Backup backup) {
        return PlayedSpec.retire(live(), new Retire(approved, finalBackup, true, addOns, apps, backup, "1h"));
    }

    private static MastodonMigrationSpec everything(boolean approved) {
        return spec(approved, null, true, true, VOLUME);
    }

    private static PlayedMigration atTheGate(MastodonMigrationSpec spec) {
        return PlayedMigration.of(spec).until(status -> "AwaitRetire".equals(status.phase) && status.phases.getLast().told != null);
    }

    @Test
    void theGateSaysWhatIsDeletedInWhichOrderAndWhatItCosts() {
        var played = atTheGate(everything(false));
        assertThat(played.condition("AwaitingApproval")).contains("Before anything else the source's Postgres is dumped into the volume last-copy and read back. Config vars are not in it", "Redis is not backed up.")
                .contains("Then is deleted for good, in this order: Redis add-on redis-round-1 of example-web (heroku-redis:premium-0, 15.00 USD a month); "
                        + "Postgres add-on postgresql-round-1 of example-web (heroku-postgresql:standard-0, 50.00 USD a month); app example-web.");
        assertThat(played.source.retirement.asked).isEmpty();
        assertThat(played.status.retirement.assets).extracting(asset -> asset.state).containsOnly(AssetState.Planned);
    }

    @Test
    void anApprovalThatComesWithTheWishToDeleteIsNotTakenBeforeTheListWasShown() {
        var played = atTheGate(spec(false, null, null, null, VOLUME));
        played.now = played.now.plus(Duration.ofHours(2));
        played.edit(everything(true));
        played.now = played.now.plus(played.step());
        assertThat(played.status.phase).isEqualTo("AwaitRetire");
        assertThat(played.status.phases.getLast().message).contains("begins once this was written down", "Then is deleted for good, in this order: Redis add-on redis-round-1");
        played.now = played.now.plus(Duration.ofHours(1));
        played.step();
        assertThat(played.status.phase).as("that list is old").isEqualTo("AwaitRetire");
        played.untilPhase("Retire");
    }

    @Test
    void thatNobodyWaitsIsSaidAtTheGate() {
        assertThat(atTheGate(everything(false)).condition("AwaitingApproval")).doesNotContain("quietFor is 0s");
        assertThat(atTheGate(PlayedSpec.retire(live(), new Retire(false, null, true, true, true, VOLUME, "0s"))).condition("AwaitingApproval")).contains("It begins as soon as it is approved, because spec.retire.quietFor is 0s");
    }

    @Test
    void whatAnOlderVersionBeganIsNotDeletedAndThatIsSaid() {
        var played = PlayedMigration.of(everything(false));
        played.source.retirement.left.removeIf(asset -> asset.kind() != AssetKind.App);
        played.until(status -> "AwaitRetire".equals(status.phase) && status.phases.getLast().told != null);
        assertThat(played.condition("AwaitingApproval")).contains("The source's Postgres was no add-on", "older version of this operator, which did not write its id down");
    }

    @Test
    void whatIsNotAskedForIsNotDeleted() {
        var played = PlayedMigration.of(spec(true, null, true, null, VOLUME)).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.retirement.asked).containsExactly(PlayedRetirement.REDIS, PlayedRetirement.POSTGRES);
        assertThat(played.source.retirement.left).containsExactly(PlayedRetirement.APP);

        var nothing = PlayedMigration.of(spec(true, true, null, null, VOLUME)).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(nothing.source.retirement.asked).isEmpty();
        assertThat(nothing.workers.ran).as("a backup alone").containsSubsequence(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThat(nothing.status.retirement.backup.persistentVolumeClaim).isEqualTo("last-copy");
    }

    @Test
    void theBackupComesFirstAndEachDeletionIsToldBeforeAndAfter() {
        var played = PlayedMigration.of(everything(true));
        played.until(status -> {
            assertThat(played.source.retirement.asked.isEmpty() || status.retirement.backup != null && status.internal.sourceReleasedAt != null).as("nothing is deleted before the backup").isTrue();
            played.source.retirement.asked.forEach(asked -> assertThat(status.retirement.assets).anyMatch(asset -> asset.id.equals(asked.id()) && asset.state != AssetState.Planned));
            return MastodonMigrationStatus.COMPLETED.equals(status.phase);
        });
        assertThat(played.source.retirement.asked).containsExactly(PlayedRetirement.REDIS, PlayedRetirement.POSTGRES, PlayedRetirement.APP);
        assertThat(played.told).extracting(Told::reason).containsSubsequence("FinalBackup", "Deleting", "Deleted", "Deleting", "Deleted", "Deleting", "Deleted");
        assertThat(played.told).extracting(Told::message).anyMatch(message -> message.contains("Deleting Postgres add-on postgresql-round-1 of example-web (heroku-postgresql:standard-0, 50.00 USD a month) for good"));
        assertThat(played.status.retirement.assets).allMatch(asset -> asset.state == AssetState.Removed && asset.removedAt != null);
        assertThat(played.status.phases.getLast().message).contains("Deleted on the old host: Redis add-on redis-round-1");
    }

    @Test
    void approvedItWaitsUntilTheTargetHasTakenWritesForLongEnough() {
        var played = atTheGate(everything(false));
        var writable = Instant.parse(played.status.downtime.targetWritableAt);
        played.edit(everything(true));
        played.until(status -> !status.phases.getLast().message.contains("begins once this was written down"));
        assertThat(played.status.phase).isEqualTo("AwaitRetire");
        assertThat(played.status.phases.getLast().message).contains("spec.retire.quietFor after the target took its first writes", "Then is deleted for good, in this order: Redis add-on redis-round-1 of example-web (heroku-redis:premium-0, 15.00 USD a month)");
        played.untilPhase("Retire");
        assertThat(Duration.between(writable, played.now)).isBetween(Duration.ofMinutes(59), Duration.ofMinutes(61));
        assertThat(played.source.retirement.asked).isEmpty();
    }

    private static void came(PlayedMigration played, int count) {
        played.source.arrivals = Optional.of(new Arrivals(count, played.now, "www.example.social", played.now.minusSeconds(60)));
    }

    @Test
    void noAppIsDeletedBeforeNobodyHasComeForLongEnough() {
        var played = atTheGate(everything(false));
        played.now = played.now.plus(Duration.ofHours(5));
        came(played, 7);
        played.until(status -> status.phases.getLast().message.contains("Somebody still came"));
        assertThat(played.condition("AwaitingApproval")).contains("by the name www.example.social", "7 requests", "404", "spec.retire.quietFor: 0s goes on regardless");
        played.edit(everything(true));
        played.until(status -> status.phases.getLast().message.contains("does not begin before"));
        played.now = played.now.plus(Duration.ofMinutes(30));
        came(played, 8);
        var last = played.now;
        played.until(status -> status.retirement.stragglers.count == 8);
        played.source.arrivals = Optional.empty();
        assertThat(played.status.phase).isEqualTo("AwaitRetire");
        played.untilPhase("Retire");
        assertThat(Duration.between(last, played.now)).as("remembered, although newer lines have pushed it out").isBetween(Duration.ofMinutes(59), Duration.ofMinutes(61));
        assertThat(played.source.retirement.asked).isEmpty();
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void whoComesWhileThePartsAreDeletedKeepsTheRest() {
        var played = PlayedMigration.of(everything(true));
        played.until(status -> played.source.retirement.asked.size() == 2);
        played.now = played.now.plus(Duration.ofMinutes(11));
        came(played, 1);
        played.until(status -> status.phases.getLast().message.contains("Somebody still came"));
        assertThat(played.source.retirement.left).contains(PlayedRetirement.APP);
        var last = played.now;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(Duration.between(last, played.now)).isGreaterThan(Duration.ofMinutes(50));
    }

    @Test
    void theLogIsNotReadOften() {
        var played = atTheGate(everything(false));
        var before = played.source.logsRead;
        var since = played.now;
        played.until(status -> played.source.logsRead >= before + 4);
        assertThat(Duration.between(since, played.now)).isGreaterThanOrEqualTo(Duration.ofMinutes(30));
        var unread = new PlayedMigration(everything(false), call -> {
            if (call.equals("source.arrivals")) {
                throw new OutsideException("no answer", true);
            }
        });
        unread.until(status -> unread.source.logsRead > 0);
        var first = unread.now;
        unread.until(status -> unread.source.logsRead >= 5);
        assertThat(Duration.between(first, unread.now)).isGreaterThanOrEqualTo(Duration.ofMinutes(40));
    }

    @Test
    void whereNoAppIsDeletedOrNobodyIsWaitedForNobodyReadsTheLog() {
        for (var spec : List.of(spec(true, null, true, null, VOLUME), PlayedSpec.retire(live(), new Retire(true, null, true, true, true, VOLUME, "0s")))) {
            assertThat(PlayedMigration.of(spec).untilPhase(MastodonMigrationStatus.COMPLETED).source.logsRead).isZero();
        }
    }

    /** Who refuses may be a proxy on the way, or a token that is renewed. */
    @Test
    void aLogThatIsRefusedIsAWarningAndHoldsNothingUpForLongerThanOneThatIsSilent() {
        var played = new PlayedMigration(everything(true), call -> {
            if (call.equals("source.arrivals")) {
                throw new OutsideException("It may not.", false);
            }
        });
        played.until(status -> status.retirement != null && status.retirement.stragglers != null);
        var since = played.now;
        played.untilPhase("Retire");
        assertThat(Duration.between(since, played.now)).isBetween(Duration.ofMinutes(59), Duration.ofMinutes(71));
        assertThat(played.status.findings).filteredOn(finding -> finding.id.startsWith("stragglers-")).singleElement().satisfies(finding -> assertThat(finding.message).contains("heroku logs --source heroku", "404"));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.told).filteredOn(told -> told.message().contains("heroku logs --source heroku")).as("told once").hasSize(1);
        assertThat(played.status.findings).noneMatch(finding -> finding.id.startsWith("stragglers-"));
    }

    @Test
    void aLogThatGivesNoAnswerIsWaitedForAWhile() {
        var silent = new boolean[] {true};
        var played = new PlayedMigration(PlayedSpec.retire(live(), new Retire(true, null, true, true, true, VOLUME, "1m")), call -> {
            if (call.equals("source.arrivals") && silent[0]) {
                throw new OutsideException("no answer", true);
            }
        });
        played.untilPhase("AwaitRetire").until(status -> status.phases.getLast().message.contains("could not be read"));
        var since = played.now;
        played.untilPhase("Retire");
        assertThat(Duration.between(since, played.now)).isBetween(Duration.ofMinutes(50), Duration.ofMinutes(70));

        var back = new PlayedMigration(PlayedSpec.retire(live(), new Retire(true, null, true, true, true, VOLUME, "1m")), call -> {
            if (call.equals("source.arrivals") && silent[0]) {
                throw new OutsideException("no answer", true);
            }
        });
        back.untilPhase("AwaitRetire").until(status -> status.phases.getLast().message.contains("could not be read"));
        silent[0] = false;
        var answered = back.now;
        back.untilPhase("Retire");
        assertThat(Duration.between(answered, back.now)).isLessThan(Duration.ofMinutes(12));
        assertThat(back.status.retirement.stragglers.unreadSince).isNull();
    }

    @Test
    void wherePartsAreAttachedElsewhereNothingIsGivenUp() {
        var played = atTheGate(everything(false));
        played.source.retirement.obstacles.add("Another app uses it too.");
        played.edit(everything(true));
        played.until(status -> "Retire".equals(status.phase) && status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.status.phases.getLast().message).contains("Another app uses it too.", "the write gate stays");
        assertThat(played.workers.ran).doesNotContain(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThat(played.workers.sourceClosed).isTrue();
        played.source.retirement.obstacles.clear();
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void theGateTellsWhatWouldStandInTheWay() {
        var played = PlayedMigration.of(everything(false));
        played.source.retirement.obstacles.add("Another app uses it too.");
        played.until(status -> "AwaitRetire".equals(status.phase) && status.phases.getLast().told != null);
        assertThat(played.condition("AwaitingApproval")).contains("It would not begin now: Another app uses it too.");
    }

    @Test
    void withoutAFinalBackupTheGateStaysAndNothingIsDeletedUnlessTheAdminSaidSo() {
        var played = PlayedMigration.of(everything(true));
        played.workers.script(Tasks.BACK_UP_SOURCE, run -> WorkerReport.retryable("the volume is full"));
        played.until(status -> "Retire".equals(status.phase) && status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.status.phases.getLast().message).contains("the volume is full");
        assertThat(played.workers.ran).doesNotContain(Tasks.RELEASE);
        assertThat(played.source.retirement.asked).isEmpty();

        played.edit(spec(true, false, true, true, null));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.retirement.left).isEmpty();
        assertThat(played.status.retirement.backup).isNull();
        assertThat(played.told).extracting(Told::reason).doesNotContain("FinalBackup");
    }

    /** The database was opened, and then the admin wanted a backup after all. */
    @Test
    void aBackupThatWasAskedForTooLateKeepsPostgres() {
        var played = PlayedMigration.of(spec(true, false, true, null, null));
        played.until(status -> status.internal.sourceReleasedAt != null);
        played.edit(spec(true, true, true, null, VOLUME));
        played.until(status -> status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.status.phases.getLast().message).contains("Not deleted: Postgres add-on postgresql-round-1", "no final backup of it was made");
        assertThat(played.source.retirement.left).contains(PlayedRetirement.POSTGRES);
    }

    @Test
    void approvalThatIsTakenBackKeepsWhatIsNotBegun() {
        var played = PlayedMigration.of(everything(true));
        played.until(status -> !played.source.retirement.asked.isEmpty());
        played.edit(everything(false));
        played.until(status -> status.phases.getLast().message.contains("was taken back"));
        assertThat(played.source.retirement.left).as("the first was being deleted already").containsExactly(PlayedRetirement.POSTGRES, PlayedRetirement.APP);
        assertThat(played.status.retirement.assets).extracting(asset -> asset.state).containsExactly(AssetState.Removed, AssetState.Planned, AssetState.Planned);
        assertThat(played.condition("AwaitingApproval")).startsWith("True");
        played.edit(everything(true));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.retirement.left).isEmpty();
    }

    /** Written down, and not yet asked for: the admin is in time. */
    @Test
    void aRemovalThatThePlatformHasNotBegunIsWithdrawn() {
        for (var keeps : List.of(everything(false), spec(true, null, false, false, VOLUME))) {
            var played = PlayedMigration.of(everything(true));
            played.until(status -> status.retirement != null && status.retirement.assets.stream().anyMatch(asset -> asset.state == AssetState.Removing));
            played.edit(keeps);
            played.until(status -> status.retirement.assets.stream().allMatch(asset -> asset.state == AssetState.Planned));
            assertThat(played.told).extracting(Told::reason).contains("NotDeleted");
            assertThat(played.source.retirement.asked).isEmpty();
            played.edit(everything(true));
            played.until(status -> !played.source.retirement.asked.isEmpty() || MastodonMigrationStatus.COMPLETED.equals(status.phase));
        }
    }

    /** Stands where Postgres is about to be deleted, which the platform refuses until the array is changed. */
    private static PlayedMigration refusedAtPostgres(MastodonMigrationSpec spec, boolean[] refuses) {
        var of = new PlayedMigration[1];
        of[0] = new PlayedMigration(spec, call -> {
            if (refuses[0] && call.equals("retirement.remove") && !of[0].source.retirement.left.contains(PlayedRetirement.REDIS)) {
                throw new OutsideException("may not do this", false);
            }
        });
        return of[0].untilPhase("Retire").until(status -> status.phases.getLast().state == PhaseState.Stalled && status.phases.getLast().message.contains("may not do this"));
    }

    private static boolean isRemovingPostgres(MastodonMigrationStatus status) {
        return status.retirement.assets.stream().anyMatch(asset -> asset.id.equals(PlayedRetirement.POSTGRES.id()) && asset.state == AssetState.Removing);
    }

    @Test
    void whatThePlatformRefusedForDaysNeedsItsBackupStill() {
        var refuses = new boolean[] {true};
        var played = refusedAtPostgres(spec(true, null, true, null, VOLUME), refuses);
        assertThat(isRemovingPostgres(played.status)).isTrue();
        played.now = played.now.plus(Duration.ofHours(30));
        played.workers.script(Tasks.CHECK_BACKUP, run -> WorkerReport.refused("The final backup is not on its volume any more."));
        refuses[0] = false;
        played.until(status -> status.phases.getLast().message.contains("is not on its volume any more"));
        assertThat(played.source.retirement.asked).containsExactly(PlayedRetirement.REDIS);
        assertThat(isRemovingPostgres(played.status)).isFalse();
    }

    @Test
    void whatThePlatformRefusedNeedsTheBackupThatIsWantedMeanwhileAndTheQuietTime() {
        var refuses = new boolean[] {true};
        var played = refusedAtPostgres(spec(true, false, true, null, null), refuses);
        played.edit(spec(true, true, true, null, VOLUME));
        refuses[0] = false;
        played.until(status -> status.phases.getLast().message.contains("no final backup of it was made"));
        assertThat(played.source.retirement.asked).containsExactly(PlayedRetirement.REDIS);
        played.edit(PlayedSpec.retire(live(), new Retire(true, false, true, true, null, null, "900h")));
        played.until(status -> status.phases.getLast().message.contains("Nothing more is deleted before"));
        assertThat(played.source.retirement.asked).containsExactly(PlayedRetirement.REDIS);
        played.edit(spec(true, false, true, null, null));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    /** What it wrote is in no backup. */
    @Test
    void aSourceThatRanAfterTheGateWentKeepsItsPostgres() {
        for (var heldBack : List.of(false, true)) {
            var played = PlayedMigration.of(everything(true));
            played.until(status -> status.internal.sourceReleasedAt != null);
            if (heldBack) {
                played.edit(everything(false));
                played.until(status -> status.phases.getLast().message.contains("was taken back"));
            }
            played.source.formation.put("web", 1);
            played.until(status -> status.source.seenAt != null && Instant.parse(status.source.seenAt).isAfter(Instant.parse(status.internal.sourceReleasedAt)));
            assertThat(played.status.phases.getLast().message).contains(heldBack ? "was taken back" : "Nothing more is deleted. Something runs there again.");
            var seen = Instant.parse(played.status.source.seenAt);
            played.source.formation.put("web", 0);
            played.edit(everything(true));
            played.until(status -> status.phases.getLast().message.contains("after the final backup and without the write gate"));
            assertThat(Duration.between(seen, played.now)).as("it may still be ending").isGreaterThanOrEqualTo(played.source.unseen());
            assertThat(played.source.retirement.asked).isEmpty();
            played.edit(spec(true, false, true, true, VOLUME));
            played.untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(played.source.retirement.left).isEmpty();
        }
    }

    @Test
    void aSourceThatRunsAgainBetweenTwoDeletionsIsNotDeletedFurther() {
        var refuses = new boolean[] {true};
        var played = refusedAtPostgres(everything(true), refuses);
        played.source.formation.put("worker", 1);
        refuses[0] = false;
        played.until(status -> status.phases.getLast().message.contains("Something runs there again."));
        played.source.formation.put("worker", 0);
        played.until(status -> status.phases.getLast().message.contains("without the write gate"));
        assertThat(played.source.retirement.asked).containsExactly(PlayedRetirement.REDIS);
    }

    @Test
    void approvalAndTheQuietTimeAreAskedAgainBeforeTheGateGoes() {
        var played = PlayedMigration.of(everything(true)).untilPhase("Retire");
        played.edit(everything(false));
        played.until(status -> status.phases.getLast().message.contains("was taken back"));
        var later = new Retire(true, null, true, true, true, VOLUME, "100h");
        played.edit(PlayedSpec.retire(live(), later));
        played.until(status -> status.phases.getLast().message.contains("Nothing more is deleted before"));
        assertThat(played.workers.ran).doesNotContain(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThat(played.workers.sourceClosed).isTrue();
        var writable = Instant.parse(played.status.downtime.targetWritableAt);
        for (var i = 0; i < 9; i++) {
            played.now = played.now.plus(Duration.ofHours(11));
            played.step();
        }
        played.until(status -> status.retirement.backup != null);
        assertThat(Duration.between(writable, played.now)).isGreaterThan(Duration.ofHours(100));
        assertThat(played.status.phases.getLast().attempts).as("waiting uses no attempt up, although it took longer than one may").isEqualTo(1);
    }

    @Test
    void nothingIsDeletedThatTheGateHasNotListed() {
        var played = PlayedMigration.of(spec(true, null, true, null, VOLUME)).untilPhase("Retire");
        var another = new Asset(AssetKind.PostgresAddOn, "id-another", "example-web", "postgresql-round-2", "heroku-postgresql:standard-2", Optional.of(new BigDecimal("200.00")), "");
        played.source.retirement.left.addFirst(another);
        played.edit(everything(true));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.retirement.asked).containsExactly(PlayedRetirement.REDIS, PlayedRetirement.POSTGRES);
        assertThat(played.status.phases.getLast().message).contains("What did not stand on the list of the gate was not deleted.");
    }

    @Test
    void theGateAsksThePlatformRarelyAndAtOnceAfterAnEdit() {
        var played = atTheGate(everything(false));
        var calls = played.source.retirement.calls;
        for (var i = 0; i < 20; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.source.retirement.calls - calls).as("in ten minutes").isBetween(1, 6);
        played.source.retirement.consequences.add("A domain goes with it.");
        played.edit(everything(false));
        played.step();
        assertThat(played.condition("AwaitingApproval")).contains("A domain goes with it.");
    }

    @Test
    void whileTheBackupIsMadeNobodyElseIsAsked() {
        var played = PlayedMigration.of(everything(true)).untilPhase("Retire");
        played.until(status -> status.phases.getLast().message.startsWith("about to start back-up-source"));
        var calls = played.source.retirement.calls;
        played.source.formation.put("web", 1);
        played.until(status -> played.workers.ran.contains(Tasks.BACK_UP_SOURCE));
        assertThat(played.source.retirement.calls - calls).as("but which database it was made of").isLessThanOrEqualTo(1);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void noBackupIsMadeOfAnotherDatabaseThanTheOneThatMoved() {
        var played = PlayedMigration.of(everything(true)).untilPhase("Retire");
        played.source.retirement.database = Optional.of("id-promoted");
        played.until(status -> status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.status.phases.getLast().message).contains("No final backup is made", "id-postgres");
        assertThat(played.workers.ran).doesNotContain(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        played.source.retirement.database = Optional.of(PlayedRetirement.POSTGRES.id());
        played.until(status -> status.phases.getLast().message.startsWith("about to start back-up-source"));
        played.source.retirement.database = Optional.of("id-promoted");
        played.until(status -> status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.status.retirement.backup).as("promoted while it was made").isNull();
        assertThat(played.workers.sourceClosed).isTrue();
        played.source.retirement.database = Optional.of(PlayedRetirement.POSTGRES.id());
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.status.retirement.backup.addOn).isEqualTo(PlayedRetirement.POSTGRES.id());
    }

    @Test
    void aBackupOfAnotherDatabaseIsNoReasonToDeleteThisOne() {
        var played = PlayedMigration.of(everything(true));
        played.until(status -> status.internal.sourceReleasedAt != null);
        played.status.retirement.backup.addOn = "id-another";
        played.until(status -> status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.status.phases.getLast().message).contains("Not deleted: Postgres add-on postgresql-round-1", "was made of another database");
        assertThat(played.source.retirement.asked).isEmpty();
    }

    @Test
    void aVolumeThatIsNamedAnewGetsABackupOfItsOwn() {
        var played = PlayedMigration.of(everything(true)).untilPhase("Retire");
        played.until(status -> status.phases.getLast().jobs.stream().anyMatch(job -> job.task.equals(Tasks.BACK_UP_SOURCE) && job.uid != null));
        assertThat(played.status.phases.getLast().jobs.getLast().persistentVolumeClaim).isEqualTo("last-copy");
        played.edit(spec(true, null, true, true, new Backup("larger", null)));
        played.until(status -> status.retirement.backup != null);
        assertThat(played.status.retirement.backup.persistentVolumeClaim).isEqualTo("larger");
        assertThat(played.workers.ran.stream().filter(Tasks.BACK_UP_SOURCE::equals)).hasSize(1);
        played.edit(spec(true, null, true, true, new Backup("another", null)));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.status.retirement.backup.persistentVolumeClaim).as("where it is").isEqualTo("larger");
        assertThat(played.status.phases.getLast().message).contains("The final backup is in the volume larger.");
    }

    @Test
    void aBucketThatIsNamedInsteadIsWrittenDownAndTold() {
        var played = PlayedMigration.of(everything(true)).untilPhase("Retire");
        played.until(status -> status.phases.getLast().jobs.stream().anyMatch(job -> job.task.equals(Tasks.BACK_UP_SOURCE) && job.uid != null));
        played.edit(onAws(spec(true, null, true, true, new Backup(null, new S3("last-copy", "mastodon")))));
        played.until(status -> status.retirement.backup != null);
        var job = played.status.phases.getLast().jobs.stream().filter(record -> record.task.equals(Tasks.BACK_UP_SOURCE)).toList().getLast();
        assertThat(job.bucket).isEqualTo("s3://last-copy/mastodon/");
        assertThat(job.persistentVolumeClaim).isNull();
        assertThat(played.status.retirement.backup.bucket).isEqualTo("s3://last-copy/mastodon/");
        assertThat(played.status.retirement.backup.persistentVolumeClaim).isNull();
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.status.phases.getLast().message).contains("The final backup is in the bucket s3://last-copy/mastodon/.");
    }

    private static MastodonMigrationSpec onAws(MastodonMigrationSpec spec) {
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), new Aws("eu-central-1", new SecretRef("aws"), null), spec.edge(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state());
    }

    @Test
    void anOldBackupIsLookedAtAgainBeforeAnythingIsDeleted() {
        var played = PlayedMigration.of(everything(true));
        played.until(status -> status.internal.sourceReleasedAt != null);
        played.now = played.now.plus(Duration.ofHours(30));
        played.workers.script(Tasks.CHECK_BACKUP, run -> run == 1 ? WorkerReport.refused("The final backup is not on its volume any more.") : WorkerReport.succeeded("", Map.of()));
        played.until(status -> status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.status.phases.getLast().message).contains("Nothing more is deleted. The final backup is not on its volume any more.");
        assertThat(played.source.retirement.asked).isEmpty();
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.workers.ran.stream().filter(Tasks.CHECK_BACKUP::equals)).hasSize(2);
        assertThat(played.told).extracting(Told::message).anyMatch(message -> message.contains("The final backup is still there, and whole."));
    }

    @Test
    void anotherBackupInItsPlaceIsNotTheOneThatWasMade() {
        var played = PlayedMigration.of(everything(true));
        played.until(status -> status.internal.sourceReleasedAt != null);
        played.now = played.now.plus(Duration.ofHours(30));
        played.workers.script(Tasks.CHECK_BACKUP, run -> WorkerReport.succeeded("", Map.of(Figure.ROWS, 29L)));
        played.until(status -> status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.status.phases.getLast().message).contains("is not the one that was made");
        assertThat(played.source.retirement.asked).isEmpty();
    }

    @Test
    void theLastWordsSayWhatIsGoneWhatStaysAndWhatItCosts() {
        var everything = PlayedMigration.of(everything(true)).untilPhase(MastodonMigrationStatus.COMPLETED).status.phases.getLast().message;
        assertThat(everything).contains("That saves 65.00 USD a month.", "The final backup is in the volume last-copy.", "Nothing of the played source stays.");
        var played = PlayedMigration.of(spec(true, null, true, null, VOLUME));
        played.source.bill = new Bill(List.of(new Item("papertrail:choklad, papertrail-round-1", 1, Optional.of(new Price(new BigDecimal("7.00"), Unit.MONTH, PriceFrom.HerokuApi, LocalDate.of(2026, 11, 22))), "")));
        assertThat(played.untilPhase(MastodonMigrationStatus.COMPLETED).status.phases.getLast().message).contains("What stays of the played source costs 7.00 USD a month: delete by hand");
    }

    /** A platform ceases to list a process before it has ended. */
    @Test
    void theGateStaysUpForAWhileAfterSomethingRan() {
        var played = atTheGate(PlayedSpec.retire(live(), new Retire(false, null, null, null, null, null, null)));
        played.source.oneOff = true;
        played.edit(PlayedSpec.retire(live(), new Retire(true, null, null, null, null, null, null)));
        played.until(status -> "Retire".equals(status.phase) && status.phases.getLast().state == PhaseState.Stalled);
        var seen = Instant.parse(played.status.source.seenAt);
        played.source.oneOff = false;
        played.until(status -> status.phases.getLast().jobs.stream().anyMatch(job -> job.task.equals(Tasks.RELEASE)));
        assertThat(Duration.between(seen, played.now)).isGreaterThanOrEqualTo(played.source.unseen());
    }

    @Test
    void aSourceThatRunsAgainKeepsTheGateUp() {
        var spec = PlayedSpec.retire(live(), new Retire(true, null, null, true, true, VOLUME, "0s"));
        var played = atTheGate(PlayedSpec.retire(live(), new Retire(false, null, null, true, true, VOLUME, "0s")));
        played.source.formation.put("web", 1);
        played.edit(spec);
        played.until(status -> "Retire".equals(status.phase) && status.phases.getLast().state == PhaseState.Stalled);
        assertThat(played.workers.ran).doesNotContain(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThat(played.source.retirement.asked).isEmpty();
    }

    /** The operator dies after what it did, before it wrote it down, at each step of Retire. */
    @Test
    void anOperatorThatDiesAtAnyStepIsFollowedByOneThatEndsIt() {
        var steps = countSteps();
        assertThat(steps).isGreaterThan(12);
        for (var dying = 0; dying < steps; dying++) {
            var played = atTheGate(everything(false));
            played.edit(everything(true));
            played.untilPhase("Retire");
            var fatal = dying;
            var taken = new int[1];
            played.dies = decision -> taken[0]++ == fatal;
            demandTheEnd(played, "died at step " + dying);
        }
    }

    /** Heroku refuses, or its answer is lost, at each call. */
    @Test
    void aCallThatFailsAtAnyTimeIsMadeAgain() {
        for (var failing = 0; failing < 40; failing++) {
            var fatal = failing;
            var calls = new int[1];
            var armed = new boolean[1];
            var played = new PlayedMigration(everything(true), call -> {
                if (armed[0] && call.startsWith("retirement.") && calls[0]++ == fatal) {
                    throw new OutsideException("no answer", true);
                }
            });
            played.untilPhase("Retire");
            armed[0] = true;
            demandTheEnd(played, "failed at call " + failing);
        }
    }

    private static int countSteps() {
        var played = atTheGate(everything(false));
        played.edit(everything(true));
        played.untilPhase("Retire");
        var steps = new int[1];
        played.dies = decision -> {
            steps[0]++;
            return false;
        };
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        return steps[0];
    }

    private static void demandTheEnd(PlayedMigration played, String what) {
        played.until(status -> {
            played.source.retirement.asked.forEach(asset -> {
                assertThat(status.retirement.assets).as(what).anyMatch(entry -> entry.id.equals(asset.id()) && entry.state != AssetState.Planned);
            });
            assertThat(played.source.retirement.asked.isEmpty() || status.retirement.backup != null).as(what).isTrue();
            return MastodonMigrationStatus.COMPLETED.equals(status.phase);
        });
        assertThat(played.source.retirement.left).as(what).isEmpty();
        assertThat(played.source.retirement.asked).as(what).isEqualTo(List.of(PlayedRetirement.REDIS, PlayedRetirement.POSTGRES, PlayedRetirement.APP));
        assertThat(played.workers.ran.stream().filter(Tasks.BACK_UP_SOURCE::equals)).as(what).hasSize(1);
        assertThat(played.status.retirement.assets).as(what).allMatch(asset -> asset.state == AssetState.Removed);
        assertThat(played.told.stream().filter(told -> told.reason().equals("Deleted"))).as(what).hasSize(3);
    }
}
