package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rows of 100 MB: a small worker takes one at a time, in the copy, in a round and in the proof. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveLargeRowsTest {
    private static final List<String> SMALL = List.of("-Xmx320m", "-XX:+UseSerialGC", "-Xmn32m", "-XX:+ExitOnOutOfMemoryError");
    private static final long LIMIT_MIB = 512;

    private long last;

    @Test
    void aWorkerOfHalfAGibibyteMovesRowsOfAHundredMegabytes() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE files (id int PRIMARY KEY, content bytea, words text)", "ALTER TABLE files ALTER content SET STORAGE EXTERNAL, "
                + "ALTER words SET STORAGE EXTERNAL",
                "INSERT INTO files SELECT n, convert_to(repeat('0123456789', 10 * 1024 * 1024), 'UTF8') FROM generate_series(1, 1) n",
                "INSERT INTO files SELECT n, NULL, repeat('0123456789', 10 * 1024 * 1024) FROM generate_series(3, 3) n",
                "INSERT INTO files SELECT n, 'small', 'small' FROM generate_series(10, 500) n", "ANALYZE files");
        LiveCopy.captured(world);
        try (var worker = LiveWorkerProcess.start(world, 16 << 20, SMALL); var target = world.target()) {
            Awaitility.await().atMost(Duration.ofSeconds(120)).ignoreExceptions().until(() -> !worker.isAlive() || peak(worker) < 0 || Query.isTrue(target,
                    "SELECT in_sync FROM mastodon_migration.live"));
            assertThat(worker.isAlive()).as(log(world)).isTrue();
            world.onSource("UPDATE files SET id = id + 4 WHERE id IN (1, 3)");
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !worker.isAlive() || peak(worker) < 0
                    || Query.isTrue(target, "SELECT count(*) = 2 FROM files WHERE id IN (5, 7)"));
            world.run(new CloseSource());
            world.onTarget("UPDATE mastodon_migration.live SET draining = true");
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !worker.isAlive() || peak(worker) < 0 || Query.isTrue(target,
                    "SELECT stage IN ('DRAINED', 'REFUSED') FROM mastodon_migration.live"));
            assertThat(Query.string(target, "SELECT stage || coalesce(outcome, '') FROM mastodon_migration.live")).as(log(world)).startsWith("DRAINED");
            System.out.println("peak RSS of a worker with rows of 100 MB: " + last + " MiB");
            assertThat(last).isBetween(100L, LIMIT_MIB);
            try (var source = world.source()) {
                var content = "SELECT id || coalesce(md5(content), '') || coalesce(md5(words), '') FROM files WHERE content IS NULL OR length(content) > 10 ORDER BY 1";
                assertThat(Query.strings(target, content)).isEqualTo(Query.strings(source, content));
            }
        }
    }

    /** As the kernel counts it; read while it lives. */
    private long peak(LocalProcess worker) throws IOException {
        var status = Path.of("/proc/" + worker.pid() + "/status");
        last = Math.max(last, Files.exists(status) ? Files.readAllLines(status).stream().filter(line -> line.startsWith("VmHWM")).mapToLong(line ->
                Long.parseLong(line.replaceAll("\\D", "")) >> 10).findFirst().orElse(0) : 0);
        return last;
    }

    private static String log(TwoDatabases world) throws IOException {
        return Files.readString(world.home().resolve("worker.log"));
    }
}
