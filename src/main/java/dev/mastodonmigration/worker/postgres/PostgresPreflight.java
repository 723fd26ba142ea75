package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Looks at both databases and says at once everything that would stop the migration later. Changes nothing anywhere. A target that the operator has still to
 * create is not there to be looked at: of it the version is known.
 */
public final class PostgresPreflight implements Findings.Check {
    static final String NAME = "preflight";

    /** Figures of this check; bytes are of the whole source database, rows the planner's estimate. */
    public static final String SOURCE_BYTES = "sourceBytes";
    public static final String ROWS_ESTIMATE = "rowsEstimate";
    public static final String SOURCE_MAJOR = "sourceMajor";
    public static final String TARGET_MAJOR = "targetMajor";
    /** Connections to the source that a live copy will use at most, as things are now. */
    public static final String SOURCE_CONNECTIONS = "sourceConnections";

    private static final int SETS_TRANSACTION_TIMEOUT = 17;

    /** What the live engine has to say of a source, as notes. */
    @FunctionalInterface
    public interface Remarks {
        List<String> on(Connection source) throws SQLException;
    }

    private final boolean rehearsal;
    private final Optional<Remarks> remarks;
    private final List<String> blockers = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Map<String, Long> figures = new TreeMap<>();

    private PostgresPreflight(boolean rehearsal, Optional<Remarks> remarks) {
        this.rehearsal = rehearsal;
        this.remarks = remarks;
    }

    /** @param rehearsal whether one is planned: then the target's user must be able to create a database */
    public static Findings.Check planned(boolean rehearsal, Remarks remarks) {
        return context -> new PostgresPreflight(rehearsal, Optional.of(remarks)).check(context);
    }

    /** Only the target, and whether what the source holds means the same there: what of a target that the operator creates can be seen only then. */
    public static Findings.Check target(boolean rehearsal) {
        return context -> new PostgresPreflight(rehearsal, Optional.empty()).check(context);
    }

    @Override
    public Findings check(WorkerContext context) throws SQLException, IOException, InterruptedException, Refusal {
        var source = connect(Database.source(context, NAME));
        var target = context.has(Side.TARGET.secret()) ? connect(Database.target(context, NAME)) : Optional.<Connection>empty();
        try {
            if (source.isPresent() && remarks.isPresent()) {
                new SourceCheck(source.get(), context, blockers, notes, figures, remarks.get()).run();
            }
            if (target.isPresent()) {
                checkTarget(target.get(), context);
                if (!Database.target(context, NAME).tls().verifies() && Query.isTrue(target.get(), "SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)")) {
                    notes.add("the connection to the target database is encrypted, and its certificate is not verified: name its CA in target.postgres.existing.caSecretRef, or "
                            + "put sslmode=verify-full into its URL where a public CA signed it");
                }
            }
            if (source.isPresent() && target.isPresent()) {
                checkPair(source.get(), target.get());
            }
            if (source.isPresent() && context.has(WorkerContext.TARGET_POSTGRES_MAJOR)) {
                checkVersions(source.get(), context.number(WorkerContext.TARGET_POSTGRES_MAJOR));
            }
            if (source.isPresent()) {
                context.told(WorkerContext.TARGET_POSTGRES_STORAGE).map(told -> told.split(" ")).ifPresent(told -> checkStorage(Long.parseLong(told[0]), told[1]));
            }
            return new Findings(blockers, notes, figures);
        } finally {
            for (var connection : List.of(source, target)) {
                if (connection.isPresent()) {
                    connection.get().close();
                }
            }
        }
    }

    private Optional<Connection> connect(Database database) throws IOException {
        try {
            var session = database.open();
            var pooler = pooler(database, session);
            if (pooler.isEmpty()) {
                return Optional.of(session);
            }
            // What else is found through it would be another session's.
            session.close();
            blockers.add(pooler.get());
        } catch (SQLException | Refusal e) {
            blockers.add(e.getMessage());
        }
        return Optional.empty();
    }

    private Optional<String> pooler(Database database, Connection session) throws SQLException, IOException, Refusal {
        try {
            return Pooler.before(database, session, notes);
        } catch (SQLException | IOException | Refusal e) {
            session.close();
            throw e;
        }
    }

