package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Finding;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.probe.Endpoint;
import dev.mastodonmigration.probe.UserProbe;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Once everything runs on the target, it is asked what users ask: that changes nothing, and takes nothing back. */
class GoLivePlayedTest {
    private static final String WHY = "The web page is not answered. Look at the log of web.";

    private static List<String> found(PlayedMigration played) {
        return played.status.findings.stream().filter(finding -> finding.id.startsWith("probe-")).map(finding -> finding.id + " " + finding.severity + " " + finding.message).toList();
    }

    private static Duration goLive(PlayedMigration played) {
        var record = played.status.phases.stream().filter(phase -> phase.name.equals("GoLive")).findFirst().orElseThrow();
        return Duration.between(Instant.parse(record.startedAt), Instant.parse(record.finishedAt));
    }

    @Test
    void aTargetThatAnswersIsLiveAtOnce() {
        var played = PlayedMigration.of(live()).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.probes.asked).as("asked once, where it runs").containsExactly(new Endpoint(URI.create("http://web:3000"), URI.create("http://streaming:4000")));
        assertThat(found(played)).isEmpty();
        assertThat(goLive(played)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void nothingIsAskedBeforeItTakesWritesAndEverythingRuns() {
        var played = PlayedMigration.of(live());
        played.until(status -> !played.probes.asked.isEmpty());
        assertThat(played.status.downtime.targetWritableAt).isNotNull();
        assertThat(played.status.downtime.finishedAt).as("the clock has stopped").isNotNull();
        assertThat(played.compute.sidekiq).isTrue();
    }

    @Test
    void whatAnswersLaterHoldsTheMigrationUntilThenAndIsNoFinding() {
        var played = PlayedMigration.of(live());
        played.probes.broken.put(UserProbe.WEB_PAGE, WHY);
        played.untilPhase("GoLive").until(status -> status.phases.getLast().message.contains("Not everything answers users yet: " + WHY));
        played.probes.broken.clear();
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(found(played)).isEmpty();
        assertThat(played.told).noneMatch(told -> told.message().contains(WHY) && told.reason().equals("ActionNeeded"));
    }

    @Test
    void whatDoesNotAnswerIsAFindingAndTheMigrationGoesOn() {
        for (var probe : UserProbe.values()) {
            var played = PlayedMigration.of(live());
            played.probes.broken.put(probe, WHY);
            played.untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(found(played)).containsExactly("probe-" + probe.id() + " Action " + WHY);
            assertThat(played.told).filteredOn(told -> told.reason().equals("ActionNeeded") && told.message().contains(WHY)).as("told once").hasSize(1);
            assertThat(goLive(played)).as("patience has an end").isBetween(Duration.ofMinutes(2), Duration.ofMinutes(3));
            assertThat(played.source.lives()).as("nothing was taken back").isFalse();
        }
    }

    @Test
    void aFindingIsSettledWhenTheInstanceAnswersAfterAll() {
        var played = PlayedMigration.of(PlayedSpec.soak(live(), "1h"));
        played.probes.broken.put(UserProbe.WEBSOCKET, "no websocket.");
        played.probes.broken.put(UserProbe.STREAMING, "no streaming.");
        played.untilPhase("Soak");
        assertThat(found(played)).hasSize(2);
        played.probes.broken.remove(UserProbe.STREAMING);
        played.until(status -> found(played).equals(List.of("probe-websocket Action no websocket.")));
        played.probes.broken.clear();
        played.until(status -> found(played).isEmpty());
        var asked = played.probes.asked.size();
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.probes.asked).as("with nothing open nobody asks").hasSize(asked);
    }

    @Test
    void itIsSettledWhileRetiringWaitsForApprovalToo() {
        var played = PlayedMigration.of(PlayedSpec.notRetired(live()));
        played.probes.broken.put(UserProbe.WEBFINGER, "no webfinger.");
        played.untilPhase("AwaitRetire");
        played.until(status -> status.phases.getLast().message.contains("Still open: no webfinger."));
        played.probes.broken.clear();
        played.until(status -> found(played).isEmpty());
    }

