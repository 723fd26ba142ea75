package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.bucket.BucketException;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Dumps the closed source a last time, into a volume or a bucket of the admin's, before it is given up. It counts as done only when it was read back to its end, and every table
 * has as many rows in it as on the source. Killed at any moment, the next run begins anew; run again, it reads back what is there.
 */
public record BackUpSource(BackupDestination destination) implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var store = destination.open(context)) {
            var finished = store.finished();
            return report(store, finished.isPresent() ? finished.get() : make(context, store));
        } catch (BucketException refused) {
            throw refused.mayPass() ? refused : new Refusal(refused.getMessage());
        }
    }

    private static BackupManifest make(WorkerContext context, BackupStore store) throws IOException, SQLException, InterruptedException, Refusal {
        try {
            return dumped(context, store);
        } catch (IOException e) {
            throw store.discard(e);
        }
    }

    private static BackupManifest dumped(WorkerContext context, BackupStore store) throws IOException, SQLException, InterruptedException, Refusal {
        var source = Database.source(context, Tasks.BACK_UP_SOURCE);
        try (var from = source.open()) {
            Marker.ours(from, Side.SOURCE, context);
            WriteGate.requireUp(from, Side.SOURCE);
            Sessions.endOlderOfOurs(from);
            var programs = PostgresPrograms.forSource(from.getMetaData().getDatabaseMajorVersion());
            var tables = Table.all(from).stream().filter(table -> !table.partitioned()).toList();
            dump(programs, source, store, tables.size());
            var list = DumpContents.withoutOurs(store.contents(source, programs));
            var sums = sums(source, tables);
            requireSame(sums, store.rows(programs));
            WriteGate.requireUp(from, Side.SOURCE);
            var manifest = new BackupManifest(context.migrationName(), context.migrationUid(), Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                    "Postgres " + from.getMetaData().getDatabaseProductVersion(), store.files(list),
                    BackupManifest.CHECKSUM, sums.entrySet().stream().map(table -> BackupManifest.Rows.of(table.getKey(), table.getValue())).toList(), sequences(from), restoring(store, from));
            store.finish(manifest);
            return manifest;
        }
    }

    private static void dump(PostgresPrograms programs, Database source, BackupStore store, int tables) throws IOException, InterruptedException, Refusal {
        var begun = new HashSet<String>();
        store.dump(source, List.of(programs.program("pg_dump"), "--format=custom", "--verbose", "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces",
                "--lock-wait-timeout=60s", "--exclude-schema=" + Marker.SCHEMA, "--exclude-schema=_heroku"), line -> {
                    if (line.contains("dumping contents of table") && begun.add(line)) {
                        source.context().progress().set(new Progress.Reading("backing up", 0, 0, begun.size() - 1, tables, 0, -1));
                    }
                });
    }

    private static Map<Table, TableSum> sums(Database source, List<Table> tables) throws IOException, SQLException, InterruptedException, Refusal {
        try (var sessions = new PinnedSessions(source, Optional.empty(), source.context().parallelism())) {
            var columns = sessions.ask(Comparison::columns);
            // A table without columns has rows that say nothing.
            var readable = tables.stream().filter(table -> columns.containsKey(table.toString())).toList();
            var reading = Comparison.sums(readable, columns, sessions);
            var sums = new LinkedHashMap<Table, TableSum>();
            for (var table : readable) {
                sums.put(table, Comparison.sum(reading.get(table.toString())));
            }
            return sums;
        }
    }

    /** Each table of the source has as many rows in the dump. */
    static void requireSame(Map<Table, TableSum> source, Map<String, Long> dumped) throws IOException {
        for (var table : source.entrySet()) {
            var rows = dumped.getOrDefault(BackupManifest.Rows.name(table.getKey()), -1L);
            if (rows != table.getValue().rows()) {
                throw new IOException("The final backup was read back and is not complete: of table " + table.getKey() + " the source has " + table.getValue().rows() + " rows and the dump "
                        + (rows < 0 ? "nothing at all" : String.valueOf(rows)) + ".");
            }
        }
    }

    private static Map<String, Long> sequences(Connection from) throws SQLException {
        var last = new TreeMap<String, Long>();
        Sequences.read(from).forEach((name, position) -> last.put(name, position.last()));
        return last;
    }

    /** Views are filled by hand, in their order, because pg_restore would do so with an empty search path. */
    private static List<String> restoring(BackupStore store, Connection from) throws SQLException {
        var steps = new ArrayList<>(store.fetching());
        steps.add("pg_restore --no-owner --no-acl --use-list=" + BackupStore.LIST + " --dbname=<an empty database> " + BackupStore.DUMP);
        MaterializedViews.inOrder(from).forEach(view -> steps.add("REFRESH MATERIALIZED VIEW " + view + ";"));
        return steps;
    }

    static WorkerReport report(BackupStore store, BackupManifest manifest) {
        var dump = manifest.files().getFirst();
        var rows = manifest.tables().stream().mapToLong(BackupManifest.Rows::rows).sum();
        return WorkerReport.succeeded("The source's Postgres is backed up and was read back: " + manifest.tables().size() + " tables, " + rows + " rows, in " + store.words()
                + " (" + dump.bytes() + " bytes, SHA-256 " + dump.sha256() + "). " + BackupStore.MANIFEST + " beside it says what is in it and how to restore it.",
                Map.of(Figure.TABLES, (long) manifest.tables().size(), Figure.ROWS, rows, Figure.BYTES, dump.bytes()));
    }
}
