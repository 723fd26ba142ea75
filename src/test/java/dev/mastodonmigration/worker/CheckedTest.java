package dev.mastodonmigration.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckedTest {
    private static final String HALF = WorkerContext.TARGET_POSTGRES_URL;
    @TempDir
    private Path secrets;
    private final List<String> done = new ArrayList<>();

    @BeforeEach
    void half() throws IOException {
        Files.writeString(secrets.resolve(HALF), "postgres://target");
    }

    private WorkerReport run(Findings found, WorkerReport report) throws Exception {
        var looks = new Looks(List.of(new Looks.Look(HALF, context -> {
            done.add("look");
            return found;
        })));
        return new Checked(looks, context -> {
            done.add("task");
            return report;
        }).run(new WorkerContext("uid", "example", 1, secrets, secrets, 1, new Progress()));
    }

    @Test
    void whatStandsInTheWayKeepsTheTaskFromBeginning() throws Exception {
        var report = run(new Findings(List.of("postgis is missing."), List.of("a note"), Map.of("extensions", 3L)), WorkerReport.succeeded("claimed.", Map.of()));
        assertThat(done).containsExactly("look");
        assertThat(report.outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(report.message()).isEqualTo("postgis is missing.");
        assertThat(report.notes()).containsExactly("a note");
        assertThat(report.figures()).containsEntry("extensions", 3L);
    }

    @Test
    void whatTheLookNotedAndMeasuredIsToldWithWhatTheTaskDid() throws Exception {
        var report = run(new Findings(List.of(), List.of("of the look"), Map.of("extensions", 3L, "tables", 1L)), WorkerReport.succeeded("claimed.", Map.of("tables", 2L), List.of("of the task")));
        assertThat(done).containsExactly("look", "task");
        assertThat(report.outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(report.message()).as("what was done, not that nothing stood in the way").isEqualTo("claimed.");
        assertThat(report.notes()).containsExactly("of the look", "of the task");
        assertThat(report.figures()).as("the task knows better").isEqualTo(Map.of("extensions", 3L, "tables", 2L));
    }

    @Test
    void aTaskThatFailsFailsThoughTheLookWasGood() throws Exception {
        assertThat(run(Findings.NONE, WorkerReport.retryable("cut off"))).satisfies(report -> {
            assertThat(report.outcome()).isEqualTo(Outcome.RETRYABLE);
            assertThat(report.message()).isEqualTo("cut off");
        });
        assertThat(run(Findings.NONE, WorkerReport.refused("another's marker")).outcome()).isEqualTo(Outcome.REFUSED);
    }
}
