package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Finding;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.ManualDnsEdge;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.mastodon.TrustedProxies;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.PlayedFront;
import dev.mastodonmigration.played.PlayedNameServers;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The source's apps trust the edge before users are led there, and as before when nobody is any more. */
class EdgeTrustPlayedTest {
    private static final List<String> EGRESS = List.of("203.0.113.7/32");
    private static final Map<String, String> OWN = Map.of("TRUSTED_PROXY_IP", "10.0.0.0/8");
    private static final String WANTED = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 203.0.113.7/32";
    private static final String WEB = "www.example.social";
    private final PlayedFront front = new PlayedFront(new FrontAddress.Fixed(List.of("203.0.113.7")), Side.SOURCE);

    private static PlayedMigration played(Trouble trouble, PlayedEdge edge) {
        var played = new PlayedMigration(PlayedSpec.egress(live(), "203.0.113.7/32"), trouble);
        played.edge = Optional.of(edge);
        played.source.trustedProxies = OWN;
        return played;
    }

    private PlayedMigration byHand() {
        var played = played(Trouble.NONE, new PlayedEdge(Trouble.NONE));
        played.edge = Optional.of(new ManualDnsEdge(front, List.of(WEB), Set.of(), new PlayedNameServers().with(WEB, "CNAME", "calm-sea-1.herokudns.com.", 3600)));
        return played;
    }

    private static boolean leadsAnybody(PlayedEdge edge) {
        return edge.share() > 0 || edge.asked.stream().anyMatch(asked -> asked.startsWith("weight"));
    }

    private static List<Finding> told(PlayedMigration played) {
        return played.status.findings.stream().filter(finding -> finding.id.startsWith("trusted-proxies-")).toList();
    }

    private static List<Finding> left(PlayedMigration played) {
        return played.status.findings.stream().filter(finding -> finding.id.startsWith("left-behind")).toList();
    }

    private static String message(PlayedMigration played) {
        return played.status.phases.isEmpty() ? "" : String.valueOf(played.status.phases.getLast().message);
    }

    @Test
    void nobodyIsLedThereBeforeTheSourceTrustsTheEdgeAndAtTheEndItIsAsItWas() {
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(Trouble.NONE, edge);
        played.until(status -> {
            assertThat(leadsAnybody(edge) && !played.source.trusts(EGRESS)).as(played::describe).isFalse();
            return "AwaitCutover".equals(status.phase);
        });
        assertThat(played.source.trustedProxies).containsEntry("TRUSTED_PROXY_IP", WANTED);
        assertThat(told(played)).singleElement().satisfies(finding -> assertThat(finding.severity).isEqualTo(Severity.Note)).satisfies(finding -> assertThat(finding.message)
                .isEqualTo("The operator set TRUSTED_PROXY_IP of example-web to '" + WANTED + "' for the edge; it was '10.0.0.0/8'. It is set back when users are led back to the source, or when the migration ends, unless somebody changes it before."));
        played.until(status -> "Retire".equals(status.phase));
        assertThat(played.source.restarts).isEqualTo(1);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(played.status.internal.trust).isNull();
        assertThat(told(played)).isEmpty();
        assertThat(played.source.credentialsKept).isFalse();
        assertThat(played.compute.environments).as("what the target gets never changes").singleElement().satisfies(environment -> assertThat(environment.get("TRUSTED_PROXY_IP")).startsWith("10.0.0.0/8 127.0.0.0/8"));
    }

