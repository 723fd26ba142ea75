package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The plain way to move a database: {@code pg_dump} into files, {@code pg_restore} from them. Tables appear on the target together with the
 * write gate, so that nobody else ever writes there before it is opened.
 */
final class DatabaseCopy {
    private final Database source;
    private final Database target;
    private final Path files;
    private final int jobs;
    private final List<String> notes = new ArrayList<>();

    DatabaseCopy(Database source, Database target) {
        this.source = source;
        this.target = target;
        files = source.context().scratch().resolve("dump");
        // Only a parallel dump tells when a table is finished.
        jobs = Math.max(2, source.context().parallelism());
    }

    /**
     * Copies all.
     *
     * @param snapshot exported on the source and held open by the caller; without it the source must be closed for writing
     * @param attempt  holds the target for us
     * @return notes for the admin
     */
    List<String> run(Optional<String> snapshot, LoadAttempt attempt) throws IOException, SQLException, InterruptedException, Refusal {
        try (var from = source.open()) {
            var programs = PostgresPrograms.forSource(from.getMetaData().getDatabaseMajorVersion());
            // Partitions and tables of other schemas may share a name: their bytes add up under it.
            var sizes = Table.all(from).stream().filter(table -> !table.partitioned()).collect(Collectors.toMap(Table::name, Table::bytes, Long::sum));
            deleteFiles(files);
            PostgresCapacity.requireRoom(from, source.context());
            dump(programs, snapshot, sizes);
            var to = attempt.connection();
            notes.addAll(Extensions.create(from, to));
            var contents = contents(programs, to);
            restoreDefinitions(programs, contents, attempt);
            restoreRows(programs, contents, attempt, sizes);
            Sequences.copy(from, to);
            notes.addAll(Extensions.rehome(from, to, attempt.keptSchemas()));
            finish(from, to);
            addForeignKeys(programs, attempt);
            validateForeignKeys(from, to);
            return notes;
        } finally {
            deleteFiles(files);
        }
    }

    private void dump(PostgresPrograms programs, Optional<String> snapshot, Map<String, Long> sizes) throws IOException, SQLException,
            InterruptedException, Refusal {
        var command = new ArrayList<>(List.of(programs.program("pg_dump"), "--format=directory", "--jobs=" + jobs, "--compress=1", "--no-sync", "--verbose",
                "--no-owner", "--no-acl", "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces", "--lock-wait-timeout=60s",
                "--exclude-schema=" + Marker.SCHEMA, "--exclude-schema=_heroku", "--file=" + files));
        snapshot.ifPresent(id -> command.add("--snapshot=" + id));
        try (var meter = new CopyMeter("dumping", source.context().progress(), sizes, source)) {
            new LibpqProgram(command, Map.of(), meter::hear).run(source, LibpqProgram.nothing(), LibpqProgram.nothing());
        }
    }

    /** What of the dump is restored; as a file, because {@code pg_restore -L} reads one. */
    private Path contents(PostgresPrograms programs, Connection to) throws IOException, SQLException, InterruptedException, Refusal {
        var listing = files.resolve("listing");
        new LibpqProgram(List.of(programs.program("pg_restore"), "--list", files.toString()), Map.of(), line -> { }).run(target, LibpqProgram.nothing(),
                listing);
        var schemas = new HashSet<>(Query.strings(to, "SELECT nspname FROM pg_namespace"));
        var kept = DumpContents.edited(Files.readAllLines(listing), schemas).stream().collect(Collectors.partitioningBy(DumpContents::isOfForeignKeys));
        Files.write(files.resolve("foreign-keys"), kept.get(true));
        return Files.write(files.resolve("contents"), kept.get(false));
    }

    private void restoreDefinitions(PostgresPrograms programs, Path contents, LoadAttempt attempt) throws IOException, InterruptedException, Refusal,
            SQLException {
        run(programs, attempt, statements(programs, "pre-data", contents) + "\n" + WriteGate.ON_ALL_TABLES);
    }