    /** A source that was started again is stopped before anybody waits for what does not answer; and nobody waits for that at each look. */
    @Test
    void theSourceIsWatchedBeforeTheInstanceIsAskedAgain() {
        var played = PlayedMigration.of(PlayedSpec.soak(live(), "1h"));
        played.probes.broken.put(UserProbe.STREAMING, "no streaming.");
        played.untilPhase("Soak");
        var since = played.now;
        var asked = played.probes.asked.size();
        played.source.formation.put("web", 2);
        played.probes.meanwhile = endpoint -> assertThat(played.source.awake()).as("when the instance is asked").isEmpty();
        played.until(status -> played.probes.asked.size() > asked);
        assertThat(Duration.between(since, played.now)).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(6));
        played.until(status -> played.probes.asked.size() > asked + 1);
        assertThat(Duration.between(since, played.now)).isBetween(Duration.ofMinutes(9), Duration.ofMinutes(12));
    }

    @Test
    void itIsAskedALastTimeBeforeTheOldHostIsRetired() {
        for (var soak : List.of("1s", "1m")) {
            var played = PlayedMigration.of(PlayedSpec.soak(live(), soak));
            played.probes.broken.put(UserProbe.STREAMING, "no streaming.");
            played.untilPhase("Soak");
            assertThat(found(played)).hasSize(1);
            played.probes.broken.clear();
            played.untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(found(played)).as(soak).isEmpty();
        }
    }

    /** Neither answers before the other was asked. */
    @Test
    void whereItRunsAndWhereUsersComeInAreAskedSideBySide() {
        var played = PlayedMigration.of(live());
        played.edge = Optional.of(new PlayedEdge(Trouble.NONE));
        var both = new CountDownLatch(2);
        var late = new AtomicBoolean();
        played.probes.meanwhile = endpoint -> {
            both.countDown();
            try {
                late.compareAndSet(false, !both.await(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(late).isFalse();
        assertThat(found(played)).isEmpty();
    }

    @Test
    void behindAnEdgeItIsAskedWhereUsersComeInAsWell() {
        var played = PlayedMigration.of(live());
        played.edge = Optional.of(new PlayedEdge(Trouble.NONE));
        played.probes.down.add("front.example.net");
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(found(played)).singleElement().asString().startsWith("probe-public-web-page Warning front.example.net is down. Where it runs it answers, so look at what stands in front of it");
        assertThat(played.probes.asked).contains(Endpoint.overTls("front.example.net"));
    }

    @Test
    void whoeverAnswersWronglyWhereUsersComeInWasReachedByTheOperatorAndSoByUsers() {
        var played = PlayedMigration.of(live());
        played.edge = Optional.of(new PlayedEdge(Trouble.NONE));
        played.probes.taken.add("front.example.net");
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(found(played)).singleElement().asString().startsWith("probe-public-web-page Action front.example.net answers 503. Where it runs it answers as it should, so look at what stands in front of it.");
    }

    @Test
    void whereItRunsMayNotBeKnownForAWhileAndThenForGood() {
        var silent = new boolean[] {true};
        var played = new PlayedMigration(live(), call -> {
            if (call.equals("compute.endpoint") && silent[0]) {
                throw new OutsideException("AWS refuses.", false);
            }
        });
        played.untilPhase("Housekeeping");
        assertThat(played.status.findings).extracting(finding -> finding.id).contains("probe-address");
        assertThat(played.status.findings).filteredOn(finding -> finding.id.equals("probe-address")).extracting((Finding finding) -> finding.severity).containsExactly(Severity.Action);
        silent[0] = false;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(found(played)).isEmpty();
    }

    private static final String STUCK = "Jobs wait (queue default), Sidekiq runs, and within 12 s it has finished none.";

    private static WorkerReport sidekiq(String... faults) {
        return WorkerReport.succeeded("Sidekiq: 2 processes run, and jobs are done; 40 jobs wait.", Map.of(Figure.KEYS, 0L), List.of(faults));
    }

    @Test
    void aSidekiqThatDoesItsJobsIsSaidToAndHoldsNothingUp() {
        for (var spec : List.of(live(), PlayedSpec.dataOnly(live()), PlayedSpec.redisOnly(live()), PlayedSpec.computeOnly(live()))) {
            var played = PlayedMigration.of(spec);
            played.workers.script(Tasks.LOOK_AT_SIDEKIQ, run -> sidekiq());
            played.untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(played.status.phases.stream().filter(phase -> phase.name.equals("GoLive")).findFirst().orElseThrow().message).endsWith("Sidekiq: 2 processes run, and jobs are done; 40 jobs wait.");
            assertThat(found(played)).isEmpty();
            assertThat(played.workers.ran.stream().filter(Tasks.LOOK_AT_SIDEKIQ::equals)).as("once").hasSize(1);
        }
    }

    @Test
    void nobodyAsksSidekiqBeforeItWasStarted() {
        for (var spec : List.of(live(), PlayedSpec.dataOnly(live()))) {
            var played = PlayedMigration.of(spec);
            played.until(status -> played.workers.ran.contains(Tasks.LOOK_AT_SIDEKIQ));
            assertThat(played.status.downtime.finishedAt).as("the clock has stopped").isNotNull();
            assertThat(played.status.downtime.sidekiqStartedAt).isNotNull();
        }
    }

    @Test
    void aSidekiqThatDoesNoJobIsAFindingAndTheMigrationGoesOnWhateverRunsWhere() {
        for (var spec : List.of(live(), PlayedSpec.dataOnly(live()), PlayedSpec.computeOnly(live()))) {
            var played = PlayedMigration.of(spec);
            played.workers.script(Tasks.LOOK_AT_SIDEKIQ, run -> sidekiq(STUCK));
            played.untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(found(played)).containsExactly("probe-sidekiq Action " + STUCK);
            assertThat(played.told).filteredOn(told -> told.reason().equals("ActionNeeded") && told.message().contains(STUCK)).as("told once").hasSize(1);
            assertThat(goLive(played)).as("patience has an end").isBetween(Duration.ofMinutes(2), Duration.ofMinutes(3));
            assertThat(played.source.lives()).as("nothing was taken back").isEqualTo(spec.target().compute() == null);
        }
    }

    @Test
    void aSidekiqThatDoesItsJobsLaterIsNoFindingWithinPatienceAndSettlesItAfterThat() {
        var played = PlayedMigration.of(PlayedSpec.soak(PlayedSpec.dataOnly(live()), "1h"));
        played.workers.script(Tasks.LOOK_AT_SIDEKIQ, run -> run <= 3 ? sidekiq(STUCK) : sidekiq());
        played.untilPhase("Soak");
        assertThat(found(played)).isEmpty();
        assertThat(played.told).noneMatch(told -> told.message().contains(STUCK) && told.reason().equals("ActionNeeded"));

        var works = new AtomicBoolean();
        var late = PlayedMigration.of(PlayedSpec.soak(PlayedSpec.dataOnly(live()), "1h"));
        late.workers.script(Tasks.LOOK_AT_SIDEKIQ, run -> works.get() ? sidekiq() : sidekiq(STUCK));
        late.untilPhase("Soak");
        assertThat(found(late)).hasSize(1);
        var since = late.now;
        var asked = late.workers.ran.size();
        late.until(status -> late.workers.ran.size() >= asked + 2);
        assertThat(Duration.between(since, late.now)).as("every five minutes").isBetween(Duration.ofMinutes(9), Duration.ofMinutes(12));
        works.set(true);
        late.until(status -> found(late).isEmpty());
    }

    /** Its answer takes longer than a look. */
    @Test
    void sidekiqIsAskedALastTimeBeforeTheOldHostIsRetired() {
        for (var soak : List.of("1s", "1m")) {
            var works = new AtomicBoolean();
            var played = PlayedMigration.of(PlayedSpec.soak(live(), soak));
            played.workers.script(Tasks.LOOK_AT_SIDEKIQ, run -> works.get() ? sidekiq() : sidekiq(STUCK));
            played.untilPhase("Soak");
            assertThat(found(played)).hasSize(1);
            works.set(true);
            played.untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(found(played)).as(soak).isEmpty();
        }
    }

    /** It may be only the operator that cannot ask. */
    @Test
    void aRedisThatCannotBeAskedIsAWarning() {
        var played = PlayedMigration.of(live());
        played.workers.script(Tasks.LOOK_AT_SIDEKIQ, run -> WorkerReport.retryable("target Redis (cache:6379, database 0) cannot be reached (timed out)."));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(found(played)).singleElement().asString().startsWith("probe-sidekiq Warning Whether Sidekiq does its jobs since the target took over could not be asked (target Redis (cache:6379");
        var started = new AtomicBoolean();
        var refused = new PlayedMigration(live(), call -> {
            if (call.equals("workers.here") && started.get()) {
                throw new OutsideException("Kubernetes refuses.", true);
            }
        });
        refused.until(status -> status.downtime != null && status.downtime.targetWritableAt != null);
        started.set(true);
        refused.untilPhase("Housekeeping");
        assertThat(found(refused)).singleElement().asString().startsWith("probe-sidekiq Warning").contains("Kubernetes refuses.");
    }

    @Test
    void anAnswerThatNeverComesHoldsNothingUp() {
        var played = PlayedMigration.of(live());
        played.workers.silent.add(Tasks.LOOK_AT_SIDEKIQ);
        played.untilPhase("Housekeeping");
        assertThat(found(played)).singleElement().asString().contains("could not be asked (no answer came)");
        assertThat(goLive(played)).isBetween(Duration.ofMinutes(3), Duration.ofMinutes(4));
    }

    /** Of each thing that was decided the first time is lost. */
    @Test
    void anOperatorThatDiesInBetweenAsksAgain() {
        var seen = new HashSet<String>();
        var played = PlayedMigration.of(live());
        played.probes.broken.put(UserProbe.INSTANCE, "no API.");
        played.dies = decision -> "GoLive".equals(played.status.phase) && seen.add(decision instanceof Decision.Continue going ? going.result().message() : decision.toString());
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(found(played)).containsExactly("probe-instance Action no API.");
        assertThat(goLive(played)).isLessThan(Duration.ofMinutes(3));
    }
}
