package dev.mastodonmigration.source.heroku;

import static dev.mastodonmigration.source.heroku.RepointWorld.NEW_POSTGRES;
import static dev.mastodonmigration.source.heroku.RepointWorld.OLD_POSTGRES;
import static dev.mastodonmigration.source.heroku.RepointWorld.OLD_REDIS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationStatus.AssetKind;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.source.Retirement;
import dev.mastodonmigration.source.Retirement.Asset;
import dev.mastodonmigration.status.Fact;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Apps that stay: the add-ons that they left are deleted while they run, and never what they use now. */
class LeftAddOnsTest {
    private static final String KEPT = "MIGRATED_6F1C2A3B_";
    @AutoClose
    private RepointWorld world = RepointWorld.ofPostgres();

    private void move() {
        world.repoint(world.save());
        world.tell(new Fact.TargetWritable(Fact.Serving.WHEN_THE_SOURCE_RUNS));
        world.web.formation("web", 1, "Standard-2X");
    }

    private Retirement retirement() {
        return world.source().retirement().orElseThrow();
    }

    private List<Asset> addOns() {
        return retirement().assets().stream().filter(asset -> asset.kind() != AssetKind.App).toList();
    }

    @Test
    void theOneThatTheyLeftIsFoundByItsSecondNameAndDeletedWhileTheyRun() {
        move();
        assertThat(addOns()).singleElement().satisfies(asset -> {
            assertThat(asset.kind()).isEqualTo(AssetKind.PostgresAddOn);
            assertThat(asset.name()).isEqualTo(world.postgres);
        });
        assertThat(retirement().obstacles(addOns())).isEmpty();
        var asset = addOns().getFirst();
        assertThat(RepointWorld.untilReady(() -> retirement().remove(asset))).first().asString().startsWith("detaching Postgres add-on " + world.postgres).endsWith("from example-streaming");
        for (var app : List.of(world.web, world.streaming)) {
            assertThat(app.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES).containsEntry("REDIS_URL", OLD_REDIS).doesNotContainKey(KEPT + "DATABASE_URL");
        }
        assertThat(world.web.owned().names()).as("Redis has not moved").containsExactly("rediscloud-round-1002");
        assertThat(world.web.formation()).isEqualTo(Map.of("web", 1));
    }

    @Test
    void whatTheyUseNowIsNeverTakenForWhatTheyLeft() {
        world.web.attached("heroku-postgresql", "standard-0", NEW_POSTGRES, "HEROKU_POSTGRESQL_AMBER");
        move();
        var left = addOns();
        assertThat(left).extracting(Asset::name).containsExactly(world.postgres);
        RepointWorld.untilReady(() -> retirement().remove(left.getFirst()));
        assertThat(addOns()).as("what they use now was never on the list").isEmpty();
        assertThat(world.web.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES).containsEntry("HEROKU_POSTGRESQL_AMBER_URL", NEW_POSTGRES);
    }

    @Test
    void anAddOnWhoseUrlWasCopiedByHandIsFoundToo() {
        world.close();
        world = RepointWorld.ofRedis(Map.of("REDIS_URL", OLD_REDIS));
        var redis = world.web.attached("rediscloud", "100", OLD_REDIS, "REDISCLOUD");
        move();
        assertThat(addOns()).extracting(Asset::name).containsExactly(redis);
        assertThat(retirement().obstacles(addOns())).as("the URL that was kept is ours, and the attachment's its own").isEmpty();
    }

