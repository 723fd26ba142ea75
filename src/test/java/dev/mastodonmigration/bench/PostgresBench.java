package dev.mastodonmigration.bench;

import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.MastodonSchema;
import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.DrainSignal;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.live.InstallCapture;
import dev.mastodonmigration.worker.postgres.live.ReplicatePostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Measures a live migration of Postgres against the tools that one would take instead, on servers with the same settings, in turns. */
public final class PostgresBench {
    private static final int ROUNDS = 3;
    private static final int MAJOR = 15;
    private static final int JOBS = 2;
    private static final int WRITES_PER_SECOND = 200;
    private static final int THROUGHPUT_SECONDS = 6;
    private static final String OWNER = "app";

    private final PostgresServer source;
    private final PostgresServer target;
    private final Path home;
    private int targets;

    private PostgresBench(PostgresServer source, PostgresServer target, Path home) {
        this.source = source;
        this.target = target;
        this.home = home;
    }

    public static void main(String... arguments) throws Exception {
        var rows = Integer.getInteger("bench.postgres.rows", 200_000);
        var home = Files.createTempDirectory("bench-postgres-");
        try (var source = PostgresServer.start(MAJOR, PostgresServer.Durability.FSYNC); var target = PostgresServer.start(MAJOR,
                PostgresServer.Durability.FSYNC)) {
            new PostgresBench(source, target, home).run(rows);
        } finally {
            LocalProcess.start(List.of("rm", "-rf", home.toString()), Map.of(), Path.of("/dev/null")).waitFor();
        }
    }

    private void run(int rows) throws Exception {
        seed("small", rows / 4);
        seed("large", rows);
        var ours = new ArrayList<Double>();
        var dump = new ArrayList<Double>();
        var pgcopydb = new ArrayList<Double>();
        var small = new ArrayList<Double>();
        var large = new ArrayList<Double>();
        var hasPgcopydb = Files.isExecutable(Path.of("/usr/bin/pgcopydb"));
        for (var i = 0; i < ROUNDS; i++) {
            dump.add(dumpAndRestore());
            if (hasPgcopydb) {
                pgcopydb.add(pgcopydb());
            }
            small.add(live("small").freezeSeconds());
            var round = live("large");
            ours.add(round.copySeconds());
            large.add(round.freezeSeconds());
        }
        print("copy_seconds", median(ours));
        print("pg_dump_restore_seconds", median(dump));
        print("ratio_vs_pg_dump_restore", median(ours) / median(dump));
        if (hasPgcopydb) {
            print("pgcopydb_seconds", median(pgcopydb));
            print("ratio_vs_pgcopydb", median(ours) / median(pgcopydb));
        }
        print("freeze_seconds_small", median(small));
        print("freeze_seconds_large", median(large));
        print("freeze_growth", median(large) / median(small));
        print("source_throughput_ratio", throughputRatio());
    }

    private void seed(String database, int statuses) throws SQLException {
        source.createDatabase(database, OWNER);
        try (var owner = source.connect(database, OWNER); var superuser = source.superuser(database)) {
            MastodonSchema.create(owner, superuser);
            MastodonSchema.seed(owner, statuses, 7);
            run(superuser, "VACUUM ANALYZE");
            try (var size = superuser.createStatement().executeQuery("SELECT pg_database_size(current_database()) >> 20")) {
                size.next();
                System.out.println("bench.postgres.mib_" + database + "=" + size.getLong(1));
            }
        }
    }

    private String newTarget() throws SQLException {
        var name = "target" + targets++;
        target.createDatabase(name, OWNER);
        return name;
    }

    private double dumpAndRestore() throws Exception {
        var to = newTarget();
        try (var superuser = target.superuser(to)) {
            run(superuser, "CREATE SCHEMA heroku_ext", "GRANT USAGE ON SCHEMA heroku_ext TO PUBLIC", "CREATE EXTENSION citext SCHEMA heroku_ext");
        }
        var files = home.resolve(to);
        var begun = System.nanoTime();
        process("pg_dump", "-Fd", "-j", String.valueOf(JOBS), "-N", "_heroku", "-N", "heroku_ext", "-N", "mastodon_migration", "-Z", "1", "-f",
                files.toString(), source.url("large", OWNER));
        process("pg_restore", "-j", String.valueOf(JOBS), "--no-owner", "--no-acl", "-d", target.url(to, OWNER), files.toString());
        return whole(to, since(begun));
    }

    private double pgcopydb() throws Exception {
        var to = newTarget();
        var begun = System.nanoTime();
        process("pgcopydb", "clone", "--table-jobs", String.valueOf(JOBS), "--index-jobs", String.valueOf(JOBS), "--no-owner", "--no-acl", "--restart",
                "--dir", home.resolve(to).toString(), "--source", source.url("large", "postgres"), "--target", target.url(to, "postgres"));
        return whole(to, since(begun));
    }

    /** A peer that stopped half way would look fast. */
    private double whole(String to, double seconds) throws SQLException {
        var what = "SELECT (SELECT count(*) FROM statuses) + (SELECT count(*) FROM favourites), (SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = "
                + "i.indrelid WHERE c.relnamespace = 'public'::regnamespace)";
        if (!read(source, "large", what).equals(read(target, to, what))) {
            throw new IllegalStateException("the copy " + to + " is not whole: " + read(target, to, what) + " instead of " + read(source, "large", what)
                    + " rows and indexes; see " + home.resolve("log"));
        }
        return seconds;
    }

    private static String read(PostgresServer server, String database, String query) throws SQLException {
        try (var superuser = server.superuser(database); var row = superuser.createStatement().executeQuery(query)) {
            row.next();
            return row.getLong(1) + "/" + row.getLong(2);
        }
    }

