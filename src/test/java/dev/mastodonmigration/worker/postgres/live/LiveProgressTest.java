package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedPostgres.class)
class LiveProgressTest {
    /** Everything is copied; the proof is what an admin waits for. */
    @Test
    void whileRangesAreProvedItSaysSoAndHowFar() throws Exception {
        var world = LiveCopy.captured(TwoDatabases.between(15, 15));
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        try (var target = world.target()) {
            Query.run(target, "UPDATE mastodon_migration.live SET in_sync = false", "UPDATE mastodon_migration.live_range SET proved = false");
            var percents = new ArrayList<Integer>();
            percents.add(percent(target));
            for (var range : Query.strings(target, "SELECT id::text FROM mastodon_migration.live_range ORDER BY id")) {
                assertThat(LiveProgress.read(target).stage()).isEqualTo("proving");
                percents.add(percent(target));
                Query.run(target, "UPDATE mastodon_migration.live_range SET proved = true WHERE id = " + range);
            }
            assertThat(percents).isSorted().startsWith(0).contains(percents.getLast());
            assertThat(percents.getLast()).isGreaterThan(50);
            var applying = LiveProgress.read(target);
            assertThat(applying.stage()).isEqualTo("applying");
            assertThat(applying.percent()).as("nothing is left").isEmpty();

            Query.run(target, "UPDATE mastodon_migration.live_range SET proved = false", "UPDATE mastodon_migration.live SET gap = 'the source failed over'");
            assertThat(LiveProgress.read(target).stage()).isEqualTo("proving everything again: the source failed over");
            assertThat(percent(target)).isZero();
        }
    }

    private static int percent(Connection target) throws Exception {
        return LiveProgress.read(target).percent().orElseThrow();
    }
}
