package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** By which column of a key a table is cut. */
@ExtendWith(SharedPostgres.class)
class RangePlanTest {
    private static final int RANGE_BYTES = 64 << 10;

    @Test
    void aTableIsCutByTheColumnThatItsPagesAreOrderedByAndAnIndexLeadsTo() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE statuses_tags (tag_id int NOT NULL, status_id bigint NOT NULL, UNIQUE (tag_id, status_id))", "CREATE INDEX ON statuses_tags (status_id)",
                "CREATE TABLE without_index (tag_id int, status_id bigint, PRIMARY KEY (tag_id, status_id))",
                "INSERT INTO statuses_tags SELECT hashint4(n) % 50, n FROM generate_series(1, 8000) n", "INSERT INTO without_index SELECT * FROM statuses_tags", "ANALYZE");
        LiveCopy.captured(world);
        try (var source = LiveSessions.source(world.context())) {
            for (var tree : Trees.read(source)) {
                assertThat(RangePlan.of(source, tree, RANGE_BYTES)).hasSizeGreaterThan(3).extracting(RangePlan.Range::by)
                        .containsOnly(tree.root().equals("public.statuses_tags") ? "status_id" : "tag_id");
            }
        }
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            world.onSource("UPDATE statuses_tags SET status_id = status_id + 100000 WHERE tag_id = 7", "DELETE FROM statuses_tags WHERE status_id % 9 = 0");
            copy.awaitInSync();
            world.onSource("UPDATE statuses_tags SET tag_id = 999 WHERE tag_id = 3");
            LiveCopy.cutOver(world, copy);
            assertThat(Query.number(target, "SELECT count(DISTINCT by) FROM mastodon_migration.live_range WHERE member = 'public.statuses_tags'")).isEqualTo(1);
        }
    }
}
