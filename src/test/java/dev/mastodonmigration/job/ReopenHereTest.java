package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.worker.TaskRegistry;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** No pod can be had, and the instance is down: the operator opens the source itself. */
@ExtendWith(SharedPostgres.class)
class ReopenHereTest {
    @TempDir
    Path home;

    @Test
    void theOperatorReopensTheSourceWithoutAPodASecretOrAJob() throws Exception {
        var databases = TwoDatabases.between(15, 15).copied();
        assertThatThrownBy(() -> databases.onSource("UPDATE settings SET value = 'late'")).hasMessageContaining("refused");
        try (var world = new JobWorld(home)) {
            var operator = world.operator(JobWorld.migration(databases.uid), () -> Map.of(
                    WorkerContext.SOURCE_POSTGRES_URL, file(databases, WorkerContext.SOURCE_POSTGRES_URL),
                    WorkerContext.TARGET_POSTGRES_URL, file(databases, WorkerContext.TARGET_POSTGRES_URL)), new WorkerClient(), new TaskRegistry());
            var report = await().atMost(Duration.ofSeconds(30)).until(() -> operator.here(Tasks.REOPEN_SOURCE, 1), Optional::isPresent).orElseThrow();
            assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(world.client.batch().v1().jobs().inAnyNamespace().list().getItems()).isEmpty();
        }
        databases.onSource("UPDATE settings SET value = 'users write again'");
    }

    private static String file(TwoDatabases databases, String name) {
        try {
            return Files.readString(databases.home().resolve("secrets").resolve(name)).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
