package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A connection pooler between us and a server (PgBouncer, RDS Proxy, the one behind Heroku's {@code …_CONNECTION_POOL_URL}): what a session locks, sets or has in
 * its snapshot stays with a server process that another client gets next. It is known by what it does, because none says its name: two sessions of ours take turns,
 * with and without an open transaction, and each must keep its process and its setting. The setting of one is given as pg_dump and pg_restore give theirs, at the
 * start, which poolers refuse or drop, and which the write gate lets a load pass by.
 */
final class Pooler {
    private static final String SETTING = "mastodon_migration.probe";
    private static final String READ = "SELECT pg_backend_pid(), coalesce(current_setting('" + SETTING + "', true), '')";
    /** Each after each and after the other, so that neither handing out the last process used nor taking them in turn looks like keeping them. */
    private static final int[] TURNS = {0, 1, 1, 0, 1, 0, 0, 1};
    private static final String PROTOCOL_VIOLATION = "08P01";
    private static final String FEATURE_NOT_SUPPORTED = "0A000";
    private static final String TOO_MANY_CONNECTIONS = "53300";

    private record Seen(int process, String setting) {}

    /** One of our sessions, and what it must stay. */
    private record Probe(Connection session, Seen expected) {
        boolean isKept() throws SQLException {
            return read(session).equals(expected);
        }
    }

    private Pooler() {}

    /**
     * Looks for one.
     *
     * @param first a session to that database, outside of a transaction
     * @param notes told when it could not be tried
     * @return what is wrong and what to do, when there is one
     * @throws SQLException also when a pooler refused the second session, with the same words
     */
    static Optional<String> before(Database database, Connection first, List<String> notes) throws SQLException, IOException, Refusal {
        var given = UUID.randomUUID().toString();
        try (var second = database.open("-c " + SETTING + "=" + given + " " + SessionSettings.forPrograms())) {
            return how(first, second, given).map(how -> words(database, how));
        } catch (SQLException e) {
            if (TOO_MANY_CONNECTIONS.equals(e.getSQLState())) {
                notes.add("whether the " + database.side() + " database is reached through a connection pooler was not tried, because it had no connection left for that");
                return Optional.empty();
            }
            throw e;
        }
    }

    private static Optional<String> how(Connection first, Connection second, String given) throws SQLException {
        var own = UUID.randomUUID().toString();
        Query.list(first, "SELECT set_config('" + SETTING + "', ?, false)", row -> row.getString(1), own);
        var begun = List.of(new Probe(first, read(first)), new Probe(second, read(second)));
        if (!begun.get(0).expected().setting().equals(own) || begun.get(0).expected().process() == begun.get(1).expected().process()) {
            return Optional.of("two sessions share one process of the server");
        }
        if (!begun.get(1).expected().setting().equals(given)) {
            return Optional.of("the settings that a session is given at its start do not reach the server");
        }
        return areKept(begun) && areKeptWhileOneIsHeld(begun) ? Optional.empty() : Optional.of("a session does not keep its process of the server and its settings from one transaction to the next");
    }

    private static boolean areKept(List<Probe> probes) throws SQLException {
        for (var turn : TURNS) {
            if (!probes.get(turn).isKept()) {
                return false;
            }
        }
        return true;
    }

    /** While one has a process for sure, the other must get another, and what is given back first is handed out last or first. */
    private static boolean areKeptWhileOneIsHeld(List<Probe> probes) throws SQLException {
        var held = probes.getFirst().session();
        held.setAutoCommit(false);
        try {
            var kept = probes.get(0).isKept() && probes.get(1).isKept();
            held.commit();
            return kept && probes.get(1).isKept() && areKept(probes);
        } finally {
            held.setAutoCommit(true);
        }
    }

    private static Seen read(Connection session) throws SQLException {
        return Query.one(session, READ, row -> new Seen(row.getInt(1), row.getString(2)));
    }

    /** Whether a login was refused for what it asked to be set: Postgres knows all that we send. */
    static boolean isRefusal(SQLException e) {
        return PROTOCOL_VIOLATION.equals(e.getSQLState()) && String.valueOf(e.getMessage()).contains("startup parameter") || FEATURE_NOT_SUPPORTED.equals(e.getSQLState());
    }

    static String words(Database database, String how) {
        var side = database.side();
        return "The " + side + " database is reached through a connection pooler, such as PgBouncer or RDS Proxy (" + how + "), and a migration needs sessions of its own. Put the direct URL into "
                + side.secret() + ": on Heroku that of DATABASE_URL and not of a …_CONNECTION_POOL_URL, on AWS the endpoint of the database and not of its proxy.";
    }
}
