package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TasksHereTest {
    private final List<String> runs = new CopyOnWriteArrayList<>();
    private final List<Path> directories = new CopyOnWriteArrayList<>();
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private final WorkerTask task = context -> {
        directories.add(context.secrets());
        runs.add("epoch " + context.epoch() + " of " + context.migrationName() + " at " + context.url(WorkerContext.SOURCE_POSTGRES_URL).getHost() + " by "
                + PosixFilePermissions.toString(Files.getPosixFilePermissions(context.secrets())) + " "
                + PosixFilePermissions.toString(Files.getPosixFilePermissions(context.secrets().resolve(WorkerContext.SOURCE_POSTGRES_URL))));
        mayEnd.await();
        return WorkerReport.succeeded("reopened.", Map.of());
    };
    @TempDir
    Path home;
    private JobWorld world;

    @BeforeEach
    void start() {
        world = new JobWorld(home);
    }

    @AfterEach
    void stop() {
        mayEnd.countDown();
        world.close();
    }

    @Test
    void aTaskIsRunOnceInAPrivateDirectoryAndItsReportIsKeptUntilItIsFetched() {
        var operator = operator(() -> JobWorld.FILES, task);
        assertThat(operator.here(Tasks.REOPEN_SOURCE, 3)).isEmpty();
        await().until(() -> !runs.isEmpty());
        assertThat(operator.here(Tasks.REOPEN_SOURCE, 3)).isEmpty();
        mayEnd.countDown();
        await().until(() -> !Files.exists(directories.getFirst()));
        await().untilAsserted(() -> assertThat(operator.here(Tasks.REOPEN_SOURCE, 3)).contains(WorkerReport.succeeded("reopened.", Map.of())));
        assertThat(runs).containsExactly("epoch 3 of mastodon/example-social at s by rwx------ rw-------");
        assertThat(directories.getFirst()).as("credentials").doesNotExist();

        assertThat(operator.here(Tasks.REOPEN_SOURCE, 3)).as("asked again after the report was told").isEmpty();
        await().until(() -> runs.size() == 2);
    }

    @Test
    void theSuccessorOfAKilledOperatorBeginsItAgain() {
        operator(() -> JobWorld.FILES, task).here(Tasks.REOPEN_SOURCE, 3);
        await().until(() -> runs.size() == 1);
        operator(() -> JobWorld.FILES, task).here(Tasks.REOPEN_SOURCE, 3);
        await().until(() -> runs.size() == 2);
    }

    @Test
    void anotherEpochIsAnotherTask() {
        var operator = operator(() -> JobWorld.FILES, task);
        operator.here(Tasks.REOPEN_SOURCE, 3);
        operator.here(Tasks.REOPEN_SOURCE, 4);
        await().until(() -> runs.size() == 2);
    }

    @Test
    void aReportThatIsForgottenIsNotToldAndTheTaskBeginsAgain() {
        var operator = operator(() -> JobWorld.FILES, task);
        operator.here(Tasks.LOOK_FOR_CLIENTS, 3);
        mayEnd.countDown();
        await().until(() -> !directories.isEmpty() && !Files.exists(directories.getFirst()));
        operator.forgetHere(Tasks.LOOK_FOR_CLIENTS, 3);
        assertThat(operator.here(Tasks.LOOK_FOR_CLIENTS, 3)).isEmpty();
        await().until(() -> runs.size() == 2);
    }

    @Test
    void credentialsThatAreGoneAreThoseThatTheWorkersHad() {
        Supplier<Map<String, String>> gone = () -> {
            throw new MissingInputException("Secret mastodon/heroku does not exist.");
        };
        var operator = operator(gone, task);
        assertThatThrownBy(() -> operator.here(Tasks.REOPEN_SOURCE, 3)).isInstanceOf(MissingInputException.class);
        world.operator().refreshCredentials();
        assertThat(operator.here(Tasks.REOPEN_SOURCE, 3)).isEmpty();
        await().until(() -> !runs.isEmpty());
    }

    @Test
    void whatGoesWrongIsReportedAsAWorkerWould() {
        assertThat(end(context -> {
            throw new IOException("cannot reach postgres://u:hush@h/d");
        })).isEqualTo(WorkerReport.retryable("cannot reach postgres://u:…@h/d"));
        assertThat(end(context -> {
            throw new Refusal("The target is open.");
        })).isEqualTo(WorkerReport.refused("The target is open."));
        assertThat(end(context -> {
            throw new StackOverflowError();
        }).outcome()).isEqualTo(Outcome.RETRYABLE);
    }

    private WorkerReport end(WorkerTask what) {
        var operator = operator(() -> JobWorld.FILES, what);
        return await().until(() -> operator.here(Tasks.REOPEN_SOURCE, 1), Optional::isPresent).orElseThrow();
    }

    private Workers operator(Supplier<Map<String, String>> files, WorkerTask what) {
        return world.operator(world.migration, files, new WorkerClient(), (name, environment) -> Optional.of(what));
    }
}
