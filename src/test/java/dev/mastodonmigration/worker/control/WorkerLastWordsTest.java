package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.job.WorkerClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker in a process of its own, as in its pod: how it ends. */
class WorkerLastWordsTest {
    private static final String TOKEN = "token";
    private static final WorkerReport REPORT = WorkerReport.succeeded("done.", Map.of("rows", 3L));
    private final WorkerClient operator = new WorkerClient();
    private int port;
    private Process worker;
    @TempDir
    Path home;

    /** What runs in the other process. */
    static final class Main {
        private Main() {}

        public static void main(String[] args) {
            System.exit(Worker.run("copy-redis", context -> REPORT, System.getenv()));
        }
    }

    @BeforeEach
    void start() throws IOException {
        port = FreePort.find();
        Files.writeString(home.resolve(WorkerContext.PROGRESS_TOKEN), TOKEN);
        var builder = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), Main.class.getName())
                .redirectErrorStream(true).redirectOutput(home.resolve("log").toFile());
        builder.environment().putAll(Map.of(WorkerContext.ENV_UID, "uid", WorkerContext.ENV_NAME, "mastodon/example", WorkerContext.ENV_EPOCH, "2",
                WorkerContext.ENV_SECRETS, home.toString(), WorkerContext.ENV_SCRATCH, home.toString(), WorkerContext.ENV_PARALLELISM, "1",
                WorkerContext.ENV_PORT, String.valueOf(port), WorkerContext.ENV_TERMINATION_LOG, home.resolve("termination-log").toString()));
        worker = builder.start();
        await("the report to be served").atMost(Duration.ofSeconds(20)).until(() -> operator.report(url(), TOKEN).isPresent());
    }

    @AfterEach
    void stop() {
        worker.destroyForcibly();
    }

    @Test
    void theReportIsServedUntilItIsAcknowledgedAndThenTheWorkerEndsAtOnce() throws Exception {
        assertThat(operator.report(url(), TOKEN)).as("asked again, as by an operator whose predecessor was killed").contains(REPORT);
        assertThat(worker.isAlive()).isTrue();
        operator.acknowledge(List.of(url()), TOKEN);
        assertThat(worker.waitFor(2, TimeUnit.SECONDS)).as("ended").isTrue();
        assertThat(worker.exitValue()).isZero();
    }

    @Test
    void aWorkerThatNobodyAcknowledgesEndsByItself() throws Exception {
        assertThat(worker.waitFor(20, TimeUnit.SECONDS)).as("ended").isTrue();
        assertThat(worker.exitValue()).isZero();
        assertThat(lastWords()).isEqualTo(REPORT);
    }

    /** A drained node, a deleted Job. The pod's success must not become a failure for it. */
    @Test
    void sigtermEndsTheWaitAndNotTheSuccess() throws Exception {
        worker.destroy();
        assertThat(worker.waitFor(2, TimeUnit.SECONDS)).as("ended").isTrue();
        assertThat(worker.exitValue()).isZero();
        assertThat(lastWords()).isEqualTo(REPORT);
    }

    @Test
    void aWorkerKilledWhileItWaitsHasLeftItsReport() throws Exception {
        worker.destroyForcibly();
        worker.waitFor();
        assertThat(lastWords()).isEqualTo(REPORT);
    }

    private WorkerReport lastWords() throws IOException {
        return WorkerReport.parse(Files.readString(home.resolve("termination-log"))).orElseThrow();
    }

    private String url() {
        return "http://127.0.0.1:" + port;
    }
}
