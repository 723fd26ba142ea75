package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.ScratchDatabase;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A log is pruned for one who follows it. */
@ExtendWith(SharedPostgres.class)
class LiveConsumersTest {
    @Test
    void whatIsPrunedForAnotherCopyIsNeverMissedInSilence() throws Exception {
        var world = RandomWrites.prepared(15);
        world.targetServer.allowCreateDatabase(TwoDatabases.TARGET_OWNER);
        LiveCopy.captured(world);
        try (var copy = LiveCopy.of(world).awaitInSync(); var source = world.source(); var target = world.target(); var blocker = world.target();
                var scratch = ScratchDatabase.create(world.context(), "test")) {
            var log = Query.string(source, "SELECT 'mastodon_migration.log_' || id FROM mastodon_migration.capture WHERE root = 'public.texts'");
            blocker.setAutoCommit(false);
            Query.run(blocker, "SELECT FROM mastodon_migration.live_tree WHERE root = 'public.plain' FOR UPDATE");
            world.onSource("UPDATE plain SET v = 'in the round that waits' WHERE id = 1");
            LiveCopy.await(target, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%live_tree%FOR UPDATE%' AND pid <> pg_backend_pid())");
            // After the reading of that round: what the next one has to bring.
            world.onSource("INSERT INTO texts VALUES ('after the reading', 1, 'x')");
            try (var other = LiveCopy.of(scratch.context()).awaitInSync()) {
                LiveCopy.await(source, "SELECT NOT EXISTS (SELECT FROM " + log + ")");
                blocker.rollback();
                Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(50)).until(() ->
                        copy.hasEnded() || Query.isTrue(target, "SELECT v = 'in the round that waits' FROM plain WHERE id = 1") && copy.progress().inSync());
                assertThat(Query.number(target, "SELECT count(*) FROM texts WHERE k = 'after the reading'") == 1 || copy.hasEnded()).as("in sync without a row that was pruned for another").isTrue();
                Awaitility.await().atMost(Duration.ofSeconds(20)).until(copy::hasEnded);
                assertThat(copy.failure()).contains("Another copy follows the changes of the source");
                world.onSource("INSERT INTO texts VALUES ('for the other', 1, 'x')");
                try (var there = world.targetServer.connect(scratch.context().rehearsal().orElseThrow(), TwoDatabases.TARGET_OWNER)) {
                    LiveCopy.await(there, "SELECT count(*) = 2 FROM texts WHERE k IN ('after the reading', 'for the other')");
                }
            }
        }
    }
}
