package dev.mastodonmigration.source.heroku;

import static dev.mastodonmigration.source.heroku.RepointWorld.NEW_POSTGRES;
import static dev.mastodonmigration.source.heroku.RepointWorld.NEW_REDIS;
import static dev.mastodonmigration.source.heroku.RepointWorld.OLD_POSTGRES;
import static dev.mastodonmigration.source.heroku.RepointWorld.OLD_REDIS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.HerokuStubApp.ReleaseCommand;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.SavedSource.Absent;
import dev.mastodonmigration.source.SavedSource.Attached;
import dev.mastodonmigration.source.SavedSource.SetByHand;
import dev.mastodonmigration.source.SavedSource.Variable;
import dev.mastodonmigration.source.Source.Database;
import dev.mastodonmigration.source.Source.Databases;
import dev.mastodonmigration.status.Fact;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Apps that stay are given other databases, and their own back. */
class RepointTest {
    private static final String KEPT = "MIGRATED_6F1C2A3B_";
    @AutoClose
    private RepointWorld world = RepointWorld.ofPostgres();

    private void use(RepointWorld other) {
        world.close();
        world = other;
    }

    @Test
    void anAddOnIsAttachedUnderASecondNameBeforeItsFirstIsTakenAway() {
        var saved = world.save();
        var said = world.repoint(saved);
        assertThat(said).as("streaming first, one change a look").containsExactly(
                "attached " + world.postgres + " to example-streaming as " + KEPT + "DATABASE", "took the attachment DATABASE off example-streaming", "set DATABASE_URL of example-streaming",
                "attached " + world.postgres + " to example-web as " + KEPT + "DATABASE", "took the attachment DATABASE off example-web", "set DATABASE_URL of example-web",
                "Heroku apps example-web, example-streaming will start with the new databases");
        assertThat(world.web.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES).containsEntry(KEPT + "DATABASE_URL", OLD_POSTGRES).containsEntry("REDIS_URL", OLD_REDIS);
        assertThat(world.streaming.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES);
        assertThat(world.web.attachments()).containsExactly(KEPT + "DATABASE of " + world.postgres, "REDISCLOUD of rediscloud-round-1002");
        assertThat(world.source().stillUsed(saved)).isEmpty();
    }

    @Test
    void onceItIsSoNothingIsChangedAnyMore() {
        var saved = world.save();
        world.repoint(saved);
        var releases = world.releases();
        assertThat(world.repoint(saved)).hasSize(1);
        assertThat(world.releases()).isEqualTo(releases);
    }

    @Test
    void theWayBackRestoresAttachmentsAndVariables() {
        var before = world.state();
        var saved = world.save();
        world.repoint(saved);
        var said = world.pointBack(saved);
        assertThat(said).as("the web app first").startsWith("set DATABASE_URL of example-web", "attached " + world.postgres + " to example-web as DATABASE", "took the attachment " + KEPT + "DATABASE off example-web");
        assertThat(world.state()).isEqualTo(before);
        assertThat(world.source().stillUsed(saved)).containsExactlyInAnyOrder("DATABASE_URL of example-web", "DATABASE_URL of example-streaming");
    }

    @Test
    void goingBackBeforeAnythingWasChangedChangesNothing() {
        var saved = world.save();
        var releases = world.releases();
        assertThat(world.pointBack(saved)).hasSize(1);
        assertThat(world.releases()).isEqualTo(releases);
    }

    @Test
    void whatIsSavedHasNoSecret() {
        var saved = world.save();
        assertThat(saved.apps().getFirst().variables()).singleElement().satisfies(variable -> {
            assertThat(variable.name()).isEqualTo("DATABASE_URL");
            assertThat(((Attached) variable.origin()).addOnName()).isEqualTo(world.postgres);
        });
        assertThat(saved.words()).contains(world.postgres + " attached as DATABASE").doesNotContain("p4ss");
        assertThat(world.migration.getStatus().source.apps.getFirst().variables.getFirst().attachment).isEqualTo("DATABASE");
    }

    @Test
    void aPoolAndPrimaryDatabaseUrlGoAlong() {
        world.web.attach(world.postgres, "DATABASE_CONNECTION_POOL", "connection-pooling:default");
        world.web.config("PRIMARY_DATABASE_URL", OLD_POSTGRES);
        var before = world.state();
        var saved = world.save();
        world.repoint(saved);
        assertThat(world.web.configVars()).containsEntry("DATABASE_CONNECTION_POOL_URL", NEW_POSTGRES).containsEntry("PRIMARY_DATABASE_URL", NEW_POSTGRES).containsEntry("DATABASE_URL", NEW_POSTGRES);
        world.pointBack(saved);
        assertThat(world.state()).isEqualTo(before);
        assertThat(world.web.attachments()).contains("DATABASE_CONNECTION_POOL of " + world.postgres + " in connection-pooling:default");
    }

