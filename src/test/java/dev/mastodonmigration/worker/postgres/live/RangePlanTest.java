package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.Side;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** By which column of a key a table is cut. */
@ExtendWith(SharedPostgres.class)
class RangePlanTest {
    private static final int RANGE_BYTES = 64 << 10;

    /** Since 17 the planner knows that a key is never null, and counts by any index. */
    @ParameterizedTest
    @ValueSource(ints = {14, 17, 18})
    void rowsThatTheKeyHidesAreMissedBesideASmallerIndex(int major) throws Exception {
        var world = TwoDatabases.empty(major);
        world.onSource("CREATE TABLE posts (id int PRIMARY KEY, few boolean DEFAULT true)", "CREATE INDEX ON posts (few)", "INSERT INTO posts SELECT n FROM generate_series(1, 8000) n");
        LiveCopy.captured(world);
        CorruptIndex.hide(world, "posts_pkey", "INSERT INTO posts VALUES (9001)");
        world.onSource("VACUUM ANALYZE posts");
        try (var source = LiveSessions.source(Direction.FORWARD, world.context())) {
            var tree = Trees.read(source).getFirst();
            assertThatThrownBy(() -> KeyIndex.requireWhole(source, Side.SOURCE, tree, tree.members().getFirst())).isInstanceOf(Refusal.class).hasMessageContaining("8001 rows")
                    .hasMessageContaining("index posts_pkey (id) leads to 8000");
        }
    }

    @Test
    void rowsThatTheIndexOfThatColumnHidesAreMissed() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE statuses_tags (tag_id int NOT NULL, status_id bigint NOT NULL, UNIQUE (tag_id, status_id))", "CREATE INDEX by_status ON statuses_tags (status_id DESC)",
                "INSERT INTO statuses_tags SELECT hashint4(n) % 50, n FROM generate_series(1, 8000) n", "ANALYZE");
        LiveCopy.captured(world);
        CorruptIndex.hide(world, "by_status", "INSERT INTO statuses_tags SELECT 1, n FROM generate_series(9001, 9100) n");
        try (var copy = LiveCopy.of(world)) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(copy::hasEnded);
            assertThat(copy.failure()).contains("holds 8100 rows", "index by_status (status_id DESC) leads to 8000", "REINDEX TABLE CONCURRENTLY public.statuses_tags");
        }
    }

    @Test
    void aTableIsCutByTheColumnThatItsPagesAreOrderedByAndAnIndexLeadsTo() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE statuses_tags (tag_id int NOT NULL, status_id bigint NOT NULL, UNIQUE (tag_id, status_id))", "CREATE INDEX ON statuses_tags (status_id)",
                "CREATE TABLE without_index (tag_id int, status_id bigint, PRIMARY KEY (tag_id, status_id))",
                "INSERT INTO statuses_tags SELECT hashint4(n) % 50, n FROM generate_series(1, 8000) n", "INSERT INTO without_index SELECT * FROM statuses_tags", "ANALYZE");
        LiveCopy.captured(world);
        try (var source = LiveSessions.source(Direction.FORWARD, world.context())) {
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