    private void checkTarget(Connection target, WorkerContext context) throws SQLException {
        figures.put(TARGET_MAJOR, (long) target.getMetaData().getDatabaseMajorVersion());
        try {
            var marker = Marker.read(target);
            if (marker.isPresent()) {
                marker.get().requireOurs(Side.TARGET, context);
            } else {
                TargetClaim.occupied(target).ifPresent(blockers::add);
            }
        } catch (Refusal e) {
            blockers.add(e.getMessage());
        }
        if (Query.isTrue(target, "SELECT pg_is_in_recovery()")) {
            blockers.add("The target database is a read-only standby. Put the primary's address into " + Side.TARGET.secret() + ".");
            return;
        }
        ReplicationRole.look(target, Side.TARGET, blockers, notes);
        if (!Query.isTrue(target, "SELECT has_database_privilege(current_database(), 'CREATE')")) {
            blockers.add("User " + user(target) + " may not create schemas in the target database " + target.getCatalog()
                    + ". GRANT CREATE ON DATABASE, or make it the owner.");
        }
        if (!Query.isTrue(target, "SELECT has_schema_privilege('public', 'CREATE')")) {
            blockers.add("User " + user(target) + " may not create tables in schema public of the target database. Make it the owner of the database.");
        }
        if (rehearsal && !Query.isTrue(target, "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")) {
            blockers.add("User " + user(target) + " may not create the scratch database of the rehearsal on the target server. ALTER ROLE … CREATEDB, or "
                    + "set rehearsal.enabled to false.");
        }
    }

    private void checkPair(Connection source, Connection target) throws SQLException, IOException, InterruptedException {
        if (isSameDatabase(source, target)) {
            blockers.add("Source and target are the same database, even if under two names: " + target.getCatalog() + ". Put another database into "
                    + Side.TARGET.secret() + ".");
            return;
        }
        checkVersions(source, target.getMetaData().getDatabaseMajorVersion());
        new PairCheck(source, target, blockers, notes).run();
    }

    /** @param to of the target, which may still have to be created */
    private void checkVersions(Connection source, int to) throws SQLException, IOException, InterruptedException {
        var from = source.getMetaData().getDatabaseMajorVersion();
        figures.put(TARGET_MAJOR, (long) to);
        if (to < from) {
            blockers.add("The target runs Postgres " + to + ", which is older than the source's " + from + ". Use a target of version " + from + " or newer.");
        }
        client(from, to, PostgresPrograms.find(from)).ifPresent(blockers::add);
    }

    /** Full storage stops a server in the middle of the copy, hours later. */
    private void checkStorage(long bytes, String field) {
        var wanted = figures.getOrDefault(SOURCE_BYTES, 0L) * (rehearsal ? 2 : 1);
        if (wanted > bytes) {
            blockers.add("The source database has " + gibibytes(figures.get(SOURCE_BYTES)) + " GiB" + (rehearsal ? ", of which the rehearsal makes a second copy" : "") + ", and the target is to have "
                    + gibibytes(bytes) + " GiB. Raise " + field + " to " + gibibytes(wanted) + " at least, with room to grow" + (rehearsal ? ", or set rehearsal.enabled to false." : "."));
        }
    }

    private static long gibibytes(long bytes) {
        return Math.ceilDiv(bytes, 1L << 30);
    }

    /** Why the worker's own programs cannot do it: from 17 on, pg_restore sends a setting (transaction_timeout) that older servers refuse. */
    static Optional<String> client(int from, int to, Optional<PostgresPrograms> programs) {
        if (programs.isEmpty()) {
            return Optional.of("The worker has no pg_dump that can read Postgres " + from + ". Use a worker image with the PostgreSQL client of version " + from
                    + " or newer.");
        }
        var ours = programs.get().major();
        return ours < SETS_TRANSACTION_TIMEOUT || to >= SETS_TRANSACTION_TIMEOUT ? Optional.empty() : Optional.of("The worker's pg_restore " + ours
                + " cannot load into Postgres " + to + ". Use a target of version " + SETS_TRANSACTION_TIMEOUT
                + " or newer, or a worker image that also has the PostgreSQL client of version " + from + " (on Debian: postgresql-client-" + from + ").");
    }

    /** Advisory locks are per database, whatever name led there. */
    private static boolean isSameDatabase(Connection source, Connection target) throws SQLException {
        var key = new SecureRandom().nextLong();
        Query.list(target, "SELECT pg_advisory_lock(?)", row -> "locked", key);
        try {
            if (Query.isTrue(source, "SELECT pg_try_advisory_lock(?)", key)) {
                Query.isTrue(source, "SELECT pg_advisory_unlock(?)", key);
                return false;
            }
            return true;
        } finally {
            Query.isTrue(target, "SELECT pg_advisory_unlock(?)", key);
        }
    }

    private static String user(Connection connection) throws SQLException {
        return Query.string(connection, "SELECT current_user");
    }
}