    @Test
    void redisThatWasSetByHandIsKeptOnTheApp() {
        use(RepointWorld.ofRedis(Map.of("REDIS_URL", OLD_REDIS, "SIDEKIQ_REDIS_HOST", "jobs.example.net", "REDIS_DRIVER", "hiredis")));
        var before = world.state();
        var saved = world.save();
        assertThat(saved.apps().getFirst().variables()).containsExactly(new Variable("REDIS_URL", new SetByHand()), new Variable("SIDEKIQ_REDIS_URL", new Absent()), new Variable("REDIS_DRIVER", new SetByHand()));
        world.repoint(saved);
        assertThat(world.web.configVars()).containsEntry("REDIS_URL", NEW_REDIS).containsEntry("SIDEKIQ_REDIS_URL", NEW_REDIS).containsEntry("REDIS_DRIVER", "ruby").containsEntry(KEPT + "REDIS_URL", OLD_REDIS);
        assertThat(world.web.releases()).as("one release").hasSize(3);
        world.pointBack(saved);
        assertThat(world.state()).isEqualTo(before);
    }

    @Test
    void theAddOnsOwnVariableIsWhatMovesWhereMastodonReadsThatAlone() {
        use(RepointWorld.ofRedis(Map.of()));
        var redis = world.web.attached("rediscloud", "100", OLD_REDIS, "REDISCLOUD");
        world.streaming.attach(redis, "REDISCLOUD");
        var before = world.state();
        var saved = world.save();
        world.repoint(saved);
        assertThat(world.web.configVars()).containsEntry("REDISCLOUD_URL", NEW_REDIS).containsEntry(KEPT + "REDISCLOUD_URL", OLD_REDIS).doesNotContainKey("REDIS_URL").containsEntry("REDIS_DRIVER", "ruby");
        world.pointBack(saved);
        assertThat(world.state()).isEqualTo(before);
    }

    @Test
    void redisWithoutTlsLeavesTheDriverAlone() {
        use(RepointWorld.ofRedis(Map.of("REDIS_URL", OLD_REDIS)));
        world.databases = new Databases(Optional.empty(), Optional.of(new Database("redis://target.example.net:6379", Optional.empty())));
        world.repoint(world.save());
        assertThat(world.web.configVars()).doesNotContainKey("REDIS_DRIVER");
    }

    @Test
    void aNewPasswordOfTheTargetIsFollowedAndWhatIsKeptStays() {
        use(RepointWorld.ofRedis(Map.of("REDIS_URL", OLD_REDIS)));
        var saved = world.save();
        world.repoint(saved);
        world.databases = new Databases(Optional.empty(), Optional.of(new Database("rediss://:r0tated@target.example.net:6380", Optional.empty())));
        world.repoint(saved);
        assertThat(world.web.configVars()).containsEntry("REDIS_URL", "rediss://:r0tated@target.example.net:6380").containsEntry(KEPT + "REDIS_URL", OLD_REDIS);
    }

    @Test
    void anAppWithoutTheVariableGetsItAndLosesItAgain() {
        world.heroku.destroyApp("example-web");
        var web = world.heroku.createApp("example-web");
        web.config(Map.of("DB_HOST", "old.example.net", "DB_USER", "u", "DB_PASS", "p4ss", "DB_NAME", "d", "REDIS_URL", OLD_REDIS));
        world.streaming.config("DATABASE_URL", OLD_POSTGRES);
        var saved = world.save();
        world.repoint(saved);
        assertThat(web.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES);
        assertThat(world.source().urls().postgres()).as("where the data is").contains(URI.create("postgres://u:p4ss@old.example.net:5432/d"));
        world.pointBack(saved);
        assertThat(web.configVars()).doesNotContainKey("DATABASE_URL");
    }

    @Test
    void theSourceIsStillWhereItWas() {
        var saved = world.save();
        assertThat(world.source().urls().postgres()).contains(URI.create(OLD_POSTGRES));
        world.repoint(saved);
        assertThat(world.source().urls().postgres()).contains(URI.create(OLD_POSTGRES));
        world.heroku.rotate(world.postgres, "postgres://u:rotated@old.example.net:5432/d");
        assertThat(world.source().urls().postgres()).as("its credentials go on being rotated").contains(URI.create("postgres://u:rotated@old.example.net:5432/d"));
    }

    @Test
    void theTargetIsNeverTakenForTheSource() {
        var saved = world.save();
        world.repoint(saved);
        world.tell(new Fact.TargetWritable(Fact.Serving.WHEN_THE_SOURCE_RUNS));
        world.heroku.destroyApp("example-web");
        world.heroku.createApp("example-web").config(Map.of("DATABASE_URL", NEW_POSTGRES, "REDIS_URL", OLD_REDIS));
        assertThatThrownBy(() -> world.source().urls()).isInstanceOf(MissingInputException.class).hasMessageContaining(KEPT + "DATABASE_URL").hasMessageContaining("heroku addons:attach " + world.postgres);
    }

