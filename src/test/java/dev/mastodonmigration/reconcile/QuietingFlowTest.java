package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.RedisStrategy;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Nothing but the clock may leave the source with a Sidekiq that fetches no more jobs. */
class QuietingFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    private void untilSidekiqIsBeingQuieted() {
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> ScriptedJobs.RUNS_ON);
        flow.apply(approved());
        flow.until(status -> flow.jobs.count(Tasks.QUIET_SIDEKIQ) == 1);
        assertThat(flow.mutations()).as("the source is untouched").isZero();
        assertThat(flow.status().source).as("the clock stands").isNull();
    }

    private void untilSidekiqWasStartedAgain(List<String> before) {
        flow.until(status -> status.internal.quieting != null && !status.sidekiqIsQuiet());
        Awaitility.await().until(() -> flow.heroku.app("example-web").dynoIds("worker").size() == 1);
        assertThat(flow.heroku.app("example-web").dynoIds("worker")).doesNotContainAnyElementsOf(before);
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.status().downtime).isNull();
        assertThat(flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).as("nobody quiets the new one")
                .noneMatch(job -> job.getMetadata().getName().contains("quiet-sidekiq"));
    }

    @Test
    void aSidekiqThatDoesNotBecomeIdleStopsTheFreezeBeforeItBegan() {
        var web = flow.heroku.app("example-web").dynoIds("web");
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> run == 1 ? WorkerReport.refused("Sidekiq process worker.1:4:ab did not become idle within 180 s.") : ScriptedJobs.succeeded());
        flow.apply(approved());
        untilSidekiqWasStartedAgain(worker);
        assertThat(flow.heroku.app("example-web").dynoIds("web")).isEqualTo(web);
        flow.until(status -> flow.isWaitingForApproval());
        assertThat(flow.condition("AwaitingApproval")).contains("worker.1:4:ab", "set spec.cutover.approved to false and to true again");
        flow.look();
        assertThat(flow.jobs.count(Tasks.QUIET_SIDEKIQ)).as("not told again before the admin says so").isEqualTo(1);
        assertThat(flow.events()).filteredOn(event -> event.startsWith("ReturnedToGate")).singleElement().asString().contains("worker.1:4:ab");

        flow.edit(new FlowSpec().soak("1s").spec());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.QUIET_SIDEKIQ)).isEqualTo(2);
    }

    @Test
    void aSidekiqThatIsNotTheAppsOwnIsNamedAndGoingBackSaysThatItStillSleeps() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        var processes = List.of("worker.1:4:0123456789ab", "a-forgotten-vps:77:0123456789ab");
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> WorkerReport.succeeded("2 processes are quiet.", Map.of(), processes));
        flow.jobs.script(Tasks.CLOSE_SOURCE, run -> WorkerReport.refused("it cannot be closed"));
        flow.jobs.script(Tasks.LOOK_FOR_CLIENTS, run -> WorkerReport.succeeded("looked.", Map.of(WorkerReport.Figure.CLIENTS, 0L), processes));
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.events()).anyMatch(event -> event.contains("a-forgotten-vps:77:0123456789ab") && event.contains("end it where it runs"));
        assertThat(flow.status().findings).filteredOn(finding -> finding.id.startsWith("sidekiq-")).singleElement()
                .satisfies(finding -> assertThat(finding.message).contains("a-forgotten-vps:77:0123456789ab", "still sleeps", "restarted where it runs").doesNotContain("worker.1:4"));
        Awaitility.await().until(() -> flow.heroku.app("example-web").dynoIds("worker").size() == 1);
        assertThat(flow.heroku.app("example-web").dynoIds("worker")).doesNotContainAnyElementsOf(worker);
    }

    @Test
    void aWorkerThatIsKilledWhileItQuietsIsFollowedByAnother() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> run < 3 ? WorkerReport.retryable("connection reset") : ScriptedJobs.succeeded());
        flow.apply(approved());
        flow.until(status -> status.source != null);
        assertThat(flow.heroku.app("example-web").dynoIds("worker")).as("not restarted for it").isEqualTo(worker);
        assertThat(flow.jobs.count(Tasks.QUIET_SIDEKIQ)).isEqualTo(3);
    }

    @Test
    void theReasonIsNotLostWhileHerokuDoesNotRestartSidekiq() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> {
            flow.heroku.failNext(10_000, HerokuStub.Fault.UNAVAILABLE);
            return WorkerReport.refused("Sidekiq process worker.1:4:ab did not become idle within 180 s.");
        });
        flow.apply(approved());
        flow.until(status -> flow.isBlocked("UndoQuietSidekiq"));
        flow.look();
        assertThat(flow.status().sidekiqIsQuiet()).isTrue();
        assertThat(flow.condition("SourceFrozen")).contains("its Sidekiq takes no new jobs");
        flow.heroku.clearFaults();
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> flow.isWaitingForApproval());
        assertThat(flow.condition("AwaitingApproval")).contains("worker.1:4:ab");
        assertThat(flow.jobs.count(Tasks.QUIET_SIDEKIQ)).isEqualTo(1);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("QuietingSidekiq")).anyMatch(event -> event.startsWith("SidekiqRestarted") && event.contains("worker.1"));
    }

    @Test
    void anAbortAfterTheClockStartedAndBeforeHerokuStoppedAnythingStartsSidekiqAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.apply(approved());
        flow.until(status -> status.source != null);
        assertThat(flow.mutations()).isZero();
        flow.edit(new FlowSpec().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        Awaitility.await().until(() -> flow.heroku.app("example-web").dynoIds("worker").size() == 1);
        assertThat(flow.heroku.app("example-web").dynoIds("worker")).doesNotContainAnyElementsOf(worker);
    }

    @Test
    void aSpecThatIsEditedWhileSidekiqIsQuietDoesNotStartTheClock() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.edit(new FlowSpec().state(DesiredState.RolledBack).spec());
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> flow.condition("Stalled").contains("RolledBack"));
        assertThat(flow.status().source).isNull();
    }

    @Test
    void anApprovalTakenBackWhileSidekiqIsQuietStartsItAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.edit(Specs.valid());
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> flow.isWaitingForApproval());
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> ScriptedJobs.succeeded());
        flow.edit(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void aSecretThatIsMissingBeforeTheClockStartsSidekiqAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.jobs.inSync = true;
        flow.jobs.script(Tasks.REPLICATE_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> {
            flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName("target-redis").delete();
            return ScriptedJobs.succeeded();
        });
        flow.apply(new FlowSpec().redis(RedisStrategy.Live).spec());
        untilSidekiqWasStartedAgain(worker);
        assertThat(flow.status().internal.returned.reason).contains("Secret mastodon/target-redis does not exist");
        flow.until(status -> flow.condition("Ready").contains("Secret mastodon/target-redis does not exist"));
    }

    @Test
    void anAbortWhileSidekiqIsQuietStartsItAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.edit(Specs.with(DesiredState.Aborted));
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
    }

    @Test
    void aSuspensionWhileSidekiqIsQuietStartsItAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.edit(new FlowSpec().state(DesiredState.Suspended).spec());
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> flow.condition("Ready").contains("Suspended"));
    }

    @Test
    void aSidekiqThatHerokuDoesNotRestartIsTriedAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.heroku.failNext(10_000, HerokuStub.Fault.UNAVAILABLE);
        flow.edit(Specs.with(DesiredState.Aborted));
        flow.until(status -> flow.isBlocked("UndoQuietSidekiq"));
        flow.look();
        assertThat(flow.status().sidekiqIsQuiet()).isTrue();
        flow.heroku.clearFaults();
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
    }
}
