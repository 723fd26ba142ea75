package dev.mastodonmigration.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskRegistryTest {
    @TempDir
    Path secrets;

    private WorkerContext context() {
        return new WorkerContext("uid", "mastodon/example", 1, secrets, secrets, 1, new Progress());
    }

    @Test
    void everyNameHasItsTask() {
        var names = Arrays.stream(Tasks.class.getFields()).map(TaskRegistryTest::value).toList();
        assertThat(TaskRegistry.all(Map.of()).keySet()).containsExactlyInAnyOrderElementsOf(names);
        assertThat(new TaskRegistry().find("no-such-task", Map.of())).isEmpty();
    }

    @Test
    void theWordsOfTheOperatorForWhatMovesAreThoseOfTheEngine() {
        assertThat(KeyScope.of(Map.of(WorkerContext.ENV_REDIS_SCOPE, WorkerContext.ONLY_JOBS))).isEqualTo(KeyScope.JOBS);
        assertThat(KeyScope.of(Map.of(WorkerContext.ENV_REDIS_SCOPE, WorkerContext.EVERY_KEY))).isEqualTo(KeyScope.ALL).isEqualTo(KeyScope.of(Map.of()));
    }

    private static String value(Field name) {
        try {
            return (String) name.get(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void halvesThatTheMigrationDoesNotMoveAreSkipped() throws Exception {
        Files.writeString(secrets.resolve(WorkerContext.TARGET_POSTGRES_URL), "postgres://u@h/d");
        var report = new Parts(List.of(Part.redis(context -> WorkerReport.refused("no Redis here")),
                Part.postgres(context -> WorkerReport.succeeded("done.", Map.of("rows", 3L), List.of("odd"))))).run(context());
        assertThat(report).isEqualTo(WorkerReport.succeeded("done.", Map.of("rows", 3L), List.of("odd")));
        assertThat(new Parts(List.of()).run(context()).outcome()).isEqualTo(WorkerReport.Outcome.SUCCEEDED);
    }

    @Test
    void theFirstHalfThatFailsIsTheLast() throws Exception {
        Files.writeString(secrets.resolve(WorkerContext.TARGET_POSTGRES_URL), "postgres://u@h/d");
        var ran = new ArrayList<String>();
        var report = new Parts(List.of(Part.postgres(context -> WorkerReport.retryable("busy")), Part.postgres(context -> {
            ran.add("second");
            return WorkerReport.succeeded("done", Map.of());
        }))).run(context());
        assertThat(report).isEqualTo(WorkerReport.retryable("busy"));
        assertThat(ran).isEmpty();
    }

    @Test
    void aSourceIsLookedAtThoughItsTargetIsStillToBeCreated() throws Exception {
        Files.writeString(secrets.resolve(WorkerContext.SOURCE_REDIS_URL), "redis://127.0.0.1:1");
        Files.writeString(secrets.resolve(WorkerContext.TARGET_REDIS_MAJOR), "8");
        assertThat(TaskRegistry.all(Map.of()).get(Tasks.PREFLIGHT).run(context()).message()).contains("source Redis (127.0.0.1:1").doesNotContain("target");
        Files.delete(secrets.resolve(WorkerContext.TARGET_REDIS_MAJOR));
        assertThat(TaskRegistry.all(Map.of()).get(Tasks.PREFLIGHT).run(context()).message()).contains("Nothing stands in the way");
    }

    @Test
    void everyLookIsTakenAndAllBlockersAreSaid() throws Exception {
        Files.writeString(secrets.resolve("here"), "");
        var report = new Looks(List.of(
                new Looks.Look("here", context -> new Findings(List.of("A is wrong."), List.of("odd"), Map.of("a", 1L))),
                new Looks.Look("absent", context -> new Findings(List.of("never asked"), List.of(), Map.of())),
                new Looks.Look("here", context -> new Findings(List.of("B is wrong."), List.of(), Map.of("b", 2L))))).run(context());
        assertThat(report).isEqualTo(new WorkerReport(WorkerReport.Outcome.REFUSED, "A is wrong. B is wrong.", Map.of("a", 1L, "b", 2L), List.of("odd")));
    }
}
