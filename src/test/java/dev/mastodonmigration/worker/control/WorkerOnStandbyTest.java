package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.job.WorkerClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerOnStandbyTest {
    private static final String TOKEN = "token";
    private final List<String> did = new CopyOnWriteArrayList<>();
    private final WorkerClient operator = new WorkerClient();
    private final int port = FreePort.find();
    @TempDir
    Path secrets;

    /** A task that tells what it did. */
    private final WorkerTask task = new WorkerTask() {
        @Override
        public WorkerReport run(WorkerContext context) {
            did.add("ran in epoch " + context.epoch());
            return WorkerReport.succeeded("done", Map.of());
        }

        @Override
        public void standBy(WorkerContext context) throws Refusal {
            did.add("looked");
            if (context.has("forbidden")) {
                throw new Refusal("The database belongs to another migration.");
            }
        }
    };

    @BeforeEach
    void token() throws IOException {
        Files.writeString(secrets.resolve(WorkerContext.PROGRESS_TOKEN), TOKEN);
    }

    /** Its task ends at once, which must not cost the answer to the one who asked: that is a race, so more than once. */
    @RepeatedTest(10)
    void itLooksAtWhatItNeedsAndRunsOnlyWhenItIsAsked() throws IOException {
        var report = start();
        await().until(() -> operator.read(url(), TOKEN).filter(Progress.Reading.STANDING_BY::equals).isPresent());
        assertThat(operator.drain(List.of(url()), "another token")).isZero();
        assertThat(report).isNotDone();
        assertThat(did).containsExactly("looked");

        assertThat(operator.drain(List.of(url(), "http://127.0.0.1:1"), TOKEN)).as("workers that heard").isEqualTo(1);
        await().until(() -> operator.report(url(), TOKEN).isPresent());
        operator.acknowledge(List.of(url()), TOKEN);
        assertThat(report.join()).as("exit code").isZero();
        assertThat(lastWords().outcome()).isEqualTo(WorkerReport.Outcome.SUCCEEDED);
        assertThat(did).containsExactly("looked", "ran in epoch 2");
    }

    @Test
    void whatKeepsItFromItIsFoundOutWhileThereIsTime() throws IOException {
        Files.createFile(secrets.resolve("forbidden"));
        var exit = start();
        await().until(() -> operator.report(url(), TOKEN).isPresent());
        operator.acknowledge(List.of(url()), TOKEN);
        assertThat(exit.join()).isEqualTo(Worker.REFUSED);
        assertThat(lastWords()).isEqualTo(WorkerReport.refused("The database belongs to another migration."));
        assertThat(did).containsExactly("looked");
    }

    private CompletableFuture<Integer> start() {
        var env = Map.of(WorkerContext.ENV_UID, "uid", WorkerContext.ENV_NAME, "mastodon/example", WorkerContext.ENV_EPOCH, "2", WorkerContext.ENV_SECRETS, secrets.toString(),
                WorkerContext.ENV_SCRATCH, secrets.toString(), WorkerContext.ENV_PARALLELISM, "1", WorkerContext.ENV_PORT, String.valueOf(port), WorkerContext.ENV_STANDBY, "true",
                WorkerContext.ENV_TERMINATION_LOG, secrets.resolve("termination-log").toString());
        return CompletableFuture.supplyAsync(() -> Worker.run("close-source", task, env), pod -> Thread.ofPlatform().daemon().start(pod));
    }

    private WorkerReport lastWords() throws IOException {
        return WorkerReport.parse(Files.readString(secrets.resolve("termination-log"))).orElseThrow();
    }

    private String url() {
        return "http://127.0.0.1:" + port;
    }
}