    @Test
    void whatIsGoodEnoughIsLeftAlone() {
        var played = played(Trouble.NONE, new PlayedEdge(Trouble.NONE));
        played.source.trustedProxies = Map.of("TRUSTED_PROXY_IP", WANTED);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.restarts).isZero();
        assertThat(played.source.trustedProxies).containsEntry("TRUSTED_PROXY_IP", WANTED);
    }

    @Test
    void whereTheSpecDoesNotSayByWhichAddressesNothingIsSet() {
        var played = PlayedMigration.of(PlayedSpec.edge(live(), "15s"));
        played.edge = Optional.of(new PlayedEdge(Trouble.NONE));
        played.source.trustedProxies = OWN;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.restarts).isZero();
        assertThat(played.status.internal.trust).isNull();
    }

    /** Each look may be the last one of an operator that dies before it has written down what it did. */
    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5})
    void whoeverDiesInBetweenSetsItOnceAllTheSame(int every) {
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(Trouble.NONE, edge);
        var look = new int[1];
        played.dies = decision -> List.of("ShiftTraffic", "Retire").contains(String.valueOf(played.status.phase)) && look[0]++ % every == 0;
        played.until(status -> {
            assertThat(leadsAnybody(edge) && !played.source.trusts(EGRESS)).as(played::describe).isFalse();
            return "AwaitCutover".equals(status.phase);
        });
        assertThat(played.source.restarts).isEqualTo(1);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.restarts).isEqualTo(2);
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
    }

    @Test
    void abortedItIsSetBackOnlyWhenUsersHaveBeenLedBack() {
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(Trouble.NONE, edge);
        played.until(status -> leadsAnybody(edge));
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        var look = new int[1];
        played.dies = decision -> look[0]++ % 3 == 0;
        played.until(status -> {
            assertThat(!edge.asked.contains("restore") && !played.source.trustedProxies.get("TRUSTED_PROXY_IP").equals(WANTED)).as(played::describe).isFalse();
            return MastodonMigrationStatus.ABORTED.equals(status.phase);
        });
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(played.source.restarts).isEqualTo(2);
        assertThat(played.status.internal.trust).isNull();
        assertThat(told(played)).isEmpty();
        assertThat(left(played)).isEmpty();
    }

    /** What is intended is known before it is done. */
    @Test
    void abortedWhileItIsBeingSetItIsAsItWas() {
        for (var changes = 0; changes < 4; changes++) {
            var edge = new PlayedEdge(Trouble.NONE);
            var played = played(Trouble.NONE, edge).until(status -> status.internal.trust != null);
            for (var look = 0; look < changes; look++) {
                played.now = played.now.plus(played.step());
            }
            played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
            played.untilPhase(MastodonMigrationStatus.ABORTED);
            assertThat(played.source.trustedProxies).as("after %d looks", changes).isEqualTo(OWN);
        }
    }

    @Test
    void inTheFreezeTheSourceComesFirstAndARefusalOfItsPlatformKeepsNothing() {
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(Trouble.NONE, edge).untilPhase("Drain");
        played.source.trustStays = true;
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.serves()).isTrue();
        assertThat(played.compute.deployed).isEmpty();
        assertThat(left(played)).singleElement().satisfies(finding -> assertThat(finding.severity).isEqualTo(Severity.Action))
                .satisfies(finding -> assertThat(finding.message).isEqualTo("TRUSTED_PROXY_IP of example-web is '" + WANTED + "', and it was '10.0.0.0/8'."));
    }

    @Test
    void itIsSetBackWhileTheWriteGateIsUpAndBeforeTheFinalBackup() {
        var played = retiring(false);
        played.until(status -> {
            assertThat(!played.source.trustedProxies.equals(OWN) && status.phases.stream().flatMap(record -> record.jobs.stream()).anyMatch(job -> List.of(Tasks.RELEASE, Tasks.BACK_UP_SOURCE).contains(job.task))).as(played::describe).isFalse();
            return MastodonMigrationStatus.COMPLETED.equals(status.phase);
        });
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(played.source.restarts).isEqualTo(2);
    }

    @Test
    void appsThatAreDeletedAreNotReleasedForThatBefore() {
        var played = retiring(true).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.restarts).isEqualTo(1);
        assertThat(played.status.internal.trust).isNull();
        assertThat(told(played)).isEmpty();
    }

    private static PlayedMigration retiring(boolean apps) {
        var volume = new MastodonMigrationSpec.Backup("backup", null);
        var played = new PlayedMigration(PlayedSpec.retire(PlayedSpec.egress(live(), "203.0.113.7/32"), new MastodonMigrationSpec.Retire(true, true, true, true, apps, volume, "1h")), Trouble.NONE);
        played.edge = Optional.of(new PlayedEdge(Trouble.NONE));
        played.source.trustedProxies = OWN;
        return played;
    }

    @Test
    void whatCannotBeSetBackAtTheEndHoldsNothingUpAndIsTold() {
        var played = played(Trouble.NONE, new PlayedEdge(Trouble.NONE));
        played.source.trustStays = true;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.status.findings).anyMatch(finding -> finding.message.equals("TRUSTED_PROXY_IP of example-web is '" + WANTED + "', and it was '10.0.0.0/8'."));
    }

    @Test
    void whileItsPlatformIsAwayNobodyIsLedThereAndThenItGoesOn() {
        var away = new boolean[] {true};
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(call -> {
            if (away[0] && call.startsWith("source.trust")) {
                throw new OutsideException("Heroku does not answer.", true);
            }
        }, edge);
        played.until(status -> message(played).contains("Heroku does not answer."));
        var from = played.now;
        played.until(status -> played.now.isAfter(from.plus(Duration.ofHours(3))));
        assertThat(leadsAnybody(edge)).isFalse();
        away[0] = false;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
    }

    @Test
    void aRefusalStallsBeforeAnybodyIsLedThere() {
        var refused = new boolean[] {true};
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(call -> {
            if (refused[0] && call.equals("source.trust")) {
                throw new OutsideException("The token may not.", false);
            }
        }, edge);
        played.until(status -> played.condition("Stalled").startsWith("True"));
        assertThat(played.condition("Stalled")).contains("The token may not.");
        assertThat(leadsAnybody(edge)).isFalse();
        refused[0] = false;
        played.untilPhase("AwaitCutover");
        assertThat(played.source.restarts).isEqualTo(1);
    }

    @Test
    void withDnsByHandTheAdminIsToldNothingBeforeAndSeesWhatIsWaitedFor() {
        var played = byHand();
        played.until(status -> "ShiftTraffic".equals(status.phase) && message(played).contains("waiting until example-web runs with TRUSTED_PROXY_IP"));
        assertThat(played.status.findings).noneMatch(finding -> finding.message.startsWith("Point DNS"));
        played.until(status -> status.findings.stream().anyMatch(finding -> finding.message.startsWith("Point DNS")));
        assertThat(played.source.trusts(EGRESS)).isTrue();
    }

    @Test
    void aSourceThatAnsweredBeforeHasToAnswerAgainAndOneThatDidNotIsNotWaitedFor() {
        var played = byHand().until(status -> status.internal.trust != null);
        front.source = new DirectProbe(Optional.of("calm-sea-1.herokudns.com answers \"HTTP/1.1 503\""), 20);
        played.until(status -> message(played).contains("has to answer again: calm-sea-1.herokudns.com answers"));
        var from = played.now;
        played.until(status -> played.now.isAfter(from.plus(Duration.ofMinutes(10))));
        assertThat(played.status.findings).noneMatch(finding -> finding.message.startsWith("Point DNS"));

        var inMaintenance = byHand().until(status -> status.findings.stream().anyMatch(finding -> finding.message.startsWith("Point DNS")));
        assertThat(inMaintenance.source.restarts).isEqualTo(1);
    }

    @Test
    void whatSomebodyChangesMeanwhileLeadsNobodyMoreThereAndStaysTheirs() {
        var played = byHand().until(status -> status.findings.stream().anyMatch(finding -> finding.message.startsWith("Point DNS")));
        played.source.trustedProxies = Map.of("TRUSTED_PROXY_IP", "192.0.2.0/24");
        played.until(status -> told(played).stream().anyMatch(finding -> finding.severity == Severity.Action));
        assertThat(told(played)).singleElement().satisfies(finding -> assertThat(finding.message).contains("somebody changed TRUSTED_PROXY_IP of example-web",
                "Set it to '192.0.2.0/24 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 203.0.113.7/32' on example-web."));
        front.lastRequests.put(WEB, Duration.ofSeconds(1));
        var from = played.now;
        played.until(status -> played.now.isAfter(from.plus(Duration.ofDays(1))));
        assertThat(played.status.phase).isEqualTo("ShiftTraffic");
        assertThat(played.source.restarts).isEqualTo(1);

        played.source.trustedProxies = Map.of("TRUSTED_PROXY_IP", "0.0.0.0/0");
        played.until(status -> told(played).stream().noneMatch(finding -> finding.severity == Severity.Action));
        front.lastRequests.put(WEB, Duration.ofHours(1));
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.trustedProxies).containsEntry("TRUSTED_PROXY_IP", "0.0.0.0/0");
        assertThat(played.status.findings).anyMatch(finding -> finding.message.equals("TRUSTED_PROXY_IP of example-web is '0.0.0.0/0', and it was '10.0.0.0/8'."));
    }

    /** Nothing of an edit in between is lost, and what was there first is not overwritten. */
    @Test
    void otherAddressesInTheSpecAreSetAsWell() {
        var played = byHand().until(status -> status.findings.stream().anyMatch(finding -> finding.message.startsWith("Point DNS")));
        played.edit(PlayedSpec.egress(played.spec, "203.0.113.7/32", "198.51.100.4/32"));
        played.until(status -> status.internal.trust.apps.getFirst().set.size() == 2);
        played.until(status -> status.internal.trust.seenAt != null);
        assertThat(played.source.trusts(List.of("203.0.113.7/32", "198.51.100.4/32"))).isTrue();
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(told(played)).isEmpty();
        assertThat(left(played)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 1000})
    void aSourceThatDoesNotStartWithItGetsItTakenBackAndIsNotAskedAgainBeforeTheSpecIsEdited(int every) {
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(Trouble.NONE, edge);
        played.source.crashes = true;
        edge.health = () -> played.source.trustedProxies.equals(OWN) ? Optional.empty() : Optional.of("the source answers 503");
        var look = new int[1];
        played.dies = decision -> "ShiftTraffic".equals(played.status.phase) && look[0]++ % every == every - 1;
        played.until(status -> played.condition("Stalled").startsWith("True"));
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(played.condition("Stalled")).contains("no web dyno of Heroku app example-web is up", "Nobody more is led to the edge");
        assertThat(told(played)).singleElement().satisfies(finding -> assertThat(finding.severity).isEqualTo(Severity.Action));
        var from = played.now;
        played.until(status -> played.now.isAfter(from.plus(Duration.ofHours(3))));
        assertThat(played.source.restarts).isEqualTo(2);
        assertThat(leadsAnybody(edge)).isFalse();
        played.source.crashes = false;
        edge.health = Optional::empty;
        played.edit(PlayedSpec.egress(played.spec, "203.0.113.7/32", "198.51.100.4/32"));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(told(played)).isEmpty();
    }

    @Test
    void oneThatIsNotUpAfterFiveMinutesGetsItTakenBackAndAnAbortEndsThere() {
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(Trouble.NONE, edge);
        played.source.staysDown = true;
        played.until(status -> status.internal.trust != null && status.internal.trust.downSince != null);
        var from = played.now;
        played.until(status -> played.condition("Stalled").startsWith("True"));
        assertThat(Duration.between(from, played.now)).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(7));
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(leadsAnybody(edge)).isFalse();
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(played.status.internal.trust).isNull();
    }

    /** The edge's health is the source's, and its way back may wait for an admin. */
    @Test
    void anAbortWhileTheSourceIsDownWithItSetsItBackBeforeAllElse() {
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(Trouble.NONE, edge);
        played.source.staysDown = true;
        edge.health = () -> played.source.trustedProxies.equals(OWN) ? Optional.empty() : Optional.of("the source answers 503");
        played.until(status -> status.internal.trust != null && status.internal.trust.downSince != null);
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        played.until(status -> {
            assertThat(edge.asked.contains("restore") && !played.source.trustedProxies.equals(OWN)).as(played::describe).isFalse();
            return MastodonMigrationStatus.ABORTED.equals(status.phase);
        });
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
        assertThat(told(played)).isEmpty();
    }

    /** Without it they would all be one user, once the app is back. */
    @Test
    void whileUsersComeThroughTheEdgeItIsNotTakenBackWhateverTheAppDoes() {
        var edge = new PlayedEdge(Trouble.NONE);
        var played = played(Trouble.NONE, edge).until(status -> edge.share() > 0 && "ShiftTraffic".equals(status.phase));
        played.source.crashes = true;
        played.edit(PlayedSpec.egress(played.spec, "203.0.113.7/32", "198.51.100.4/32"));
        played.until(status -> told(played).stream().anyMatch(finding -> finding.severity == Severity.Action));
        var from = played.now;
        played.until(status -> played.now.isAfter(from.plus(Duration.ofHours(3))));
        assertThat(TrustedProxies.lacking(Optional.of(played.source.trustedProxies.get("TRUSTED_PROXY_IP")), EGRESS)).isEmpty();
        assertThat(told(played)).singleElement().satisfies(finding -> assertThat(finding.message).contains("Users come through the edge, so TRUSTED_PROXY_IP stays"));
        played.source.crashes = false;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.trustedProxies).isEqualTo(OWN);
    }

    @Test
    void whereUsersAreLedBackAStepItStays() {
        var edge = new PlayedEdge(Trouble.NONE);
        var lately = new SideFigures(List.of(0L, 70L, 0L, 0L, 0L), 30, 0, 0, 0, List.of(0L, 0L, 70L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 2000);
        edge.figures = Optional.of(new EdgeFigures("Source", 2, 0, 0, 0, Map.of(Side.SOURCE, lately), Map.of(Side.SOURCE, 1.6)));
        var played = played(Trouble.NONE, edge).until(status -> status.internal.shift != null && status.internal.shift.retreats == 3);
        assertThat(played.source.trustedProxies).containsEntry("TRUSTED_PROXY_IP", WANTED);
        assertThat(played.source.restarts).isEqualTo(1);
    }

    @Test
    void dnsByHandThatTakesDaysIsNotPaidForWithCalls() {
        var calls = new int[1];
        var played = played(call -> {
            if (call.equals("source.distrusts")) {
                calls[0]++;
            }
        }, new PlayedEdge(Trouble.NONE));
        played.edge = byHand().edge;
        played.until(status -> status.findings.stream().anyMatch(finding -> finding.message.startsWith("Point DNS")));
        var from = played.now;
        var before = calls[0];
        played.until(status -> played.now.isAfter(from.plus(Duration.ofHours(1))));
        assertThat(calls[0] - before).isBetween(30, 61);
    }
}
