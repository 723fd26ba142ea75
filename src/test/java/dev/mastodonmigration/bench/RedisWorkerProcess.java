package dev.mastodonmigration.bench;

import dev.mastodonmigration.job.WorkerMemory;
import dev.mastodonmigration.worker.control.DrainSignal;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.redis.sync.RedisTarget;
import dev.mastodonmigration.worker.redis.sync.RedisVerify;
import dev.mastodonmigration.worker.redis.sync.ReplicateRedis;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;

/**
 * The worker in a process of its own, with the memory that its Job gives it, so that what is measured of it is only it. Told what to do
 * by lines; answers by lines.
 */
public final class RedisWorkerProcess implements AutoCloseable {
    private static final String REPLICATE = "replicate";
    private static final String DRAIN = "drain";
    private static final String VERIFY = "verify";
    private static final String IN_SYNC = "in sync";
    private static final String REPORT = "report";
    private static final String FAILED = "failed";

    private final Process process;
    private final BufferedReader answers;
    private final PrintStream orders;

    private RedisWorkerProcess(Process process) {
        this.process = process;
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.orders = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    }

    static RedisWorkerProcess start(Path secrets) throws IOException {
        var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(WorkerMemory.of(Tasks.REPLICATE_REDIS).jvmOptions().split(" ")));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), RedisWorkerProcess.class.getName(), secrets.toString()));
        return new RedisWorkerProcess(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    /** Claims the target and replicates; returns the seconds that the copy took, once it is over. */
    double copy() throws IOException {
        orders.println(REPLICATE);
        await("stage copying");
        var started = System.nanoTime();
        await("stage comparing");
        return (System.nanoTime() - started) / 1e9;
    }

    void awaitInSync() throws IOException {
        await(IN_SYNC);
    }

    /** Drain milliseconds, and differences found. */
    long[] drain() throws IOException {
        orders.println(DRAIN);
        return figures(await(REPORT));
    }

    /** Milliseconds of the comparison, and differences found. */
    long[] verify() throws IOException {
        orders.println(VERIFY);
        return figures(await(REPORT));
    }

    private static long[] figures(String line) {
        var words = line.split(" ");
        return new long[] {Long.parseLong(words[1]), Long.parseLong(words[2])};
    }

    private String await(String beginning) throws IOException {
        for (var line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith(beginning)) {
                return line;
            }
            if (line.startsWith(FAILED)) {
                throw new IllegalStateException("waited for \"" + beginning + "\", but the worker " + line);
            }
            if (line.startsWith(REPORT)) {
                throw new IllegalStateException("waited for \"" + beginning + "\", but the worker said: " + line);
            }
        }
        throw new IllegalStateException("the worker ended before it said \"" + beginning + "\"");
    }

    /** The most memory that it ever had, as the kernel counts it. */
    long peakMebibytes() throws IOException {
        try (var lines = Files.lines(Path.of("/proc", String.valueOf(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:")).map(line -> line.replaceAll("\\D", "")).mapToLong(Long::parseLong).findFirst().orElseThrow() >> 10;
        }
    }

    /** Processor time that it has used. */
    double cpuSeconds() {
        return process.info().totalCpuDuration().orElseThrow().toNanos() / 1e9;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    public static void main(String... arguments) throws Exception {
        var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var context = context(Path.of(arguments[0]));
        for (var order = orders.readLine(); order != null; order = orders.readLine()) {
            switch (order) {
                case REPLICATE -> {
                    context = context(Path.of(arguments[0]));
                    replicate(context);
                }
                case DRAIN -> context.drain().request();
                case VERIFY -> say(new RedisVerify().run(context), Figure.VERIFY_MILLISECONDS);
                default -> throw new IllegalArgumentException(order);
            }
        }
    }

    private static WorkerContext context(Path secrets) {
        return new WorkerContext("6f0a2c1e-0000-4000-8000-000000000001", "mastodon/bench", 1, secrets, secrets, 4, new Progress(), new DrainSignal());
    }

    private static void replicate(WorkerContext context) throws Exception {
        RedisTarget.claim(context);
        var running = new FutureTask<>(() -> new ReplicateRedis().run(context));
        Thread.ofPlatform().daemon().start(running);
        Thread.ofPlatform().daemon().start(() -> tell(context.progress(), running));
    }

    private static void tell(Progress progress, Future<WorkerReport> running) {
        for (var told = ""; !running.isDone(); LockSupport.parkNanos(10_000_000)) {
            var reading = progress.read();
            var now = reading.inSync() ? IN_SYNC : "stage " + reading.stage();
            if (!now.equals(told)) {
                System.out.println(now);
                told = now;
            }
        }
        if (running.state() == Future.State.SUCCESS) {
            say(running.resultNow(), Figure.DRAIN_MILLISECONDS);
        } else {
            running.exceptionNow().printStackTrace();
            System.out.println(FAILED + ": " + running.exceptionNow().toString().replace('\n', ' '));
        }
    }

    private static void say(WorkerReport report, String milliseconds) {
        System.out.println(REPORT + " " + report.figures().get(milliseconds) + " " + report.figures().get(Figure.DIFFERENCES));
    }
}
