package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.SmallDisk;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The target was made too small: the copy waits until it is enlarged, and says so. */
@ExtendWith(SharedPostgres.class)
class LiveDiskFullTest {
    @Test
    void aFullTargetIsToldAndTheCopyGoesOnWhenThereIsRoom() throws Exception {
        Assumptions.assumeTrue(SmallDisk.isPossible(), "a file system of its own cannot be mounted here");
        var world = TwoDatabases.empty(15);
        RandomWrites.prepare(world);
        world.onSource("CREATE TABLE large (id int PRIMARY KEY, v text)", "INSERT INTO large SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 30000) n",
                "ANALYZE large");
        try (var disk = SmallDisk.mount(24); var superuser = world.targetServer.superuser("postgres")) {
            var space = "small_" + world.target;
            Query.run(superuser, "CREATE TABLESPACE " + space + " LOCATION '" + disk.directory() + "'", "ALTER DATABASE " + world.target + " SET TABLESPACE " + space);
            try {
                LiveCopy.captured(world);
                // Opened before the disk is full: a server that cannot write a file of its own any more lets nobody in.
                try (var target = world.target(); var copy = LiveCopy.inRanges(world, 256 << 10); var writes = RandomWrites.on(world, 11)) {
                    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> copy.progress().stage().contains("disk"));
                    assertThat(copy.progress().stage()).contains("no disk space left").contains("enlarge");
                    assertThat(copy.failure()).isEmpty();
                    var landed = landed(target);
                    assertThat(landed).as("ranges that were copied before").isPositive();
                    assertThat(writes.committed()).as("the source is written to as ever").isPositive();
                    disk.enlarge(400);
                    copy.awaitInSync();
                    assertThat(landed(target)).isGreaterThan(landed);
                    LiveCopy.cutOver(world, copy);
                }
            } finally {
                Query.run(superuser, "DROP DATABASE " + world.target + " WITH (FORCE)", "DROP TABLESPACE " + space);
            }
        }
    }

    private static long landed(Connection target) throws SQLException {
        return Query.number(target, "SELECT count(*) FROM mastodon_migration.live_range WHERE landed");
    }
}