    private String statements(PostgresPrograms programs, String section, Path contents) throws IOException, InterruptedException, Refusal {
        var statements = files.resolve("statements.sql");
        new LibpqProgram(List.of(programs.program("pg_restore"), "--section=" + section, "--no-owner", "--no-acl", "--use-list=" + contents, "--file=-", files.toString()),
                Map.of(), line -> { }).run(target, LibpqProgram.nothing(), statements);
        return Files.readString(statements);
    }

    private void run(PostgresPrograms programs, LoadAttempt attempt, String statements) throws IOException, InterruptedException, Refusal, SQLException {
        var script = Files.writeString(files.resolve("script.sql"), attempt.fence() + statements);
        attempt.requireHeld();
        new LibpqProgram(List.of(programs.program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"),
                Map.of(), line -> { }).run(target, script, LibpqProgram.nothing());
    }

    private void restoreRows(PostgresPrograms programs, Path contents, LoadAttempt attempt, Map<String, Long> sizes) throws IOException, SQLException,
            InterruptedException, Refusal {
        attempt.requireHeld();
        try (var meter = new CopyMeter("restoring", source.context().progress(), sizes, target)) {
            new LibpqProgram(List.of(programs.program("pg_restore"), "--section=data", "--section=post-data", "--jobs=" + jobs, "--exit-on-error", "--verbose",
                    "--no-owner", "--no-acl", "--use-list=" + contents, "--dbname=" + target.url().database(), files.toString()),
                    attempt.environment(), meter::hear).run(target, LibpqProgram.nothing(), LibpqProgram.nothing());
        }
    }

    private void finish(Connection from, Connection to) throws SQLException, IOException, InterruptedException, Refusal {
        MaterializedViews.refresh(to, MaterializedViews.inOrder(from));
        var tables = new ArrayList<>(Table.all(to).stream().map(Table::sql).toList());
        tables.addAll(MaterializedViews.inOrder(to));
        // Largest first, dealt out like cards: no session is left with all the large ones.
        var shares = IntStream.range(0, jobs)
                .mapToObj(share -> IntStream.range(0, tables.size()).filter(i -> i % jobs == share).mapToObj(tables::get).toList()).toList();
        try (var work = new Parallel(jobs)) {
            for (var share : shares) {
                work.submit(() -> {
                    try (var session = target.open()) {
                        for (var table : share) {
                            Query.run(session, "ANALYZE " + table);
                        }
                    }
                    return share.size();
                });
            }
            work.results();
        }
    }

    /** Without a look at the rows, which {@link #validateForeignKeys} takes: some may be such as no key admits. */
    private void addForeignKeys(PostgresPrograms programs, LoadAttempt attempt) throws IOException, InterruptedException, Refusal, SQLException {
        run(programs, attempt, ForeignKeys.notValid(statements(programs, "post-data", files.resolve("foreign-keys"))));
    }

    /** Validating locks a table against another of its kind, and no table that it refers to. */
    private void validateForeignKeys(Connection from, Connection to) throws SQLException, IOException, InterruptedException, Refusal {
        var byTable = ForeignKeys.toValidate(from, to).stream().collect(Collectors.groupingBy(ForeignKeys.ForeignKey::table)).values();
        var waiting = new ConcurrentLinkedQueue<>(byTable.stream().sorted(Comparator.comparingLong((List<ForeignKeys.ForeignKey> keys) -> keys.stream().mapToLong(ForeignKeys.ForeignKey::bytes).sum()).reversed()).toList());
        try (var work = new Parallel(jobs)) {
            var found = IntStream.range(0, jobs).mapToObj(share -> work.submit(() -> {
                var orphans = new ArrayList<String>();
                try (var session = target.open()) {
                    for (var keys = waiting.poll(); keys != null; keys = waiting.poll()) {
                        for (var key : keys) {
                            ForeignKeys.validate(session, key).ifPresent(orphans::add);
                        }
                    }
                }
                return orphans;
            })).toList();
            for (var orphans : found) {
                notes.addAll(Parallel.result(orphans));
            }
        }
    }

    private static void deleteFiles(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (var found = Files.walk(directory)) {
                for (var file : found.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
