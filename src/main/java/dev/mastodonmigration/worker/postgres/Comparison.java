package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;

/** Proves that two databases hold the same: every definition, every row of every table, every sequence. Differences are named. */
public final class Comparison {
    /** @param differences one line each; empty when the databases are equal */
    public record Result(long tables, long rows, List<String> differences) {}

    private static final String COLUMNS = """
            SELECT n.nspname, c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE a.attnum > 0 AND NOT a.attisdropped AND""" + " " + Table.USER_TABLE + " ORDER BY a.attname";

    private final Database source;
    private final Database target;
    private final Optional<String> snapshot;
    private final Progress progress;
    private final List<String> differences = new ArrayList<>();

    /** @param snapshot exported on a source that is still written to; without it the source must be closed */
    public Comparison(Database source, Database target, Optional<String> snapshot) {
        this.source = source;
        this.target = target;
        this.snapshot = snapshot;
        progress = source.context().progress();
    }

    public Result run() throws SQLException, IOException, Refusal, InterruptedException {
        var width = source.context().parallelism();
        try (var there = new PinnedSessions(source, snapshot, width); var here = new PinnedSessions(target, Optional.empty(), width)) {
            catalog(there, here);
            var columns = there.ask(Comparison::columns);
            var comparable = columns.equals(here.ask(Comparison::columns)) ? columns : common(columns, here.ask(Comparison::columns));
            var tables = there.ask(Table::all).stream().filter(table -> comparable.containsKey(table.toString())).toList();
            var rows = rows(tables, comparable, there, here);
            return new Result(tables.size(), rows, List.copyOf(differences));
        }
    }

    private void catalog(PinnedSessions there, PinnedSessions here) throws SQLException, IOException, Refusal, InterruptedException {
        differences.addAll(there.ask(session -> {
            try {
                return here.ask(other -> Catalog.differences(session, other));
            } catch (IOException | Refusal e) {
                throw new SQLException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SQLException("interrupted", e);
            }
        }));
    }

    static Map<String, List<String>> columns(Connection session) throws SQLException {
        var found = new HashMap<String, List<String>>();
        Query.list(session, COLUMNS, row -> found.computeIfAbsent(new Table(row.getString(1), row.getString(2), false, 0, 0).toString(),
                name -> new ArrayList<>()).add(row.getString(3)));
        return found;
    }

    /** Tables whose columns differ are named by the catalog already, and their rows cannot be compared. */
    private static Map<String, List<String>> common(Map<String, List<String>> there, Map<String, List<String>> here) {
        var same = new HashMap<>(there);
        same.entrySet().retainAll(new HashSet<>(here.entrySet()));
        return same;
    }

    private long rows(List<Table> tables, Map<String, List<String>> columns, PinnedSessions there, PinnedSessions here)
            throws SQLException, IOException, Refusal, InterruptedException {
        var begun = System.nanoTime();
        // Each side is cut by its own pages: the same rows lie elsewhere on the target.
        var sizes = new HashMap<String, Table>();
        here.ask(Table::all).forEach(table -> sizes.put(table.toString(), table));
        var total = tables.stream().mapToLong(Table::bytes).sum();
        var theirs = sums(tables, columns, there);
        var ours = sums(tables.stream().map(table -> sizes.get(table.toString())).toList(), columns, here);
        var rows = 0L;
        var done = 0L;
        for (var i = 0; i < tables.size(); i++) {
            var table = tables.get(i);
            var expected = sum(theirs.get(table.toString()));
            var actual = sum(ours.get(table.toString()));
            rows += expected.rows();
            if (!expected.equals(actual)) {
                differences.add(new DifferingRows(there, here).describe(table, columns.get(table.toString()), expected, actual));
            }
            done += table.bytes();
            publish(done, total, i + 1, tables.size(), begun);
        }
        return rows;
    }

    /** Begins to read them, the largest first. */
    static Map<String, List<Future<TableSum>>> sums(List<Table> tables, Map<String, List<String>> columns, PinnedSessions sessions) {
        var sums = new HashMap<String, List<Future<TableSum>>>();
        for (var table : tables.stream().sorted(Comparator.comparingLong(Table::bytes).reversed()).toList()) {
            sums.put(table.toString(), TableSum.Part.of(table).stream()
                    .map(part -> sessions.submit(session -> TableSum.read(session, part, columns.get(table.toString())))).toList());
        }
        return sums;
    }

    static TableSum sum(List<Future<TableSum>> parts) throws SQLException, IOException, Refusal, InterruptedException {
        var sum = TableSum.NONE;
        for (var part : parts) {
            sum = sum.plus(Parallel.result(part));
        }
        return sum;
    }

    private void publish(long done, long total, long tables, long allTables, long begun) {
        var rate = (long) (done / Math.max(0.001, (System.nanoTime() - begun) / 1e9));
        progress.set(new Progress.Reading("verifying", done, total, tables, allTables, rate, rate == 0 ? -1 : (total - done) / rate));
    }
}
