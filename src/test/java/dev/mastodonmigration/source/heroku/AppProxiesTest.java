package dev.mastodonmigration.source.heroku;

import static dev.mastodonmigration.source.heroku.ProxyWorld.EGRESS;
import static dev.mastodonmigration.source.heroku.ProxyWorld.OWN;
import static dev.mastodonmigration.source.heroku.ProxyWorld.STREAMING_WANTED;
import static dev.mastodonmigration.source.heroku.ProxyWorld.WEB_WANTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.embedded.HerokuStubApp.ReleaseCommand;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.DoesNotStartException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** TRUSTED_PROXY_IP of two apps, set for the edge and set back: whatever Heroku answers, and whoever else changes it. */
class AppProxiesTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    @AutoClose
    private final ProxyWorld world = new ProxyWorld();

    private static Map<String, String> trusting(String value) {
        return new TreeMap<>(Map.of("LOCAL_DOMAIN", "example.social", "TRUSTED_PROXY_IP", value));
    }

    @Test
    void bothAppsAreSetOneAfterTheOtherByOneReleaseEachAndSetBackAsTheyWere() {
        var before = world.config();
        assertThat(world.trust()).containsSubsequence("intended", "set TRUSTED_PROXY_IP of Heroku app example-web to '" + WEB_WANTED + "', which restarts it once",
                "set TRUSTED_PROXY_IP of Heroku app example-streaming to '" + STREAMING_WANTED + "', which restarts it once");
        assertThat(world.config()).as("nothing else of ours is there").isEqualTo(List.of(trusting(WEB_WANTED), trusting(STREAMING_WANTED)));
        assertThat(world.web.releases()).hasSize(2);
        assertThat(world.streaming.releases()).hasSize(2);
        assertThat(world.lookForth(EGRESS)).isInstanceOf(Provisioned.Ready.class);

        assertThat(world.trustAsBefore()).contains("set TRUSTED_PROXY_IP of Heroku app example-web back: it was '10.0.0.0/8'");
        assertThat(world.config()).isEqualTo(before);
        assertThat(world.trustAsBefore()).as("asked again").hasSize(1);
        assertThat(world.web.writes() + world.streaming.writes()).isEqualTo(4);
    }

    @Test
    void whatTheTargetGetsIsWhatWasThereBefore() {
        var before = world.source().environment();
        world.trust();
        assertThat(world.source().environment()).isEqualTo(before);
        world.trustAsBefore();
        assertThat(world.source().environment()).isEqualTo(before);
        world.web.config("TRUSTED_PROXY_IP", "192.0.2.0/24");
        assertThat(world.source().environment().web()).as("theirs goes along").containsEntry("TRUSTED_PROXY_IP", "192.0.2.0/24");
    }

    @Test
    void dynosOfTheLastReleaseAreWaitedForAndTheStreamingAppIsNotTouchedBefore() {
        world.heroku.delays(Duration.ZERO, LONG);
        assertThat(world.lookForth(EGRESS).message()).isEqualTo("intended");
        assertThat(world.lookForth(EGRESS).message()).startsWith("set TRUSTED_PROXY_IP of Heroku app example-web");
        assertThat(world.lookForth(EGRESS)).isInstanceOf(Provisioned.Working.class)
                .satisfies(working -> assertThat(working.message()).isEqualTo("waiting until example-web runs with TRUSTED_PROXY_IP: 0 of 2 web dynos do (v2), web.1 is still of v1, web.2 is still of v1"));
        assertThat(world.streaming.writes()).isZero();
    }

    @Test
    void aWebDynoThatDoesNotComeUpIsNamedAndAWorkerKeepsNobodyWaiting() {
        world.trust();
        world.web.dynoState("worker.1", "crashed");
        assertThat(world.lookForth(EGRESS)).isInstanceOf(Provisioned.Ready.class);
        world.web.dynoState("web.2", "crashed");
        assertThat(world.lookForth(EGRESS).message()).isEqualTo("waiting until example-web runs with TRUSTED_PROXY_IP: 1 of 2 web dynos do (v2), web.2 is crashed");
        world.web.dynoState("web.2", "idle");
        assertThat(world.lookForth(EGRESS)).as("it sleeps").isInstanceOf(Provisioned.Ready.class);
    }

    @Test
    void whereNoWebDynoIsUpItIsToldAndACrashIsNotWaitedFor() {
        world.trust();
        world.web.dynoState("web.1", "starting");
        world.web.dynoState("web.2", "starting");
        assertThat(world.lookForth(EGRESS)).isInstanceOf(Provisioned.Left.class).satisfies(down -> assertThat(down.message()).startsWith("no web dyno of Heroku app example-web is up since TRUSTED_PROXY_IP was set (0 of 2 web dynos do"));
        world.web.dynoState("web.2", "crashed");
        assertThat(catchThrowableOfType(DoesNotStartException.class, () -> world.lookForth(EGRESS))).hasMessageContaining("web.2 is crashed").hasMessageContaining("`heroku logs --app example-web --dyno web`");
        world.trustAsBefore();
        assertThat(world.web.configVars()).containsEntry("TRUSTED_PROXY_IP", OWN);
    }

    @Test
    void aReleaseThatFailsMovesNobodyAndGoesOnWhenOneSucceeds() {
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> !config.get("TRUSTED_PROXY_IP").contains("203.0.113.7")));
        var refused = catchThrowableOfType(OutsideException.class, world::trust);
        assertThat(refused.mayPass()).isFalse();
        assertThat(refused).hasMessageStartingWith("No user is led to the edge, because release v2 of Heroku app example-web (Set TRUSTED_PROXY_IP config vars) failed, and its dynos do not start with it (`heroku releases:output v2 -a example-web`)")
                .hasMessageContaining("`heroku releases:retry -a example-web`");
        assertThat(world.streaming.writes()).isZero();

        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> true));
        world.web.releaseCode("Retry of v2: Set TRUSTED_PROXY_IP config vars");
        world.trust();
        assertThat(world.web.writes()).as("it is set already").isEqualTo(1);
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> config.get("TRUSTED_PROXY_IP").contains("203.0.113.7")));
        await().until(() -> !(world.lookBack() instanceof Provisioned.Working));
        assertThat(world.lookBack()).isInstanceOf(Provisioned.Left.class).satisfies(left -> assertThat(left.message()).startsWith("TRUSTED_PROXY_IP of Heroku app example-web is as it was, but release v4 of Heroku app example-web"));
        assertThat(world.web.configVars()).containsEntry("TRUSTED_PROXY_IP", OWN);
    }

    @Test
    void aReleaseCommandThatTakesItsTimeIsWaitedFor() {
        world.web.releaseCommand(new ReleaseCommand(LONG, config -> true));
        world.lookForth(EGRESS);
        world.lookForth(EGRESS);
        assertThat(world.lookForth(EGRESS).message()).isEqualTo("waiting for the release command of example-web (v2)");
    }

    @Test
    void whatSomebodySetMeanwhileStaysAndIsTold() {
        world.trust();
        world.web.config("TRUSTED_PROXY_IP", "192.0.2.0/24");
        world.lookBack();
        assertThat(world.lookBack()).isEqualTo(new Provisioned.Left("Somebody set TRUSTED_PROXY_IP of Heroku app example-web to '192.0.2.0/24' meanwhile, and it stays so. Before the migration it was '10.0.0.0/8'."));
        assertThat(world.config()).isEqualTo(List.of(trusting("192.0.2.0/24"), Map.of("LOCAL_DOMAIN", "example.social")));
        world.web.config("TRUSTED_PROXY_IP", null);
        assertThat(world.lookBack().message()).startsWith("Somebody removed TRUSTED_PROXY_IP from Heroku app example-web meanwhile");
    }

    /** Whoever changes it between our look and our change is not overwritten: what there is to be set back is saved first. */
    @Test
    void whatSomebodySetBeforeUsIsWhatIsSetBack() {
        world.lookForth(EGRESS);
        world.web.config("TRUSTED_PROXY_IP", "192.0.2.0/24");
        world.trust();
        assertThat(world.web.configVars()).containsEntry("TRUSTED_PROXY_IP", "192.0.2.0/24 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 203.0.113.7/32");
        world.trustAsBefore();
        assertThat(world.web.configVars()).containsEntry("TRUSTED_PROXY_IP", "192.0.2.0/24");
    }

    @Test
    void otherAddressesAreAddedAndWhatWasThereFirstIsSetBack() {
        var before = world.config();
        world.trust();
        var both = List.of("203.0.113.7/32", "198.51.100.4/32");
        assertThat(world.lookForth(both).message()).isEqualTo("intended");
        assertThat(world.source().environment().web()).as("before it is set").containsEntry("TRUSTED_PROXY_IP", OWN);
        RepointWorld.untilReady(() -> world.lookForth(both));
        assertThat(world.web.configVars()).containsEntry("TRUSTED_PROXY_IP", WEB_WANTED + " 198.51.100.4/32");
        world.trustAsBefore();
        assertThat(world.config()).isEqualTo(before);
    }

    @Test
    void whereOtherAddressesWereIntendedAndNotSetOursIsStillKnownForOurs() {
        var before = world.config();
        world.trust();
        world.lookForth(List.of("198.51.100.4/32"));
        world.trustAsBefore();
        assertThat(world.config()).isEqualTo(before);
    }

    /** What an earlier migration left is the app's own for this one: it has saved nothing of it. */
    @Test
    void whatAnotherMigrationSetIsNotTakenForOurs() {
        world.trust();
        world.migration.setStatus(new MastodonMigrationStatus());
        assertThat(world.source().distrusts(EGRESS, List.of())).isEmpty();
        assertThat(world.source().environment().web()).containsEntry("TRUSTED_PROXY_IP", WEB_WANTED);
        var writes = world.web.writes();
        assertThat(world.lookBack()).isInstanceOf(Provisioned.Ready.class);
        assertThat(world.web.writes()).isEqualTo(writes);
    }

    @Test
    void aTokenThatMayNotSetItIsToldWithWhatToSetByHand() {
        world.token = Optional.of(world.heroku.token(HerokuStub.Scope.READ_PROTECTED));
        var refused = catchThrowableOfType(OutsideException.class, world::trust);
        assertThat(refused.mayPass()).isFalse();
        assertThat(refused).hasMessageStartingWith("No user is led to the edge, because TRUSTED_PROXY_IP of Heroku app example-web cannot be set.").hasMessageContaining("spec.source.heroku.apiTokenSecretRef")
                .hasMessageEndingWith("Or set it yourself, which restarts the app: `heroku config:set TRUSTED_PROXY_IP='" + WEB_WANTED + "' -a example-web`.");
        assertThat(world.web.writes()).isZero();
    }

    @Test
    void whatMayNotBeSetBackIsLeftWithWhatToDoByHandAndTheOtherAppIsSetBack() {
        world.trust();
        world.web.refuse("PATCH config-vars", 403, "forbidden", "No.");
        world.lookBack();
        assertThat(world.lookBack()).isInstanceOf(Provisioned.Left.class).satisfies(left -> assertThat(left.message()).startsWith("Whether TRUSTED_PROXY_IP of Heroku app example-web is as it was before the migration cannot be told, and it may still be '"
                + WEB_WANTED + "', as the operator set it for the edge. Set it back yourself: `heroku config:set TRUSTED_PROXY_IP='10.0.0.0/8' -a example-web`.").contains("apiTokenSecretRef"));
        assertThat(world.streaming.configVars()).doesNotContainKey("TRUSTED_PROXY_IP");
    }

    @Test
    void withoutATokenAllOfItIsLeft() {
        world.trust();
        world.token = Optional.empty();
        assertThat(world.lookBack()).isInstanceOf(Provisioned.Left.class)
                .satisfies(left -> assertThat(left.message()).contains("`heroku config:set TRUSTED_PROXY_IP='10.0.0.0/8' -a example-web`", "`heroku config:unset TRUSTED_PROXY_IP -a example-streaming`", "There is no Secret heroku."));
    }

    @Test
    void anAppInMaintenanceOrBusyWithAReleaseIsSetAllTheSame() {
        world.web.maintenance(true);
        world.heroku.busyAfterRelease(2);
        world.trust();
        world.trustAsBefore();
        assertThat(world.web.maintenance()).isTrue();
    }

    /** At the end of the migration nothing of it runs. */
    @Test
    void stoppedAppsAreSetBackAndStayStopped() {
        world.trust();
        world.source().stop();
        await().until(() -> world.web.aliveDynos().isEmpty() && world.streaming.aliveDynos().isEmpty());
        world.trustAsBefore();
        assertThat(world.web.configVars()).containsEntry("TRUSTED_PROXY_IP", OWN);
        assertThat(world.web.aliveDynos()).isEmpty();
        assertThat(world.source().awake()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT_OFF", "LOST_ANSWER", "UNAVAILABLE", "RATE_LIMITED"})
    void theWayForthGoesOnFromWhateverItFinds(Fault fault) {
        everyCall(AppProxiesTest::forth, fault);
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT_OFF", "LOST_ANSWER", "UNAVAILABLE", "RATE_LIMITED"})
    void theWayBackGoesOnFromWhateverItFinds(Fault fault) {
        everyCall(AppProxiesTest::back, fault);
    }

    @Test
    @Tag("thorough")
    void whatHerokuDoesLateIsFoundThere() {
        everyCall(AppProxiesTest::forth, Fault.LATE);
    }

    /** Each app has one release more then, whatever happened. */
    private static void everyCall(BiFunction<Integer, Fault, Outcome> way, Fault fault) {
        var undisturbed = way.apply(0, fault);
        assertThat(undisturbed.calls()).isGreaterThanOrEqualTo(8);
        RepointFaultsTest.eachOf(undisturbed.calls(), number -> assertThat(way.apply(number, fault).state()).as("%s at call %d", fault, number).isEqualTo(undisturbed.state()));
    }

    @Test
    void givenUpAfterAnyLookItGoesBackToWhatWas() {
        for (int looks = 0; looks < 8; looks++) {
            try (var other = new ProxyWorld()) {
                var before = other.config();
                for (int i = 0; i < looks; i++) {
                    other.lookForth(EGRESS);
                }
                other.trustAsBefore();
                assertThat(other.config()).as("after %d looks", looks).isEqualTo(before);
            }
        }
    }

    private record Outcome(int calls, List<Object> state) {}

    /** @param number of the call that meets the fault; 0 for none */
    private static Outcome forth(int number, Fault fault) {
        try (var other = new ProxyWorld()) {
            var before = other.heroku.calls();
            if (number > 0) {
                other.heroku.failCall(number, fault);
            }
            other.trust();
            return new Outcome(other.heroku.calls() - before, other.state());
        }
    }

    private static Outcome back(int number, Fault fault) {
        try (var other = new ProxyWorld()) {
            other.trust();
            var before = other.heroku.calls();
            if (number > 0) {
                other.heroku.failCall(number, fault);
            }
            other.trustAsBefore();
            return new Outcome(other.heroku.calls() - before, other.state());
        }
    }
}
