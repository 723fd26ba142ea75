package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.World;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LiveMigrationIT {
    @Test
    void anAbortedLiveMigrationLeavesTheRunningSourceAsItWas() throws Exception {
        try (var world = World.start(World.Options.SMALL)) {
            var catalogBefore = catalog(world);
            var mutations = world.heroku().app(World.WEB_APP).mutations();
            var changes = new TreeMap<>(EndToEnd.LIVE);
            changes.put("/spec/strategy/inSyncFor", "1s");
            changes.put("/spec/cutover/approved", "false");
            world.apply(world.example(changes));
            EndToEnd.await(world, "replicating, at the gate", status -> "AwaitCutover".equals(status.phase));
            world.edit(Map.of("/spec/state", "Aborted"));
            EndToEnd.await(world, "aborted", status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
            assertThat(catalog(world)).isEqualTo(catalogBefore);
            assertThat(world.heroku().app(World.WEB_APP).mutations()).as("Heroku was never touched").isEqualTo(mutations);
            EndToEnd.assertNothingLost(world, World.Side.SOURCE);
        }
    }

    /** Schemas, functions and triggers of the source: what capture and gate are made of. */
    private static String catalog(World world) throws Exception {
        try (var source = world.source(); var rows = source.createStatement().executeQuery("""
                SELECT string_agg(entry, E'\\n' ORDER BY entry) FROM (
                  SELECT 'schema ' || nspname AS entry FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
                  UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE pronamespace::regnamespace::text NOT LIKE 'pg\\_%'
                  UNION ALL SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
                  UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_%') entries""")) {
            rows.next();
            return rows.getString(1);
        }
    }
}
