package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigrationStatus.AssetState;
import dev.mastodonmigration.embedded.HerokuOwnedAddOns.Owned;
import dev.mastodonmigration.embedded.World;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import java.io.IOException;
import java.util.Map;

/** The old Postgres is given up at the end of a move that another test makes: with the packaged operator, a worker's pod that writes to a volume, and Heroku's API. A world of its own would cost minutes. */
final class GivingUp {
    private static final String CLAIM = "last-copy";
    static final Map<String, String> SPEC = Map.of("/spec/retire/addons", "true", "/spec/retire/quietFor", "1s", "/spec/retire/backup/persistentVolumeClaim", CLAIM);
    private final World world;
    private final Owned postgres;

    private GivingUp(World world, Owned postgres) {
        this.world = world;
        this.postgres = postgres;
    }

    /** Before the migration is applied: an add-on that both apps use, and a volume. */
    static GivingUp prepare(World world) {
        var web = world.heroku().app(World.WEB_APP);
        world.client().persistentVolumeClaims().inNamespace(World.NAMESPACE).resource(new PersistentVolumeClaimBuilder().withNewMetadata().withName(CLAIM).endMetadata()
                .withNewSpec().withAccessModes("ReadWriteOnce").endSpec().build()).create();
        return new GivingUp(world, web.owned().create("heroku-postgresql", "standard-0", 50, web.configVars().get("DATABASE_URL")).attach(web, "DATABASE")
                .attach(world.heroku().app(World.STREAMING_APP), "DATABASE"));
    }

    void assertDeletedAndBackedUp() throws IOException {
        assertThat(world.heroku().app(World.WEB_APP).owned().names()).as("its add-on is gone, and the app was not to be deleted").isEmpty();
        var directory = world.jobRunner().claim(CLAIM).resolve("mastodon-migration-" + world.migration().getMetadata().getUid());
        var manifest = new ObjectMapper().readTree(directory.resolve("manifest.json").toFile());
        assertThat(manifest.path("files").get(0).path("bytes").longValue()).isEqualTo(directory.resolve("postgres.dump").toFile().length()).isPositive();
        assertThat(manifest.path("tables").findValuesAsText("name")).contains("public.statuses", "public.accounts");
        assertThat(world.status().retirement.backup.rows).isGreaterThan(1000);
        assertThat(world.status().retirement.backup.addOn).isEqualTo(postgres.id);
        assertThat(world.status().retirement.assets).singleElement().satisfies(asset -> assertThat(asset.state).isEqualTo(AssetState.Removed));
        assertThat(world.events()).anyMatch(event -> event.getReason().equals("FinalBackup")).anyMatch(event -> event.getReason().equals("Deleted") && event.getMessage().contains("50.00 USD a month"));
        assertThat(world.jobRunner().violations()).isEmpty();
    }
}
