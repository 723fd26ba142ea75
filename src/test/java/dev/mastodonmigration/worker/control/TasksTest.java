package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TasksTest {
    @TempDir
    Path secrets;

    private WorkerContext context() {
        return new WorkerContext("uid", "mastodon/example", 1, secrets, secrets, 1, new Progress());
    }

    @Test
    void halvesThatTheMigrationDoesNotMoveAreSkipped() throws Exception {
        Files.writeString(secrets.resolve(WorkerContext.TARGET_POSTGRES_URL), "postgres://u@h/d");
        var report = Tasks.parts(List.of(Tasks.Part.redis(context -> WorkerReport.refused("no Redis here")),
                Tasks.Part.postgres(context -> WorkerReport.succeeded("done.", Map.of("rows", 3L), List.of("odd"))))).run(context());
        assertThat(report).isEqualTo(WorkerReport.succeeded("done.", Map.of("rows", 3L), List.of("odd")));
        assertThat(Tasks.parts(List.of()).run(context()).outcome()).isEqualTo(WorkerReport.Outcome.SUCCEEDED);
    }

    @Test
    void theFirstHalfThatFailsIsTheLast() throws Exception {
        Files.writeString(secrets.resolve(WorkerContext.TARGET_POSTGRES_URL), "postgres://u@h/d");
        var ran = new ArrayList<String>();
        var report = Tasks.parts(List.of(Tasks.Part.postgres(context -> WorkerReport.retryable("busy")), Tasks.Part.postgres(context -> {
            ran.add("second");
            return WorkerReport.succeeded("done", Map.of());
        }))).run(context());
        assertThat(report).isEqualTo(WorkerReport.retryable("busy"));
        assertThat(ran).isEmpty();
    }

    @Test
    void everyLookIsTakenAndAllBlockersAreSaid() throws Exception {
        Files.writeString(secrets.resolve("here"), "");
        var report = Tasks.looks(List.of(
                new Tasks.Look("here", context -> new Findings(List.of("A is wrong."), List.of("odd"), Map.of("a", 1L))),
                new Tasks.Look("absent", context -> new Findings(List.of("never asked"), List.of(), Map.of())),
                new Tasks.Look("here", context -> new Findings(List.of("B is wrong."), List.of(), Map.of("b", 2L))))).run(context());
        assertThat(report).isEqualTo(new WorkerReport(WorkerReport.Outcome.REFUSED, "A is wrong. B is wrong.", Map.of("a", 1L, "b", 2L), List.of("odd")));
    }
}
