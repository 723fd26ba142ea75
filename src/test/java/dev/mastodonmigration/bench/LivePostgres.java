package dev.mastodonmigration.bench;

import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.PackagedJar;
import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.job.WorkerMemory;
import dev.mastodonmigration.worker.control.DrainSignal;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.live.InstallCapture;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** One live migration by workers that are processes of their own, as the pods of its Job are, with the memory that they get there. */
final class LivePostgres implements AutoCloseable {
    private static final String TOKEN = "bench";

    private final PostgresServer source;
    private final PostgresServer target;
    private final String from;
    private final String to;
    private final Path home;
    private final Path secrets;
    private final List<LocalProcess> workers = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private final List<URI> addresses = new ArrayList<>();
    private long peakMib;

    LivePostgres(PostgresServer source, String from, PostgresServer target, String to, String owner, Path home) throws Exception {
        this.source = source;
        this.target = target;
        this.from = from;
        this.to = to;
        this.home = home;
        secrets = Files.createDirectories(home.resolve(to + "-secrets"));
        Files.writeString(secrets.resolve(WorkerContext.SOURCE_POSTGRES_URL), source.url(from, owner));
        Files.writeString(secrets.resolve(WorkerContext.TARGET_POSTGRES_URL), target.url(to, owner));
        Files.writeString(secrets.resolve(WorkerContext.PROGRESS_TOKEN), TOKEN);
    }

    /** Answers seconds from the first trigger until every index is built and the lag is under a second. */
    double copy(int hands) throws Exception {
        run(new TargetClaim());
        run(new MarkSource());
        var begun = System.nanoTime();
        run(new InstallCapture());
        for (var i = 0; i < hands; i++) {
            workers.add(start());
        }
        await("SELECT stage = 'APPLYING' AND applied_at > clock_timestamp() - interval '1 s' FROM mastodon_migration.live");
        return since(begun);
    }

    void awaitProved() throws SQLException {
        await("SELECT in_sync FROM mastodon_migration.live");
    }

    /** Answers seconds from the first table closed on the source until all workers have ended with everything drained and verified. */
    double freeze() throws Exception {
        var closing = new CloseSource();
        // As its pod does while the app still runs.
        closing.standBy(context());
        var begun = System.nanoTime();
        closing.run(context());
        while (workers.stream().anyMatch(LocalProcess::isAlive)) {
            // As the operator does, who takes a report as soon as it is there.
            addresses.forEach(worker -> post(worker.resolve("/drain")));
            addresses.forEach(worker -> post(worker.resolve("/report/acknowledged")));
            LockSupport.parkNanos(50_000_000);
        }
        var seconds = since(begun);
        for (var worker : workers) {
            if (worker.waitFor() != 0) {
                throw new IllegalStateException("a worker failed:\n" + Files.readString(log()));
            }
        }
        return seconds;
    }

    /** The most memory that any one worker had so far. */
    long peakMib() {
        workers.forEach(this::remember);
        return peakMib;
    }

    private void run(WorkerTask task) throws Exception {
        task.run(context());
    }

    private WorkerContext context() {
        return new WorkerContext(to, "bench/" + to, 1, secrets, home, 1, new Progress(), new DrainSignal());
    }

    private LocalProcess start() throws Exception {
        var port = FreePort.find();
        addresses.add(URI.create("http://127.0.0.1:" + port));
        var scratch = Files.createTempDirectory(home, "scratch");
        var command = PackagedJar.command(List.of(WorkerMemory.of(Tasks.REPLICATE_POSTGRES).jvmOptions().split(" ")), PackagedJar.LoadedClasses.OF_THEIR_OWN, List.of("worker", Tasks.REPLICATE_POSTGRES));
        return LocalProcess.start(command, Map.of(WorkerContext.ENV_UID, to, WorkerContext.ENV_NAME, "bench/" + to, WorkerContext.ENV_EPOCH, "1",
                WorkerContext.ENV_SECRETS, secrets.toString(), WorkerContext.ENV_SCRATCH, scratch.toString(), WorkerContext.ENV_PARALLELISM, "1",
                WorkerContext.ENV_PORT, String.valueOf(port), WorkerContext.ENV_TERMINATION_LOG, scratch.resolve("report").toString()), log());
    }

    private void post(URI address) {
        try {
            http.send(HttpRequest.newBuilder(address).header("Authorization", "Bearer " + TOKEN).POST(HttpRequest.BodyPublishers.noBody()).build(),
                    HttpResponse.BodyHandlers.discarding());
        } catch (IOException ended) {
            // It has ended: its process tells.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void await(String condition) throws SQLException {
        try (var superuser = target.superuser(to); var statement = superuser.createStatement()) {
            for (var met = false; !met;) {
                if (workers.stream().noneMatch(LocalProcess::isAlive)) {
                    throw new IllegalStateException("the workers have ended; see " + log());
                }
                workers.forEach(this::remember);
                LockSupport.parkNanos(20_000_000);
                try (var there = statement.executeQuery("SELECT to_regclass('mastodon_migration.live') IS NOT NULL")) {
                    there.next();
                    met = there.getBoolean(1);
                }
                if (met) {
                    try (var row = statement.executeQuery(condition)) {
                        met = row.next() && row.getBoolean(1);
                    }
                }
            }
        }
    }

    /** The kernel's own figure, which only grows. */
    private void remember(LocalProcess worker) {
        try (var lines = Files.lines(Path.of("/proc", String.valueOf(worker.pid()), "status"))) {
            lines.filter(line -> line.startsWith("VmHWM:")).forEach(line -> peakMib = Math.max(peakMib, Long.parseLong(line.replaceAll("\\D", "")) >> 10));
        } catch (IOException ended) {
            // What it had was remembered while it ran.
        }
    }

    private Path log() {
        return home.resolve(to + ".log");
    }

    /** Ends what still runs and removes both databases. */
    @Override
    public void close() throws SQLException {
        http.close();
        workers.stream().filter(LocalProcess::isAlive).forEach(LocalProcess::kill);
        for (var side : Map.of(source, from, target, to).entrySet()) {
            try (var superuser = side.getKey().superuser("postgres"); var statement = superuser.createStatement()) {
                statement.execute("DROP DATABASE " + side.getValue() + " WITH (FORCE)");
            }
        }
    }

    private static double since(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }
}
