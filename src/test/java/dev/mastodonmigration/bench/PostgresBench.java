package dev.mastodonmigration.bench;

import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.MastodonSchema;
import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.live.InstallCapture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Measures a live migration of Postgres against the tools that one would take instead, on servers with the same settings, in turns. */
public final class PostgresBench {
    private static final int ROUNDS = 3;
    private static final int MAJOR = 15;
    private static final int JOBS = 2;
    private static final int WRITES_PER_SECOND = 200;
    private static final double THROUGHPUT_SECONDS = 1.5;
    private static final int THROUGHPUT_ROUNDS = 24;
    private static final String OWNER = "app";
    /** What slows rows down that are made by the million, indexes first: how it is made and how it goes. */
    private static final String DEFINITIONS = """
            SELECT pg_get_indexdef(indexrelid), format('DROP INDEX %s', indexrelid::regclass), 1 FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) AND NOT indisreplident
            UNION ALL SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
              format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), 2 FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0
            ORDER BY 3, 1""";

    private final PostgresServer source;
    private final PostgresServer target;
    private final Path home;
    private final PostgresPeers peers;
    private int copies;
    private long peakMib;

    private PostgresBench(PostgresServer source, PostgresServer target, Path home) {
        this.source = source;
        this.target = target;
        this.home = home;
        peers = new PostgresPeers(source, target, OWNER, JOBS, home);
    }

    public static void main(String... arguments) throws Exception {
        var home = Files.createTempDirectory("bench-postgres-");
        try (var source = PostgresServer.start(MAJOR, PostgresServer.Durability.FSYNC); var target = PostgresServer.start(MAJOR,
                PostgresServer.Durability.FSYNC)) {
            new PostgresBench(source, target, home).run(Integer.parseInt(arguments[0]));
        } finally {
            LocalProcess.start(List.of("rm", "-rf", home.toString()), Map.of(), Path.of("/dev/null")).waitFor();
        }
    }

    private void run(int rows) throws Exception {
        seed("small", rows / 4);
        seed("large", rows);
        print("source_throughput_ratio", throughputRatio());
        var ours = new ArrayList<Double>();
        var dump = new ArrayList<Double>();
        var pgcopydb = new ArrayList<Double>();
        var small = new ArrayList<Double>();
        var large = new ArrayList<Double>();
        for (var i = 0; i < ROUNDS; i++) {
            dump.add(peer(peers::dumpAndRestore));
            if (PostgresPeers.hasPgcopydb()) {
                pgcopydb.add(peer(peers::pgcopydb));
            }
            live("small", new ArrayList<>(), small);
            live("large", ours, large);
            System.out.printf("# round %d of %d: copy %.1f s, pg_dump with pg_restore %.1f s, pgcopydb %s, freeze %.2f s small and %.2f s large%n", i + 1, ROUNDS, ours.getLast(), dump.getLast(),
                    pgcopydb.isEmpty() ? "not installed" : "%.1f s".formatted(pgcopydb.getLast()), small.getLast(), large.getLast());
        }
        print("copy_seconds", median(ours));
        print("pg_dump_restore_seconds", median(dump));
        print("ratio_vs_pg_dump_restore", median(ours) / median(dump));
        if (PostgresPeers.hasPgcopydb()) {
            print("pgcopydb_seconds", median(pgcopydb));
            print("ratio_vs_pgcopydb", median(ours) / median(pgcopydb));
        }
        print("freeze_seconds_small", median(small));
        print("freeze_seconds_large", median(large));
        print("freeze_growth", median(large) / median(small));
        System.out.println("bench.postgres.worker_peak_mib=" + peakMib);
    }

    private void seed(String database, int statuses) throws SQLException {
        source.createDatabase(database, OWNER);
        try (var owner = source.connect(database, OWNER); var superuser = source.superuser(database)) {
            MastodonSchema.create(owner, superuser);
            var definitions = Query.list(owner, DEFINITIONS, row -> new String[] {row.getString(1), row.getString(2)});
            for (var definition : definitions.reversed()) {
                Query.run(owner, definition[1]);
            }
            MastodonSchema.seed(owner, statuses, 7);
            for (var definition : definitions) {
                Query.run(owner, definition[0]);
            }
            Query.run(superuser, "VACUUM ANALYZE");
            try (var size = superuser.createStatement().executeQuery("SELECT pg_database_size(current_database()) >> 20")) {
                size.next();
                System.out.println("bench.postgres.mib_" + database + "=" + size.getLong(1));
            }
        }
    }

    @FunctionalInterface
    private interface Peer {
        double copy(String from, String to) throws SQLException;
    }

    private double peer(Peer peer) throws SQLException {
        var to = newTarget();
        var seconds = peer.copy("large", to);
        try (var superuser = target.superuser("postgres")) {
            Query.run(superuser, "DROP DATABASE " + to + " WITH (FORCE)");
        }
        return settled(seconds);
    }

    private String newTarget() {
        var name = "target" + copies++;
        target.createDatabase(name, OWNER);
        return name;
    }

    /** From a copy of the seeded source, because it is written to. */
    private void live(String database, List<Double> copies, List<Double> freezes) throws Exception {
        var from = "live_" + database + this.copies;
        try (var superuser = source.superuser("postgres")) {
            Query.run(superuser, "CREATE DATABASE " + from + " TEMPLATE " + database + " OWNER " + OWNER);
        }
        settled(0);
        try (var live = new LivePostgres(source, from, target, newTarget(), OWNER, home)) {
            copies.add(live.copy(JOBS));
            try (var writes = MixedWrites.steady(source, from, OWNER, WRITES_PER_SECOND)) {
                live.awaitProved();
                writes.await(5L * WRITES_PER_SECOND);
                live.awaitProved();
                freezes.add(live.freeze());
            }
            peakMib = Math.max(peakMib, live.peakMib());
        }
        settled(0);
    }

    /** What one left for the checkpointer to write must not slow down the next. */
    private double settled(double seconds) throws SQLException {
        for (var server : List.of(source, target)) {
            try (var superuser = server.superuser("postgres")) {
                Query.run(superuser, "CHECKPOINT");
            }
        }
        return seconds;
    }

    /** The same writes as fast as two sessions can, with and without the capture, in turns. */
    private double throughputRatio() throws Exception {
        try (var superuser = source.superuser("postgres")) {
            Query.run(superuser, "CREATE DATABASE without_capture TEMPLATE small OWNER " + OWNER, "CREATE DATABASE with_capture TEMPLATE small OWNER " + OWNER);
        }
        var secrets = Files.createDirectories(home.resolve("throughput"));
        Files.writeString(secrets.resolve(WorkerContext.SOURCE_POSTGRES_URL), source.url("with_capture", OWNER));
        var context = new WorkerContext("throughput", "bench/throughput", 1, secrets, home, JOBS, new Progress());
        new MarkSource().run(context);
        new InstallCapture().run(context);
        settled(0);
        var ratios = new ArrayList<Double>();
        for (var i = 0; i < THROUGHPUT_ROUNDS; i++) {
            // Who comes second finds the disk and the processor as the first left them.
            var order = i % 2 == 0 ? List.of("without_capture", "with_capture") : List.of("with_capture", "without_capture");
            var rates = new HashMap<String, Double>();
            for (var database : order) {
                rates.put(database, MixedWrites.fastest(source, database, OWNER, THROUGHPUT_SECONDS));
            }
            ratios.add(rates.get("with_capture") / rates.get("without_capture"));
        }
        return median(ratios);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private static void print(String name, double value) {
        System.out.printf("bench.postgres.%s=%.2f%n", name, value);
    }
}
