package dev.mastodonmigration.bench;

import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The tools that one would take instead, each with as many jobs as the live copy has workers; a copy that is not whole does not count. */
final class PostgresPeers {
    private static final Path PGCOPYDB = Path.of("/usr/bin/pgcopydb");

    private final PostgresServer source;
    private final PostgresServer target;
    private final String owner;
    private final String jobs;
    private final Path home;

    PostgresPeers(PostgresServer source, PostgresServer target, String owner, int jobs, Path home) {
        this.source = source;
        this.target = target;
        this.owner = owner;
        this.jobs = String.valueOf(jobs);
        this.home = home;
    }

    static boolean hasPgcopydb() {
        return Files.isExecutable(PGCOPYDB);
    }

    /** Answers seconds. */
    double dumpAndRestore(String from, String to) throws SQLException {
        try (var superuser = target.superuser(to); var statement = superuser.createStatement()) {
            statement.execute("CREATE SCHEMA heroku_ext; GRANT USAGE ON SCHEMA heroku_ext TO PUBLIC; CREATE EXTENSION citext SCHEMA heroku_ext");
        }
        var files = home.resolve(to);
        var begun = System.nanoTime();
        process("pg_dump", "-Fd", "-j", jobs, "-N", "_heroku", "-N", "heroku_ext", "-N", "mastodon_migration", "-Z", "1", "-f", files.toString(),
                source.url(from, owner));
        process("pg_restore", "-j", jobs, "--no-owner", "--no-acl", "-d", target.url(to, owner), files.toString());
        var seconds = since(begun);
        process("rm", "-rf", files.toString());
        return whole(from, to, seconds);
    }

    /** Answers seconds. */
    double pgcopydb(String from, String to) throws SQLException {
        var begun = System.nanoTime();
        process(PGCOPYDB.toString(), "clone", "--table-jobs", jobs, "--index-jobs", jobs, "--no-owner", "--no-acl", "--restart", "--dir",
                home.resolve(to).toString(), "--source", source.url(from, "postgres"), "--target", target.url(to, "postgres"));
        return whole(from, to, since(begun));
    }

    private double whole(String from, String to, double seconds) throws SQLException {
        var what = "SELECT (SELECT count(*) FROM statuses) + (SELECT count(*) FROM favourites) || ' rows, ' || (SELECT count(*) FROM pg_index i JOIN pg_class c"
                + " ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace) || ' indexes'";
        var wanted = read(source, from, what);
        var found = read(target, to, what);
        if (!wanted.equals(found)) {
            throw new IllegalStateException("the copy " + to + " is not whole: " + found + " instead of " + wanted + "; see " + home.resolve("peers.log"));
        }
        return seconds;
    }

    private static String read(PostgresServer server, String database, String query) throws SQLException {
        try (var superuser = server.superuser(database); var row = superuser.createStatement().executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    /** The programs complain about what the provider's schema forbids them, and have copied all the same. */
    private void process(String... command) {
        LocalProcess.start(List.of(command), Map.of("PGOPTIONS", ""), home.resolve("peers.log")).waitFor();
    }

    private static double since(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }
}
