package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.Source.Process;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.StatusLedger;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HerokuSourceTest {
    @AutoClose
    private final ExampleSource example = new ExampleSource().awaitUp();

    @Test
    void whatStartingAgainNeedsIsRead() {
        var saved = example.source().read();
        assertThat(saved.apps()).extracting(SavedSource.App::name).containsExactly("example-web", "example-streaming");
        assertThat(saved.apps().getFirst().formation()).isEqualTo(Map.of("web", 2, "worker", 1));
        assertThat(saved.apps().getFirst().maintenance()).isEqualTo(SavedSource.Maintenance.OFF);
        assertThat(saved.apps().getFirst().release()).contains(1);
        assertThat(example.source().name()).isEqualTo("Heroku apps example-web, example-streaming");
    }

    @Test
    void stoppingIsAskedForOnce() {
        example.source().stop();
        assertThat(example.web.formation()).isEqualTo(Map.of("web", 0, "worker", 0));
        assertThat(example.streaming.formation()).isEqualTo(Map.of("web", 0));
        assertThat(example.web.maintenance() && example.streaming.maintenance()).isTrue();
        await().until(() -> example.source().alive().isEmpty());
        var writes = example.web.writes() + example.streaming.writes();
        example.source().stop();
        assertThat(example.web.writes() + example.streaming.writes()).as("what is so already is not written").isEqualTo(writes).isEqualTo(4);
    }

    @Test
    void theAppsAreStoppedSideBySide() {
        example.heroku.slowness(Duration.ofMillis(600));
        example.heroku.failNext(8, Fault.SLOW);
        assertThat(timed(() -> example.source().stop())).as("four calls for each of two apps").isLessThan(Duration.ofMillis(4000));
        assertThat(example.streaming.maintenance() && example.web.maintenance()).isTrue();
    }

    @Test
    void anAppThatIsRefusedDoesNotKeepTheOtherRunningNorStopped() {
        var saved = example.source().read();
        example.web.refuse("PATCH", 403, "forbidden", "No.");
        assertThatThrownBy(() -> example.source().stop()).isInstanceOf(OutsideException.class).hasMessageContaining("example-web");
        assertThat(example.streaming.formation()).isEqualTo(Map.of("web", 0));

        example.web.refuseNothing();
        example.source().stop();
        example.streaming.refuse("GET formation", 404, "not_found", "Couldn't find that app.");
        assertThatThrownBy(() -> example.source().start(saved)).isInstanceOf(OutsideException.class).hasMessageContaining("example-streaming");
        assertThat(example.web.formation()).isEqualTo(Map.of("web", 2, "worker", 1));
        assertThat(example.web.maintenance()).as("its users are let in").isFalse();
    }

    @Test
    void theRefusalThatWaitingDoesNotLiftIsTheOneThatIsTold() {
        example.web.refuse("PATCH", 503, "unavailable", "Not now.");
        example.streaming.refuse("PATCH", 403, "forbidden", "Never.");
        assertThat(catchThrowableOfType(OutsideException.class, () -> example.source().stop()).mayPass()).isFalse();
    }

    /** The numbers of the freeze themselves: a reconcile that waits longer sees neither an abort nor the end of maxDowntime. */
    @Test
    void aSilentHerokuIsGivenUpWithinSeconds() {
        example.heroku.failNext(100, Fault.SLOW);
        var took = timed(() -> assertThat(catchThrowableOfType(OutsideException.class, () -> example.source().stop()).mayPass()).isTrue());
        assertThat(took).isLessThan(Duration.ofSeconds(8));
    }

    @Test
    void anOutageOfHerokuPasses() {
        example.heroku.failNext(12, Fault.UNAVAILABLE);
        assertThat(catchThrowableOfType(OutsideException.class, () -> example.source().stop()).mayPass()).isTrue();
        example.heroku.clearFaults();
        example.source().stop();
        assertThat(example.web.maintenance()).isTrue();
    }

    @Test
    void oneOffDynosAreWhatTheFormationDoesNotListWhateverTheyAreCalled() {
        example.web.formation("run-import", 1, "Basic");
        example.web.formation("release", 0, "Basic");
        List.of("run", "scheduler", "release", "console").forEach(type -> example.web.oneOff(type, "bin/rails something"));
        await().untilAsserted(() -> assertThat(example.source().alive()).containsExactlyInAnyOrder(
                supervised("web.1 of example-web (up)"), supervised("web.2 of example-web (up)"), supervised("worker.1 of example-web (up)"), supervised("run-import.1 of example-web (up)"),
                supervised("web.1 of example-streaming (up)"),
                oneOff("run.1 of example-web (up)"), oneOff("scheduler.2 of example-web (up)"), oneOff("release.3 of example-web (up)"), oneOff("console.4 of example-web (up)")));
    }

    @Test
    void oneOffDynosOutliveTheStopAndAreStoppedByName() {
        example.web.oneOff("console", "bin/rails console");
        example.streaming.oneOff("run", "bash");
        example.source().stop();
        await().until(() -> example.source().alive().equals(List.of(oneOff("console.1 of example-web (up)"), oneOff("run.1 of example-streaming (up)"))));
        example.source().stopOneOffs();
        await().until(() -> example.source().alive().isEmpty());
        example.source().stopOneOffs();
        assertThat(example.web.dynoFailures()).isEmpty();
    }

    @Test
    void stoppingOneOffDynosLeavesTheOthersAlone() {
        var before = example.web.dynoIds("web");
        example.web.oneOff("run", "bash");
        example.source().stopOneOffs();
        await().until(() -> !example.web.aliveDynos().contains("run.1"));
        assertThat(example.web.dynoIds("web")).isEqualTo(before);
        assertThat(example.web.dynoIds("worker")).hasSize(1);
    }

    @Test
    void anEmptyListProvesNothingWhileDynosMayStillBeStopping() {
        example.heroku.unlistDynosAtSigterm();
        example.heroku.delays(Duration.ZERO, Duration.ofMinutes(1));
        example.source().stop();
        await().until(() -> example.source().alive().isEmpty());
        assertThat(example.web.aliveDynos()).isNotEmpty();
        assertThat(example.source().unseen()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void aDynoInAStateThatNobodyKnowsIsAlive() {
        example.web.dynoState("worker.1", "stopping");
        assertThat(example.source().alive()).contains(supervised("worker.1 of example-web (stopping)"));
    }

    @Test
    void whatHerokuWouldRunAgainIsNamed() {
        example.source().stop();
        assertThat(example.source().awake()).isEmpty();
        example.web.formation("web", 2, "Standard-2X");
        example.streaming.formation("web", 1, "Standard-1X");
        assertThat(example.source().awake()).containsExactly("web=2 of example-web", "web=1 of example-streaming");
    }

    /** Nothing is awake then, because nothing runs and nothing will. */
    @Test
    void maintenanceAloneWakesNothingUpAndComesBackWithTheNextStop() {
        example.source().stop();
        example.web.maintenance(false);
        assertThat(example.source().awake()).isEmpty();
        example.source().stop();
        assertThat(example.web.maintenance()).isTrue();
    }

    @Test
    void anotherAppThatHasTheNameAfterTheMoveIsNotStopped() {
        example.migration.setStatus(new MastodonMigrationStatus());
        example.migration.getStatus().internal.epoch = 1L;
        var ledger = new StatusLedger(example.migration.getStatus(), Instant.parse("2026-11-22T20:00:00Z"), 1);
        ledger.apply(new Fact.SourceSaved(example.source().read()));
        ledger.apply(new Fact.ClockStarted());
        ledger.apply(new Fact.TargetOpening());
        ledger.apply(new Fact.TargetWritable(Fact.Serving.AT_ONCE));
        example.source().stop();
        assertThat(example.streaming.maintenance()).isTrue();
        example.heroku.destroyApp("example-streaming");
        var again = example.heroku.createApp("example-streaming");
        again.formation("web", 1, "Basic");
        example.web.maintenance(false);
        assertThatThrownBy(() -> example.source().stop()).hasMessageContaining("The name example-streaming belongs to another app by now").hasMessageContaining("It is not stopped");
        assertThat(example.web.maintenance()).as("its own is stopped all the same").isTrue();
        assertThat(again.mutations()).isZero();
        assertThat(again.formation()).isEqualTo(Map.of("web", 1));
    }

    @Test
    void theSourceStartsAsItWas() {
        example.streaming.maintenance(true);
        example.web.formation("retired", 1, "Basic");
        var read = example.source().read();
        var web = read.apps().getFirst();
        var formation = new HashMap<>(web.formation());
        formation.put("gone", 1);
        var saved = new SavedSource(List.of(new SavedSource.App(web.name(), web.id(), web.maintenance(), web.release(), formation), read.apps().getLast()));
        example.source().stop();
        await().until(() -> example.source().alive().isEmpty());
        example.source().start(saved);
        assertThat(example.web.formation()).isEqualTo(Map.of("web", 2, "worker", 1, "retired", 1));
        assertThat(example.web.maintenance()).isFalse();
        assertThat(example.streaming.maintenance()).isTrue();
        await().until(() -> example.source().notUp(saved).isEmpty());
    }

    @ParameterizedTest
    @CsvSource({"up, up, there", "idle, up, there", "starting, not up, there", "crashed, not up, there", "warming-up, not up, there", "down, not up, not there"})
    void aDynoServesOrExistsAsItsStateSays(String state, String up, String there) {
        var saved = example.source().read();
        example.web.dynoState("worker.1", state);
        var missing = List.of("worker of example-web: 0/1");
        assertThat(example.source().notUp(saved)).isEqualTo(up.equals("up") ? List.of() : missing);
        assertThat(example.source().notThere(saved)).isEqualTo(there.equals("there") ? List.of() : missing);
    }

    @Test
    void onlyWhatMayRunSidekiqIsRestarted() {
        example.web.oneOff("run", "bundle exec sidekiq");
        var web = example.web.dynoIds("web");
        var worker = example.web.dynoIds("worker");
        var run = example.web.dynoIds("run");
        assertThat(example.source().mayRunSidekiq()).containsExactly("worker.1");
        assertThat(example.source().restartSidekiq()).containsExactly("worker.1");
        await().until(() -> example.web.dynoIds("worker").size() == 1 && !example.web.dynoIds("worker").equals(worker));
        assertThat(example.web.dynoIds("web")).isEqualTo(web);
        assertThat(example.web.dynoIds("run")).isEqualTo(run);
    }

    @Test
    void urlsAndVariablesAreThoseOfNow() {
        assertThat(example.source().urls().postgres().orElseThrow()).hasHost("db.example.net");
        example.web.config("DATABASE_URL", "postgres://u:new@db2.example.net/d");
        assertThat(example.source().urls().postgres().orElseThrow()).hasHost("db2.example.net");
        assertThat(example.source().environment().web()).containsEntry("DATABASE_URL", "postgres://u:new@db2.example.net/d");
        assertThat(example.source().environment().streaming()).containsEntry("STREAMING_CLUSTER_NUM", "1").doesNotContainKey("DATABASE_URL");
    }

    @ParameterizedTest
    @CsvSource({"DATABASE_URL,, has no config var DATABASE_URL", "REDIS_URL,, 'has no config var REDIS_URL, REDISCLOUD_URL or REDIS_HOST'",
        "SIDEKIQ_REDIS_URL, s3cret, SIDEKIQ_REDIS_URL or SIDEKIQ_REDIS_HOST is set and names no Redis"})
    void aUrlThatIsMissingIsNamedAndItsValueIsNot(String variable, String value, String words) {
        example.web.config(variable, value);
        assertThatThrownBy(() -> example.source().urls()).isInstanceOf(MissingInputException.class).hasMessageContaining("example-web").hasMessageContaining(words)
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void aTokenThatTheAdminReplacedIsUsedAtOnce() {
        var source = example.source();
        example.giveToken(example.heroku.revokeToken());
        assertThat(source.awake()).hasSize(3);
    }

    @Test
    void aTokenThatIsMissingIsNamed() {
        example.secret("tokne", "x");
        assertThatThrownBy(() -> example.source().awake()).isInstanceOf(MissingInputException.class)
                .hasMessage("Secret mastodon/heroku has no key \"token\", or it is empty. Add it.");
        example.deleteToken();
        assertThatThrownBy(() -> example.source().awake()).isInstanceOf(MissingInputException.class)
                .hasMessage("Secret mastodon/heroku does not exist. Create it with the key \"token\".");
    }

    @Test
    void theSourceIsStartedWithTheKeptTokenWhenTheAdminsSecretIsGone() {
        var saved = example.source().read();
        example.source().keepCredentials();
        example.source().stop();
        example.deleteToken();
        example.source().start(saved);
        assertThat(example.web.formation()).isEqualTo(Map.of("web", 2, "worker", 1));
        assertThat(example.web.maintenance()).isFalse();
    }

    /** What the migration owns is removed before its finalizer may act when it is deleted in the foreground. */
    @Test
    void theKeptTokenHasNoOwnerAndGoesWhenItIsForgotten() {
        example.source().keepCredentials();
        example.source().keepCredentials();
        var secrets = example.kubernetes.client().secrets().inNamespace(ExampleSource.NAMESPACE);
        assertThat(secrets.withLabel(KeptToken.UID_LABEL, "6f1c").list().getItems()).singleElement().satisfies(secret -> {
            assertThat(secret.getMetadata().getOwnerReferences()).isEmpty();
            assertThat(secret.getMetadata().getName()).startsWith("example-social-source-");
        });
        example.source().forgetCredentials();
        example.source().forgetCredentials();
        assertThat(secrets.withLabel(KeptToken.UID_LABEL, "6f1c").list().getItems()).isEmpty();
        assertThat(secrets.withName("heroku").get()).as("the admin's own").isNotNull();
    }

    @Test
    void aReplacedTokenIsKeptAnew() {
        example.source().keepCredentials();
        example.giveToken(example.heroku.revokeToken());
        example.source().keepCredentials();
        example.deleteToken();
        assertThat(example.source().awake()).hasSize(3);
    }

    @Test
    void anotherMigrationsTokenIsNeitherUsedNorRemoved() {
        example.source().keepCredentials();
        var secrets = example.kubernetes.client().secrets().inNamespace(ExampleSource.NAMESPACE);
        var theirs = secrets.withLabel(KeptToken.UID_LABEL, "6f1c").list().getItems().getFirst();
        theirs.getMetadata().getLabels().put(KeptToken.UID_LABEL, "another");
        secrets.resource(theirs).update();
        example.deleteToken();
        example.source().forgetCredentials();
        assertThat(secrets.withName(theirs.getMetadata().getName()).get()).isNotNull();
        assertThatThrownBy(() -> example.source().awake()).isInstanceOf(MissingInputException.class);
        assertThatThrownBy(() -> example.source(ExampleSource.migration("created-again")).awake()).isInstanceOf(MissingInputException.class);
    }

    @Test
    void aTokenIsSentWhereTheOperatorsConfigurationSays() {
        assertThat(example.source().violations()).isEmpty();
        example.apiUrl = "http://api.heroku.com";
        assertThat(example.source().violations()).singleElement().asString().contains("MASTODON_MIGRATION_HEROKU_API_URL", "https://");
        assertThatThrownBy(() -> example.source().awake()).isInstanceOf(HerokuException.class).hasMessageNotContaining(example.heroku.token());
    }

    private static Process supervised(String name) {
        return new Process(name, Process.Kind.SUPERVISED);
    }

    private static Process oneOff(String name) {
        return new Process(name, Process.Kind.ONE_OFF);
    }

    private static Duration timed(Runnable act) {
        var begun = System.nanoTime();
        act.run();
        return Duration.ofNanos(System.nanoTime() - begun);
    }
}
