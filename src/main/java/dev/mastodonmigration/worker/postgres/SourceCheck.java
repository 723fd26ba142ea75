package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The source's half of the preflight: whether it can be read whole and closed for writing, and what in it deserves a word. */
final class SourceCheck {
    private static final int NAMED = 5;
    private static final String TABLES = "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
            + Table.USER_TABLE;

    private final Connection source;
    private final WorkerContext context;
    private final List<String> blockers;
    private final List<String> notes;
    private final Map<String, Long> figures;
    private final PostgresPreflight.Remarks remarks;

    SourceCheck(Connection source, WorkerContext context, List<String> blockers, List<String> notes, Map<String, Long> figures,
            PostgresPreflight.Remarks remarks) {
        this.source = source;
        this.context = context;
        this.blockers = blockers;
        this.notes = notes;
        this.figures = figures;
        this.remarks = remarks;
    }

    void run() throws SQLException, Refusal {
        figures.put(PostgresPreflight.SOURCE_MAJOR, (long) source.getMetaData().getDatabaseMajorVersion());
        figures.put(PostgresPreflight.SOURCE_BYTES, Query.number(source, "SELECT pg_database_size(current_database())"));
        figures.put(WorkerReport.Figure.TABLES, (long) Table.all(source).size());
        figures.put(PostgresPreflight.ROWS_ESTIMATE, Query.number(source, "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class c JOIN "
                + "pg_namespace n ON n.oid = c.relnamespace WHERE "
                + Table.USER_TABLE));
        try {
            var marker = Marker.read(source);
            if (marker.isPresent()) {
                marker.get().requireOurs(Side.SOURCE, context);
            }
        } catch (Refusal e) {
            blockers.add(e.getMessage());
        }
        if (Query.isTrue(source, "SELECT pg_is_in_recovery()")) {
            blockers.add("The source database is a read-only standby, which cannot be closed for writing. Put the primary's address into "
                    + Side.SOURCE.secret() + ".");
            return;
        }
        rights();
        ReplicationRole.look(source, Side.SOURCE, blockers, notes);
        connections();
        indexes();
        remarks();
    }

    /** A live copy works beside the app, and leaves it room. */
    private void connections() throws SQLException {
        var budget = ConnectionBudget.read(source);
        var granted = budget.grantable(context.parallelism());
        figures.put(PostgresPreflight.SOURCE_CONNECTIONS, granted);
        if (budget.isTooTight() || granted < context.parallelism() + 1) {
            notes.add("the source allows " + budget.limit() + " connections and has " + budget.free() + " left: a live copy uses " + granted
                    + " at a time instead of " + (context.parallelism() + 1) + " and gives way to the app" + (budget.isTooTight()
                    ? ", so it hardly gets on; lower the app's pools (DB_POOL, WEB_CONCURRENCY) or choose a larger plan for the time" : ""));
        }
    }

    private void indexes() throws SQLException, Refusal {
        var invalid = Query.strings(source, "SELECT format('%I.%I', n.nspname, x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c "
                + "ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND NOT (i.indisvalid AND i.indisready) AND "
                + Table.USER_TABLE + " ORDER BY 1");
        if (!invalid.isEmpty()) {
            blockers.add("The source has indexes that are not valid, left by a failed CREATE INDEX CONCURRENTLY, and no copy would have them: " + first(invalid)
                    + ". REINDEX INDEX CONCURRENTLY or DROP INDEX them.");
        }
        new HiddenDuplicates(source, blockers, notes).run();
        new OrphanRows(source, blockers, notes).run();
    }

    private void rights() throws SQLException {
        var user = Query.string(source, "SELECT current_user");
        if (!Query.isTrue(source, "SELECT has_database_privilege(current_database(), 'CREATE')")) {
            blockers.add("User " + user + " may not create a schema in the source database, which the write gate needs. Use the default credential, which "
                    + "owns the database.");
        }
        var foreign = Query.strings(source, TABLES + " AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1");
        if (!foreign.isEmpty()) {
            blockers.add("User " + user + " does not own " + foreign.size() + " tables of the source, first " + first(foreign)
                    + ", so it cannot close them for writing. Use the default credential, or ALTER TABLE … OWNER TO " + user + ".");
        }
        var forbidden = Query.strings(source, "SELECT DISTINCT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
                + Table.USER_TABLE
                + " AND NOT has_schema_privilege(n.oid, 'USAGE') ORDER BY 1");
        if (!forbidden.isEmpty()) {
            blockers.add("User " + user + " may not read the source's schemas " + first(forbidden)
                    + ". GRANT USAGE ON SCHEMA and SELECT on its tables, or drop it.");
        }
    }

    private void remarks() throws SQLException {
        var largeObjects = Query.number(source, "SELECT count(*) FROM pg_largeobject_metadata");
        if (largeObjects > 0) {
            notes.add("the source holds " + largeObjects
                    + " large objects; Mastodon uses none; strategy Dump copies them and does not compare them, Live refuses to begin");
        }
        var secured = Query.strings(source, TABLES + " AND c.relrowsecurity ORDER BY 1");
        if (!secured.isEmpty()) {
            notes.add("row security is on for " + first(secured) + "; copying reads all rows or fails, it never leaves some out");
        }
        notes.addAll(remarks.on(source));
        var forced = Query.strings(source, TABLES + " AND c.relrowsecurity AND c.relforcerowsecurity AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles "
                + "WHERE rolname = current_user) ORDER BY 1");
        if (!forced.isEmpty()) {
            blockers.add("Row security is forced on the owner too for " + first(forced) + ", so that not all rows can be read. ALTER TABLE … NO FORCE ROW LEVEL "
                    + "SECURITY.");
        }
        var settings = Query.strings(source, "SELECT DISTINCT split_part(unnest(setconfig), '=', 1) FROM pg_db_role_setting WHERE setdatabase = (SELECT "
                + "oid FROM pg_database WHERE datname = current_database())"
                + " OR setdatabase = 0 AND setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) ORDER BY 1");
        if (!settings.isEmpty()) {
            notes.add("the source sets " + first(settings) + " for its database or user; such settings are not copied, set them on the target where the "
                    + "instance needs them");
        }
        var foreignTables = Query.strings(source, "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = "
                + "c.relnamespace WHERE c.relkind = 'f' AND " + Table.USER_SCHEMA);
        if (!foreignTables.isEmpty()) {
            notes.add("foreign tables " + first(foreignTables) + " point elsewhere: their definitions are copied, their rows are not");
        }
    }

    static String first(List<String> names) {
        return String.join(", ", names.subList(0, Math.min(NAMED, names.size()))) + (names.size() > NAMED ? ", …" : "");
    }
}