    /** The programs complain about what the provider's schema forbids them, and have copied all the same. */
    private void process(String... command) throws Exception {
        LocalProcess.start(List.of(command), Map.of("PGOPTIONS", ""), home.resolve("log")).waitFor();
    }

    private record Live(double copySeconds, double freezeSeconds) {}

    private Live live(String database) throws Exception {
        var copy = "copy_of_" + database + targets;
        try (var superuser = source.superuser("postgres")) {
            run(superuser, "CREATE DATABASE " + copy + " TEMPLATE " + database + " OWNER " + OWNER);
        }
        var to = newTarget();
        var context = context(copy, to);
        new TargetClaim().run(context);
        new MarkSource().run(context);
        var begun = System.nanoTime();
        new InstallCapture().run(context);
        var report = new CompletableFuture<WorkerReport>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                report.complete(new ReplicatePostgres().run(context));
            } catch (Exception e) {
                report.completeExceptionally(e);
            }
        });
        await(to, "SELECT stage = 'APPLYING' AND applied_at > clock_timestamp() - interval '1 s' FROM mastodon_migration.live", report);
        var seconds = since(begun);
        try (var load = new Load(copy)) {
            await(to, "SELECT in_sync FROM mastodon_migration.live", report);
            load.awaitWrites(5 * WRITES_PER_SECOND);
            var frozen = System.nanoTime();
            new CloseSource().run(context);
            context.drain().request();
            var result = report.get(120, TimeUnit.SECONDS);
            if (result.outcome() != WorkerReport.Outcome.SUCCEEDED) {
                throw new IllegalStateException(result.message());
            }
            return new Live(seconds, since(frozen));
        }
    }

    private WorkerContext context(String from, String to) throws Exception {
        var secrets = Files.createDirectories(home.resolve(to + "-secrets"));
        var scratch = Files.createDirectories(home.resolve(to + "-scratch"));
        Files.writeString(secrets.resolve(WorkerContext.SOURCE_POSTGRES_URL), source.url(from, OWNER));
        Files.writeString(secrets.resolve(WorkerContext.TARGET_POSTGRES_URL), target.url(to, OWNER));
        return new WorkerContext(to, "bench/" + to, 1, secrets, scratch, JOBS, new Progress(), new DrainSignal());
    }

    private void await(String database, String condition, CompletableFuture<WorkerReport> report) throws Exception {
        try (var superuser = target.superuser(database); var statement = superuser.createStatement()) {
            for (var met = false; !met;) {
                if (report.isDone()) {
                    throw new IllegalStateException(report.get().message());
                }
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

    /** Posts and favourites at a steady rate. */
    private final class Load implements AutoCloseable {
        private final Thread thread;
        private volatile long written;
        private volatile boolean stopped;

        Load(String database) {
            thread = Thread.ofPlatform().daemon().start(() -> write(database));
        }

        private void write(String database) {
            var begun = System.nanoTime();
            try (var connection = source.connect(database, OWNER); var statement = connection.createStatement()) {
                while (!stopped) {
                    statement.execute(mixed(written));
                    written++;
                    LockSupport.parkNanos(begun + written * 1_000_000_000L / WRITES_PER_SECOND - System.nanoTime());
                }
            } catch (SQLException e) {
                stopped = true;
            }
        }

        void awaitWrites(long more) {
            for (var goal = written + more; written < goal && !stopped;) {
                LockSupport.parkNanos(10_000_000);
            }
        }

        @Override
        public void close() throws InterruptedException {
            stopped = true;
            thread.join(5000);
        }
    }

    private static String mixed(long n) {
        return switch ((int) (n % 4)) {
            case 0 -> "INSERT INTO statuses (text, account_id, created_at, updated_at) SELECT 'post " + n + "', min(id), now(), now() FROM accounts";
            case 1 -> "UPDATE accounts SET note = 'note " + n + "' WHERE id = " + (1 + n % 1000);
            case 2 -> "UPDATE statuses SET text = 'edited' WHERE id = (SELECT max(id) FROM statuses)";
            default -> "INSERT INTO settings (var, value) VALUES ('bench " + n + "', 'x') ON CONFLICT (var) DO UPDATE SET value = excluded.value || '" + n + "'";
        };
    }

    /** The same writes as fast as one session can, with and without the capture, in turns. */
    private double throughputRatio() throws Exception {
        try (var superuser = source.superuser("postgres")) {
            run(superuser, "CREATE DATABASE without_capture TEMPLATE small OWNER " + OWNER, "CREATE DATABASE with_capture TEMPLATE small OWNER " + OWNER);
        }
        var context = context("with_capture", "throughput");
        new MarkSource().run(context);
        new InstallCapture().run(context);
        var ratios = new ArrayList<Double>();
        for (var i = 0; i < ROUNDS; i++) {
            var without = writesPerSecond("without_capture", i);
            ratios.add(writesPerSecond("with_capture", i) / without);
        }
        return median(ratios);
    }

    private double writesPerSecond(String database, int round) throws SQLException {
        try (var connection = source.connect(database, OWNER); var statement = connection.createStatement()) {
            var begun = System.nanoTime();
            var n = round * 1_000_000L;
            var first = n;
            while (since(begun) < THROUGHPUT_SECONDS) {
                statement.execute(mixed(n++));
            }
            return (n - first) / since(begun);
        }
    }

    private static void run(Connection connection, String... statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static double since(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private static void print(String name, double value) {
        System.out.printf("bench.postgres.%s=%.2f%n", name, value);
    }
}
