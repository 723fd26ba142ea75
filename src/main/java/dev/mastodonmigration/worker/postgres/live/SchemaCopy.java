package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.Database;
import dev.mastodonmigration.worker.postgres.DumpContents;
import dev.mastodonmigration.worker.postgres.Extensions;
import dev.mastodonmigration.worker.postgres.LibpqProgram;
import dev.mastodonmigration.worker.postgres.LoadAttempt;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.PostgresPrograms;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.WriteGate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** Creates the source's tables on the target, empty and behind the write gate, and reads what is to be added to them later. */
final class SchemaCopy {
    private final Database source;
    private final Database target;
    private final Path dump;
    private final PostgresPrograms programs;

    SchemaCopy(Direction direction, WorkerContext context, Connection from) throws SQLException, IOException, InterruptedException, Refusal {
        source = direction.from(context, ReplicatePostgres.NAME);
        target = direction.to(context, ReplicatePostgres.NAME);
        dump = context.scratch().resolve("schema.dump");
        programs = PostgresPrograms.forSource(from.getMetaData().getDatabaseMajorVersion());
    }

    /** Creates tables, types, functions and views; answers notes for the admin. */
    List<String> create(Connection from, LoadAttempt attempt) throws IOException, SQLException, InterruptedException, Refusal {
        new LibpqProgram(List.of(programs.program("pg_dump"), "--format=custom", "--schema-only", "--no-owner", "--no-acl", "--no-publications",
                "--no-subscriptions", "--no-security-labels", "--no-tablespaces", "--lock-wait-timeout=60s", "--exclude-schema=" + Marker.SCHEMA,
                "--exclude-schema=_heroku", "--file=" + dump), Map.of(), line -> { }).run(source, LibpqProgram.nothing(), LibpqProgram.nothing());
        var notes = new ArrayList<>(Extensions.create(from, attempt.connection()));
        var definitions = section("pre-data", attempt.connection());
        var script = dump.resolveSibling("schema.sql");
        Files.writeString(script, attempt.fence() + Files.readString(definitions) + "\n" + WriteGate.ON_ALL_TABLES);
        attempt.requireHeld();
        new LibpqProgram(List.of(programs.program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"),
                Map.of(), line -> { }).run(target, script, LibpqProgram.nothing());
        Files.delete(script);
        return notes;
    }

    /** Indexes, constraints, triggers and rules, to be added in their time. */
    List<Definition> later(Connection to, Map<String, Tree> trees) throws IOException, SQLException, InterruptedException, Refusal {
        var script = section("post-data", to);
        var found = Definition.parse(Files.readString(script), trees);
        Files.delete(script);
        Files.delete(dump);
        return found;
    }

    private Path section(String name, Connection to) throws IOException, SQLException, InterruptedException, Refusal {
        var listing = dump.resolveSibling("listing");
        new LibpqProgram(List.of(programs.program("pg_restore"), "--list", dump.toString()), Map.of(), line -> { }).run(target, LibpqProgram.nothing(), listing);
        var schemas = new HashSet<>(Query.strings(to, "SELECT nspname FROM pg_namespace"));
        Files.write(listing, DumpContents.edited(Files.readAllLines(listing), schemas));
        var script = dump.resolveSibling(name + ".sql");
        new LibpqProgram(List.of(programs.program("pg_restore"), "--section=" + name, "--no-owner", "--no-acl", "--use-list=" + listing, "--file=-",
                dump.toString()), Map.of(), line -> { }).run(target, LibpqProgram.nothing(), script);
        Files.delete(listing);
        return script;
    }
}