    @Test
    void anotherDatabaseThatSomebodyAttachedMeanwhileIsNotTakenAway() {
        var saved = world.save();
        world.somebodyMeddles();
        var other = world.web.attached("heroku-postgresql", "standard-0", "postgres://u:p@other.example.net:5432/d", "HEROKU_POSTGRESQL_AMBER");
        world.web.promote(other, "DATABASE");
        var releases = world.web.releases();
        assertThatThrownBy(() -> world.repoint(saved)).isInstanceOf(HerokuException.class).hasMessageContaining("has " + other + " attached as DATABASE, and had " + world.postgres);
        assertThat(world.web.attachments()).contains("DATABASE of " + other);
        assertThat(world.web.releases()).as("but for the second name").hasSize(releases.size() + 1);
    }

    @Test
    void aReleaseCommandThatFailsWithoutADatabaseAndIsSlowIsWaitedFor() {
        var command = new ReleaseCommand(Duration.ofMillis(100), config -> config.containsKey("DATABASE_URL"));
        world.web.releaseCommand(command);
        var saved = world.save();
        var said = world.repoint(saved);
        assertThat(said).anyMatch(words -> words.startsWith("waiting for the release command of example-web (v"));
        assertThat(world.web.deployedConfigVars()).as("what dynos start with").containsEntry("DATABASE_URL", NEW_POSTGRES);
        world.pointBack(saved);
        assertThat(world.web.deployedConfigVars()).containsEntry("DATABASE_URL", OLD_POSTGRES).doesNotContainKey(KEPT + "DATABASE_URL");
    }