    /** Nobody has thought of it, and it would fail from one moment to the next. */
    @Test
    void itStaysWhileAVariableOfAnyNameMayLeadThere() {
        move();
        var asset = addOns().getFirst();
        for (var value : List.of("postgres://reporting:other@OLD.example.net/d", "postgres://u:p4ss@old.example.net:5433/d?pool=1", "jdbc:postgresql://old.example.net:5432/d", "old.example.net")) {
            world.streaming.config("REPORTING_DB", value);
            var before = world.state();
            assertThat(retirement().obstacles(addOns())).as(value).singleElement().asString().contains("REPORTING_DB of example-streaming", world.postgres).doesNotContain("other");
            assertThatThrownBy(() -> retirement().remove(asset)).as(value).isInstanceOf(OutsideException.class).hasMessageContaining("REPORTING_DB of example-streaming");
            assertThat(world.state()).as(value).isEqualTo(before);
        }
        world.streaming.config("REPORTING_DB", "postgres://u:p4ss@old.example.net:5432/of_another_customer");
        assertThat(retirement().obstacles(addOns())).isEmpty();
    }

    @Test
    void theAppsThatRunTheInstanceAreNeverDeleted() {
        move();
        assertThat(retirement().assets()).filteredOn(asset -> asset.kind() == AssetKind.App).hasSize(2)
                .allSatisfy(app -> assertThatThrownBy(() -> retirement().remove(app)).hasMessageContaining("runs the instance"));
    }

    @Test
    void itStaysWhileAVariableLeadsThereAgain() {
        move();
        assertThat(retirement().writers(List.of())).isEmpty();
        world.web.config("DATABASE_URL", OLD_POSTGRES);
        assertThat(retirement().writers(List.of())).singleElement().asString().contains("led the source back to the databases that it left: DATABASE_URL of example-web");
        assertThatThrownBy(() -> retirement().remove(addOns().getFirst())).isInstanceOf(OutsideException.class).hasMessageContaining("DATABASE_URL of example-web");
        assertThat(world.web.owned().names()).contains(world.postgres);
    }

    /** An older Redis has two ports. */
    @Test
    void itsAddressForTlsIsFoundToo() {
        world.close();
        world = RepointWorld.ofRedis(Map.of("REDIS_URL", OLD_REDIS));
        world.web.attached("heroku-redis", "premium-0", OLD_REDIS, "OLDER");
        world.web.config("OLDER_TLS_URL", "rediss://:p4ss@old.example.net:7777");
        move();
        assertThat(retirement().obstacles(addOns())).isEmpty();
        world.streaming.config("CACHE_REDIS_URL", "rediss://:p4ss@old.example.net:7777");
        assertThat(retirement().obstacles(addOns())).singleElement().asString().contains("CACHE_REDIS_URL of example-streaming");
    }

    /** Rails would use it at once. */
    @Test
    void itStaysWhileAnAttachmentGivesWhatMastodonReads() {
        move();
        var asset = addOns().getFirst();
        for (var name : List.of("PRIMARY_DATABASE", "REPLICA_DATABASE")) {
            world.web.attach(world.postgres, name);
            var before = world.state();
            assertThat(retirement().obstacles(addOns())).singleElement().asString().contains(name + "_URL of example-web");
            assertThatThrownBy(() -> retirement().remove(asset)).hasMessageContaining(name + "_URL of example-web");
            assertThat(world.state()).isEqualTo(before);
            world.web.promote(asOther(), name);
        }
        assertThat(retirement().obstacles(addOns())).isEmpty();
    }

    private String asOther() {
        return world.web.owned().create("heroku-postgresql", "standard-0", 50, "postgres://u:p4ss@another.example.net/d").name;
    }

    @Test
    void configVarsThatGoFromAppsThatRunAreSaid() {
        move();
        assertThat(retirement().consequences(addOns())).as("what was kept is ours").isEmpty();
        world.streaming.attach(world.postgres, "REPORTS");
        assertThat(retirement().obstacles(addOns())).isEmpty();
        assertThat(retirement().consequences(addOns())).singleElement().asString().contains(world.postgres, "these config vars go from apps that run: REPORTS_URL of example-streaming.");
    }

    @Test
    void aHostInTheQueryOfAUrlIsSeen() {
        move();
        world.streaming.config("REPORTING_DB", "postgres://u:p4ss@proxy.example.net/d?host=old.example.net");
        assertThat(retirement().obstacles(addOns())).singleElement().asString().contains("REPORTING_DB of example-streaming");
    }
}
