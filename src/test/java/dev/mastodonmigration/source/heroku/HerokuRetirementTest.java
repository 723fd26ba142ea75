package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.AssetKind;
import dev.mastodonmigration.embedded.HerokuOwnedAddOns.Owned;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.embedded.HerokuStub.Scope;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.Retirement;
import dev.mastodonmigration.source.Retirement.Asset;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.StatusLedger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HerokuRetirementTest {
    private static final String POSTGRES = "postgres://u:p4ss@db.example.net/d";
    private static final String REDIS = "redis://:p4ss@redis.example.net:6379";
    @AutoClose
    private final ExampleSource example = new ExampleSource();
    private final HerokuStubApp other = example.heroku.createApp("other-app");
    private Owned postgres;
    private Owned redis;

    @BeforeEach
    void stopped() {
        postgres = example.web.owned().create("heroku-postgresql", "standard-0", 50, POSTGRES).attach(example.web, "DATABASE").attach(example.streaming, "DATABASE");
        redis = example.web.owned().create("heroku-redis", "premium-0", 15, REDIS).attach(example.web, "REDIS");
        save();
        example.source().stop();
        Awaitility.await().until(() -> example.source().alive().isEmpty());
    }

    /** As it is before the freeze. */
    private void save() {
        example.migration.setStatus(new MastodonMigrationStatus());
        new StatusLedger(example.migration.getStatus(), Instant.parse("2026-11-22T20:00:00Z"), 1).apply(new Fact.SourceSaved(example.source().read()));
    }

    private Retirement retirement() {
        return example.source().retirement().orElseThrow();
    }

    private List<String> words() {
        return retirement().assets().stream().map(Asset::words).toList();
    }

    private int mutations() {
        return example.web.mutations() + example.streaming.mutations() + other.mutations();
    }

    @Test
    void whatTheInstanceUsesIsListedTheLeastReversibleLastWithPlanAndPrice() {
        example.web.addOn("papertrail", "choklad", 7);
        example.web.owned().create("heroku-postgresql", "essential-0", 5, "postgres://u:p4ss@db.example.net/another").attach(example.web, "HEROKU_POSTGRESQL_PINK");
        example.web.owned().create("heroku-redis", "mini", 3, "redis://:p4ss@cache.example.net:6379").attach(example.web, "CACHE");
        assertThat(words()).containsExactly("app example-streaming", "Redis add-on " + redis.name + " of example-web (heroku-redis:premium-0, 15.00 USD a month)",
                "Postgres add-on " + postgres.name + " of example-web (heroku-postgresql:standard-0, 50.00 USD a month)", "app example-web");
    }

    @Test
    void aStreamingAppWhoseAddOnGoesLaterGoesAfterIt() {
        redis.detach(example.web);
        example.web.config("REDIS_URL", "redis://:p4ss@streaming.example.net:6379");
        example.streaming.owned().create("heroku-redis", "premium-0", 15, "redis://:p4ss@streaming.example.net:6379").attach(example.streaming, "REDIS").attach(example.web, "SHARED_REDIS");
        save();
        assertThat(retirement().assets()).extracting(Asset::kind).containsExactly(AssetKind.RedisAddOn, AssetKind.PostgresAddOn, AssetKind.App, AssetKind.App);
        assertThat(retirement().assets()).extracting(Asset::name).endsWith("example-streaming", "example-web");
    }

    /** An admin may put another database in its place after the move, and that one is nobody's to delete. */
    @Test
    void whatWasPromotedSinceTheMoveIsNeverListed() {
        var promoted = example.web.owned().create("heroku-postgresql", "standard-2", 200, "postgres://u:p4ss@another.example.net/d");
        assertThat(retirement().database()).contains(postgres.id);
        example.web.promote(promoted.name, "DATABASE");
        assertThat(words()).anyMatch(words -> words.contains(postgres.name)).noneMatch(words -> words.contains(promoted.name));
        assertThat(retirement().database()).as("so that no backup of it is taken for one of the other").contains(promoted.id);
        example.web.config("DATABASE_URL", null);
        promoted.detach(example.web);
        example.web.config("DATABASE_URL", "postgres://u:p4ss@rds.example.net/d");
        assertThat(retirement().database()).isEmpty();
    }

    @Test
    void aDatabaseThatWasNoAddOnIsNotListed() {
        postgres.detach(example.web);
        redis.detach(example.web);
        example.web.config("DATABASE_URL", "postgres://u:p4ss@rds.example.net/d");
        example.web.config("REDIS_URL", "not a url");
        save();
        assertThat(words()).containsExactly("app example-streaming", "app example-web");
    }

    @Test
    void anAddOnOfAnotherAppIsThatAppsAlthoughTheInstanceUsesIt() {
        postgres.detach(example.web);
        other.owned().create("heroku-postgresql", "standard-0", 50, POSTGRES).attach(other, "DATABASE").attach(example.web, "DATABASE");
        save();
        assertThat(example.migration.getStatus().source.addOns).hasSize(2);
        assertThat(words()).hasSize(3).noneMatch(words -> words.contains("Postgres"));
    }

    /** A proxy, or an answer to another question, says nothing of what Heroku has. */
    @Test
    void onlyHerokusOwnWordMakesSomethingGone() {
        var assets = retirement().assets();
        var addOn = assets.get(2);
        var app = assets.get(3);
        for (var route : List.of("GET addons one", "GET addons one addon-attachments")) {
            example.web.refuse(route, 404, "", "<html>404 Not Found</html>");
            assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().remove(addOn)).mayPass()).as(route).isTrue();
            example.web.refuseNothing();
        }
        example.web.refuse("GET", 404, "", "<html>404 Not Found</html>");
        assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().remove(app)).mayPass()).isTrue();
        example.web.refuseNothing();
        example.web.refuse("GET addons one addon-attachments", 404, "not_found", "Couldn't find that.");
        assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().remove(addOn)).mayPass()).as("it is there, so its attachments are").isTrue();
        assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().obstacles(assets)).mayPass()).isTrue();
        example.web.refuseNothing();
        example.web.refuse("GET addons", 404, "not_found", "Couldn't find that.");
        assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().remove(app)).mayPass()).as("it is there, so what it owns is not nothing").isTrue();
        assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().obstacles(assets)).mayPass()).isTrue();
        example.web.refuseNothing();
        example.web.refuse("GET addons one", 404, "", "Not Found");
        assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().standing(addOn)).mayPass()).isTrue();
        example.web.refuseNothing();
        assertThat(example.web.owned().names()).containsExactlyInAnyOrder(postgres.name, redis.name);
        assertThat(assets).allSatisfy(asset -> assertThat(retirement().standing(asset)).isEqualTo(Retirement.Standing.THERE));
    }

    @Test
    void whatHerokuDeletesAlreadyIsSeenToGo() {
        var addOn = retirement().assets().get(1);
        retirement().remove(addOn);
        assertThat(retirement().standing(addOn)).isEqualTo(Retirement.Standing.GOING);
        remove(addOn);
        assertThat(retirement().standing(addOn)).isEqualTo(Retirement.Standing.GONE);
    }

    @Test
    void customDomainsThatGoWithAnAppAreSaid() {
        assertThat(retirement().consequences(retirement().assets())).isEmpty();
        example.web.domain("example.social");
        assertThat(retirement().consequences(retirement().assets())).singleElement().asString().contains("App example-web still has the custom domains example.social, which go with it");
    }

    @Test
    void whatIsAttachedToAnotherAppIsNotDeletedAndTheAppIsNamed() {
        postgres.attach(other, "SHARED_DB");
        var asset = retirement().assets().get(2);
        var before = mutations();
        assertThat(retirement().obstacles(retirement().assets())).singleElement().asString().contains(postgres.name, "is attached to other-app as SHARED_DB", "heroku addons:detach SHARED_DB -a other-app");
        assertThatThrownBy(() -> retirement().remove(asset)).isInstanceOf(OutsideException.class).hasMessageContaining("other-app").satisfies(e -> assertThat(((OutsideException) e).mayPass()).isFalse());
        assertThat(mutations()).isEqualTo(before);
        assertThat(other.configVars()).containsEntry("SHARED_DB_URL", POSTGRES);
    }

    @Test
    void anAppWithAddOnsOfTheAdminsIsNotDeleted() {
        example.web.addOn("papertrail", "choklad", 7);
        var assets = retirement().assets();
        assertThat(retirement().obstacles(assets)).singleElement().asString().contains("App example-web has add-ons that would be deleted with it", "(papertrail:choklad, 7.00 USD a month)");
        assets.subList(0, 3).forEach(this::remove);
        assertThatThrownBy(() -> retirement().remove(assets.get(3))).hasMessageContaining("papertrail");
        assertThat(example.heroku.app("example-web")).isSameAs(example.web);
    }

    /** @return how many looks it took; none of them made more than one change */
    private int remove(Asset asset) {
        for (var look = 1; look < 20; look++) {
            var before = mutations();
            if (retirement().remove(asset) instanceof Provisioned.Ready) {
                return look;
            }
            assertThat(mutations() - before).as("changes in one look").isLessThanOrEqualTo(1);
        }
        throw new AssertionError(asset + " is not gone");
    }

    @Test
    void eachIsDeletedInItsTurnAndNothingElseIs() {
        var unused = example.web.owned();
        var elsewhere = other.owned().create("heroku-postgresql", "standard-0", 50, "postgres://u:p4ss@db.example.net/of-other").attach(other, "DATABASE");
        other.formation("web", 1, "Basic");
        var assets = retirement().assets();
        assertThat(retirement().obstacles(assets)).isEmpty();
        remove(assets.get(0));
        assertThatThrownBy(() -> example.heroku.app("example-streaming")).isInstanceOf(NoSuchElementException.class);
        assertThat(unused.names()).containsExactlyInAnyOrder(redis.name, postgres.name);
        remove(assets.get(1));
        assertThat(unused.names()).containsExactly(postgres.name);
        remove(assets.get(2));
        assertThat(example.web.configVars()).doesNotContainKeys("DATABASE_URL", "REDIS_URL");
        remove(assets.get(3));
        assertThatThrownBy(() -> example.heroku.app("example-web")).isInstanceOf(NoSuchElementException.class);
        assertThat(List.of(assets.get(0), assets.get(3))).allSatisfy(app -> assertThat(remove(app)).as("it is gone").isEqualTo(1));
        assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().standing(assets.get(2)))).hasMessageContaining("this token sees neither it nor its app");
        assertThat(other.mutations()).isZero();
        assertThat(other.owned().names()).containsExactly(elsewhere.name);
        assertThat(other.formation()).isEqualTo(Map.of("web", 1));
    }

    @Test
    void whileTheStreamingAppStaysItsAttachmentIsTakenOffFirst() {
        var addOn = retirement().assets().get(2);
        assertThat(retirement().remove(addOn)).isInstanceOf(Provisioned.Working.class).satisfies(look -> assertThat(look.message()).contains("detaching", "from example-streaming"));
        assertThat(example.streaming.configVars()).doesNotContainKey("DATABASE_URL");
        assertThat(example.web.owned().names()).contains(postgres.name);
        remove(addOn);
        assertThat(example.heroku.app("example-streaming")).isSameAs(example.streaming);
        assertThat(example.web.owned().names()).containsExactly(redis.name);
    }

    @Test
    void whateverAnswerIsMissingTheNextLookGoesOn() {
        for (var fault : List.of(Fault.UNAVAILABLE, Fault.CUT_OFF, Fault.NOT_JSON, Fault.ANOTHER_SHAPE)) {
            example.heroku.failNext(12, fault);
            assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().remove(new Asset(AssetKind.PostgresAddOn, postgres.id, "example-web", postgres.name, "", Optional.empty(), ""))).mayPass())
                    .as(fault.name()).isTrue();
            example.heroku.clearFaults();
        }
        assertThat(example.web.owned().names()).contains(postgres.name);
        retirement().assets().forEach(this::remove);
    }

    @Test
    void whatRunsThereIsNamed() {
        assertThat(retirement().writers(List.of())).isEmpty();
        var streaming = retirement().assets().getFirst();
        remove(streaming);
        assertThatThrownBy(() -> retirement().writers(List.of())).as("an app that cannot be seen may run").isInstanceOf(OutsideException.class);
        assertThat(retirement().writers(List.of(streaming))).isEmpty();
        example.web.formation("worker", 1, "Standard-1X");
        assertThat(retirement().writers(List.of(streaming))).singleElement().asString().contains("Something runs there again: worker=1 of example-web");
    }

    @Test
    void anAppThatWasMadeAgainIsAnother() {
        var app = retirement().assets().getLast();
        example.heroku.destroyApp("example-web");
        var again = example.heroku.createApp("example-web");
        assertThat(retirement().remove(app)).isInstanceOf(Provisioned.Ready.class);
        assertThat(example.heroku.app("example-web")).isSameAs(again);
    }

    /** Between the freeze and Retire lie days, and Heroku gives a name that is free to whoever asks first. */
    @Test
    void anotherAppThatHasTheNameByNowIsNeverTakenForTheOneThatMoved() {
        example.heroku.destroyApp("example-streaming");
        var again = example.heroku.createApp("example-streaming");
        again.domain("streaming.example.net");
        var assets = retirement().assets();
        assertThat(assets).extracting(Asset::id).doesNotContain(again.id());
        assertThat(retirement().obstacles(assets)).anySatisfy(words -> assertThat(words).contains("The name example-streaming belongs to another app by now", "Remove spec.retire.addons and spec.retire.apps"));
        assertThat(retirement().consequences(assets)).as("its domains go with nothing").isEmpty();
        var before = mutations();
        assertThat(assets).filteredOn(asset -> asset.kind() != AssetKind.App).hasSize(2)
                .allSatisfy(addOn -> assertThatThrownBy(() -> retirement().remove(addOn)).isInstanceOf(OutsideException.class).hasMessageContaining("The name example-streaming belongs to another app"));
        var gone = assets.stream().filter(asset -> asset.name().equals("example-streaming")).findFirst().orElseThrow();
        assertThat(retirement().standing(gone)).isEqualTo(Retirement.Standing.GONE);
        assertThat(retirement().remove(gone)).isInstanceOf(Provisioned.Ready.class);
        assertThat(example.heroku.app("example-streaming")).isSameAs(again);
        assertThat(mutations()).isEqualTo(before);
        assertThat(again.mutations()).isZero();
    }

    @Test
    void whereAnOlderVersionWroteNoIdDownTheAppsAreThoseOfTheirNames() {
        example.migration.getStatus().source.apps.forEach(app -> app.id = null);
        assertThat(retirement().assets()).filteredOn(asset -> asset.kind() == AssetKind.App).extracting(Asset::id).containsExactlyInAnyOrder(example.web.id(), example.streaming.id());
        assertThat(retirement().obstacles(retirement().assets())).isEmpty();
    }

    @Test
    void aTokenThatMayNotDeleteIsToldAndDeletesNothing() {
        var assets = retirement().assets();
        example.giveToken(example.heroku.token(Scope.READ_PROTECTED));
        assertThat(assets).filteredOn(asset -> asset.kind() != AssetKind.App || !asset.name().equals("example-web"))
                .allSatisfy(asset -> assertThat(catchThrowableOfType(OutsideException.class, () -> retirement().remove(asset))).hasMessageContaining("may not do this").satisfies(e -> assertThat(e.mayPass()).isFalse()));
        assertThat(example.web.owned().names()).hasSize(2);
    }
}