    @Test
    void aReleaseThatFailedIsMadeAgain() {
        var attempts = new AtomicInteger();
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> NEW_POSTGRES.equals(config.get("DATABASE_URL")) && attempts.incrementAndGet() > 2));
        var said = world.repoint(world.save());
        assertThat(said).anyMatch(words -> words.contains("failed, and dynos do not start with it") && words.contains("heroku releases:output v") && words.contains("-a example-web"));
        assertThat(world.web.deployedConfigVars()).containsEntry("DATABASE_URL", NEW_POSTGRES);
        assertThat(world.web.releases().getLast()).startsWith("Retry of v");
    }

    /** Heroku's other word for a release that dynos do not start with. */
    @Test
    void aReleaseThatExpiredIsMadeAgain() {
        var attempts = new AtomicInteger();
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> NEW_POSTGRES.equals(config.get("DATABASE_URL")) && attempts.incrementAndGet() > 1, "expired"));
        world.repoint(world.save());
        assertThat(world.web.deployedConfigVars()).containsEntry("DATABASE_URL", NEW_POSTGRES);
        assertThat(world.web.releases().getLast()).startsWith("Retry of v");
    }

    @Test
    void aReleaseThatFailsForGoodIsGivenUpAndTheWayBackIsNotKeptByIt() {
        var saved = world.save();
        var before = world.state();
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> false));
        assertThatThrownBy(() -> world.repoint(saved)).isInstanceOf(HerokuException.class).hasMessageContaining("cannot be led to the new databases").hasMessageContaining("It was tried 4 times")
                .hasMessageContaining("heroku releases:output v").matches(refused -> !((HerokuException) refused).mayPass());
        assertThat(world.web.releases()).filteredOn(release -> release.startsWith("Retry of v")).hasSize(3).allSatisfy(release -> assertThat(release.split("Retry of", -1)).hasSize(2));

        var attempts = world.web.releases().size();
        world.pointBack(saved);
        assertThat(world.state()).isEqualTo(before);
        assertThat(world.web.releases()).as("the dynos start with what they always had").hasSizeLessThan(attempts + 5);
    }

    @Test
    void wherePartOfItSucceededTheWayBackGoesOnTryingInItsOwnTime() {
        var saved = world.save();
        world.repoint(saved);
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> false));
        Provisioned seen;
        do {
            seen = world.lookBack(saved);
        } while (!seen.message().contains("failed"));
        assertThat(((Provisioned.Working) seen).lookAgain()).hasValueSatisfying(pause -> assertThat(pause).isGreaterThanOrEqualTo(Duration.ofSeconds(10)));
        assertThat(seen.message()).contains("failed, and dynos do not start with it", "deploy one that succeeds");
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> true));
        world.pointBack(saved);
        assertThat(world.web.deployedConfigVars()).containsEntry("DATABASE_URL", OLD_POSTGRES);
    }

    @Test
    void aPushThatFailsMeanwhileKeepsNobodyWaiting() {
        var saved = world.save();
        world.repoint(saved);
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> false));
        for (var code : List.of("Deploy 1234abcd", "Promote example-staging v12 1234abcd", "Rollback to v3")) {
            world.web.releaseCode(code);
            assertThat(world.repoint(saved)).as(code).hasSize(1);
            assertThat(world.web.releases()).as("nobody repeats it").endsWith(code);
        }
        assertThat(world.web.deployedConfigVars()).containsEntry("DATABASE_URL", NEW_POSTGRES);
    }

    @Test
    void whatSomebodyBlankedDuringTheFreezeIsNotOverwrittenBecauseItCouldNotBeGivenBack() {
        use(RepointWorld.ofRedis(Map.of("REDIS_URL", OLD_REDIS)));
        var saved = world.save();
        world.somebodyMeddles();
        world.web.config("REDIS_URL", null);
        assertThatThrownBy(() -> world.repoint(saved)).isInstanceOf(HerokuException.class).hasMessageContaining("example-web has no config var REDIS_URL any more");
        world.pointBack(saved);
        assertThat(world.web.configVars()).doesNotContainKey("REDIS_URL");
        assertThat(world.streaming.configVars()).containsEntry("REDIS_URL", OLD_REDIS).allSatisfy((name, value) -> assertThat(name).doesNotStartWith(KEPT));
    }

    @Test
    void whereSomebodyRemovedWhatWasKeptNothingIsTakenForRestored() {
        use(RepointWorld.ofRedis(Map.of("REDIS_URL", OLD_REDIS)));
        var before = world.state();
        var saved = world.save();
        world.repoint(saved);
        world.somebodyMeddles();
        world.web.config(KEPT + "REDIS_URL", null);
        assertThatThrownBy(() -> world.pointBack(saved)).isInstanceOf(MissingInputException.class).hasMessageContaining("heroku config:set " + KEPT + "REDIS_URL=... -a example-web");
        assertThatThrownBy(() -> world.source().urls()).as("the target is not the source").isInstanceOf(MissingInputException.class);
        world.databases = new Databases(Optional.empty(), Optional.of(new Database("rediss://:r0tated@target.example.net:6380", Optional.empty())));
        world.repoint(saved);
        assertThat(world.web.configVars()).as("the target's old address is nothing to keep").doesNotContainKey(KEPT + "REDIS_URL");
        world.web.config(KEPT + "REDIS_URL", OLD_REDIS);
        world.pointBack(saved);
        assertThat(world.state()).isEqualTo(before);
    }

    @Test
    void whatSomebodySetDuringTheFreezeIsGivenBackToo() {
        use(RepointWorld.ofRedis(Map.of("REDIS_HOST", "redis.example.net", "REDIS_PASSWORD", "p4ss")));
        var saved = world.save();
        world.somebodyMeddles();
        world.web.config("REDIS_URL", "redis://:p4ss@meanwhile.example.net:6379");
        world.repoint(saved);
        assertThat(world.web.configVars()).containsEntry("REDIS_URL", NEW_REDIS);
        world.pointBack(saved);
        assertThat(world.web.configVars()).containsEntry("REDIS_URL", "redis://:p4ss@meanwhile.example.net:6379");
        assertThat(world.streaming.configVars()).doesNotContainKey("REDIS_URL");
    }

    @Test
    void appsOfWhichNothingWasWrittenDownAreNotLedAnywhere() {
        world.moves(Specs.valid().target());
        var saved = world.save();
        assertThatThrownBy(() -> world.repoint(saved)).isInstanceOf(OutsideException.class).hasMessageContaining("was not written down before the freeze");
    }

    @Test
    void aDeployThatFailedBeforeIsNobodysBusiness() {
        world.web.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> false));
        world.web.config("SMTP_SERVER", "smtp.example.net");
        var saved = world.save();
        assertThat(world.pointBack(saved)).hasSize(1);
    }

    @Test
    void herokuIsBusyAfterEachRelease() {
        world.heroku.busyAfterRelease(1);
        var before = world.state();
        var saved = world.save();
        world.repoint(saved);
        assertThat(world.web.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES);
        world.pointBack(saved);
        assertThat(world.state()).isEqualTo(before);
    }

    @Test
    void whereComputeMovesNothingIsSavedAndNothingChanged() {
        world.moves(Specs.valid().target());
        var saved = world.save();
        assertThat(saved.apps()).allSatisfy(app -> assertThat(app.variables()).isEmpty());
        var calls = world.heroku.calls();
        assertThat(world.source().pointBack(saved)).isInstanceOf(Provisioned.Ready.class);
        assertThat(world.heroku.calls()).as("going back of a move of everything asks Heroku nothing more").isEqualTo(calls);
    }
}
