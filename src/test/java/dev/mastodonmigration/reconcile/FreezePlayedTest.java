package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** While the instance is down: nothing opens that was not proved, and what may pass is waited for. */
class FreezePlayedTest {
    @Test
    void aTargetThatCannotServeIsNotOpenedAndAtTheEndOfMaxDowntimeTheSourceIsRestored() {
        var played = PlayedMigration.of(live()).untilPhase("CloseSource");
        played.compute.late = "web: ErrImagePull: no such image";
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.source.serves()).isTrue();
        assertThat(played.workers.sourceClosed).isFalse();
        assertThat(played.status.reason).contains("ErrImagePull");
    }

    @Test
    void whatPassesInsideTheFreezeIsWaitedForAndNotCounted() {
        var down = new AtomicReference<>("");
        var played = new PlayedMigration(live(), call -> {
            if (call.startsWith("source.alive") && !down.get().isEmpty()) {
                throw new OutsideException(down.get(), true);
            }
        }).untilPhase("Drain");
        down.set("Heroku limits the calls of this account (429).");
        for (int i = 0; i < 40; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.status.phase).isEqualTo("Drain");
        assertThat(played.status.phases.getLast().attempts).isEqualTo(1);
        assertThat(played.status.summary).startsWith("DOWN");
        down.set("");
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void aPlatformThatIsSilentAfterVerifyIsToldWithTheTwoWaysOutAndTheMigrationGoesOnByItself() {
        var down = new AtomicReference<>(Duration.ZERO);
        var played = new PlayedMigration(live(), call -> {
            if (call.startsWith("source.a") && down.get().isPositive()) {
                throw new OutsideException("Heroku's API could not be asked.", true);
            }
        }).untilPhase("GoLive");
        down.set(Duration.ofMinutes(1));
        for (int i = 0; i < 20; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.status.phases.getLast().message).contains("two ways out", "spec.state to Aborted");
        assertThat(played.told.stream().filter(one -> one.reason().equals("Waiting"))).as("told once").hasSize(1);
        down.set(Duration.ZERO);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void aDifferenceNeverOpensTheTarget() {
        var played = PlayedMigration.of(live());
        played.workers.script(Tasks.REPLICATE_POSTGRES, run -> WorkerReport.refused("1 row differs in statuses"));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.source.serves()).isTrue();
        assertThat(played.status.reason).contains("1 row differs");
    }

    @Test
    void whatMovesMayNotChangeWhileTheInstanceIsDown() {
        var played = PlayedMigration.of(live()).untilPhase("Drain");
        played.edit(PlayedSpec.dataOnly(live()));
        played.until(status -> played.source.serves() && !played.workers.sourceClosed);
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.status.reason).contains("spec.target.compute");
    }

    @Test
    void processesThatAreNoLongerListedAreProvedGoneByTheDatabasesOrWaitedFor() {
        var played = PlayedMigration.of(live());
        played.workers.script(Tasks.LOOK_FOR_CLIENTS, run -> WorkerReport.retryable("A client of another is still on the source's Redis: redis_exporter."));
        played.until(status -> status.phases.stream().anyMatch(phase -> phase.message != null && phase.message.startsWith("no process of the source is listed any more, and until ") && phase.message.endsWith("redis_exporter.")));
        played.until(status -> status.source != null && status.source.goneAt != null);
        assertThat(Duration.between(Instant.parse(played.status.source.stoppedAt), Instant.parse(played.status.source.goneAt))).isGreaterThanOrEqualTo(Duration.ofSeconds(30));
        var proved = PlayedMigration.of(live()).until(status -> status.source != null && status.source.goneAt != null);
        assertThat(Duration.between(Instant.parse(proved.status.source.stoppedAt), Instant.parse(proved.status.source.goneAt))).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void aProcessThatIsListedAfterTheDatabasesWereAskedIsAskedAboutAnew() {
        var played = PlayedMigration.of(live());
        var asked = new AtomicInteger();
        played.workers.script(Tasks.LOOK_FOR_CLIENTS, run -> {
            if (played.status.source == null || played.status.source.stoppedAt == null || played.source.lives()) {
                return WorkerReport.succeeded("nobody", Map.of());
            }
            played.source.oneOff = asked.incrementAndGet() == 1; // begun just after this answer
            return asked.get() == 1 ? WorkerReport.succeeded("nobody", Map.of()) : WorkerReport.retryable("1 client is connected.");
        });
        played.until(status -> asked.get() == 1);
        played.until(status -> status.phases.stream().anyMatch(phase -> phase.message != null && phase.message.startsWith("waiting for the source's processes to stop")));
        played.source.oneOff = false; // no longer listed, and still ending
        played.until(status -> status.source.goneAt != null);
        assertThat(asked).hasValueGreaterThan(1);
        assertThat(Duration.between(Instant.parse(played.status.source.stoppedAt), Instant.parse(played.status.source.goneAt))).isGreaterThanOrEqualTo(Duration.ofSeconds(30));
    }
}
