package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings the source's extensions to the target by name, because their content is never in a dump, and takes them home from {@code heroku_ext}:
 * a schema that Heroku imposed for a year, on which tables and functions of that time depend.
 */
public final class Extensions {
    /**
     * @param schema where the source keeps it
     * @param needed tables, functions or types of the instance depend on it
     */
    public record Extension(String name, String schema, boolean needed) {}

    private static final String HEROKU_SCHEMA = "heroku_ext";
    private static final String USED = """
            SELECT x.extname, n.nspname, EXISTS (
              SELECT FROM pg_depend member JOIN pg_depend d ON d.refclassid = member.classid AND d.refobjid = member.objid
              WHERE member.refclassid = 'pg_extension'::regclass AND member.refobjid = x.oid AND member.deptype = 'e' AND d.deptype IN ('n', 'a')
                AND d.classid IN ('pg_class'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_proc'::regclass,
                  'pg_type'::regclass, 'pg_rewrite'::regclass, 'pg_trigger'::regclass)
                AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
                AND NOT EXISTS (SELECT FROM pg_rewrite r JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = r.ev_class AND e.deptype = 'e'
                                WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid))
            FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql' ORDER BY 1""";

    /** The text of a function is no dependency that Postgres knows of: moving the extension would break it in silence. */
    private static final String NAMED = "SELECT DISTINCT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE " + Table.USER_SCHEMA
            + " AND n.nspname <> 'heroku_ext' AND p.prosrc LIKE '%heroku\\_ext.%'";

    private Extensions() {}

    public static List<Extension> used(Connection source) throws SQLException {
        return Query.list(source, USED, row -> new Extension(row.getString(1), row.getString(2), row.getBoolean(3)));
    }

    /**
     * Creates the extensions in the same schemas as on the source, save that one in {@code heroku_ext} that nothing names goes straight to {@code public}.
     *
     * @return notes on those left out because nothing depends on them and the target does not allow them
     * @throws Refusal for one that tables depend on
     */
    public static List<String> create(Connection source, Connection target) throws SQLException, Refusal {
        var notes = new ArrayList<String>();
        var named = !Query.strings(source, NAMED).isEmpty();
        for (var extension : used(source)) {
            var schema = extension.schema().equals(HEROKU_SCHEMA) && !extension.needed() && !named ? "public" : extension.schema();
            try {
                create(extension, schema, target);
            } catch (SQLException e) {
                if (extension.needed()) {
                    throw new Refusal("Extension " + extension.name() + ", on which the source's tables depend, cannot be put into schema " + schema
                            + " of the target: " + e.getMessage() + ". Create it there as the main user, or drop it there if it is in another schema.");
                }
                notes.add("extension " + extension.name() + " was left out, nothing depends on it: " + e.getMessage().lines().findFirst().orElse(""));
            }
        }
        return notes;
    }

    private static void create(Extension extension, String schema, Connection target) throws SQLException {
        Query.run(target, "CREATE SCHEMA IF NOT EXISTS " + Query.quoted(schema));
        var present = Query.strings(target, "SELECT n.nspname FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname = ?",
                extension.name());
        if (present.isEmpty()) {
            Query.run(target, "CREATE EXTENSION " + Query.quoted(extension.name()) + " SCHEMA " + Query.quoted(schema));
        } else if (!present.getFirst().equals(schema) && extension.needed()) {
            Query.run(target, "ALTER EXTENSION " + Query.quoted(extension.name()) + " SET SCHEMA " + Query.quoted(schema));
        }
    }

    /**
     * Moves extensions to {@code public} after loading and drops {@code heroku_ext} when nothing is left in it. An owner that is no superuser may
     * create a trusted extension and yet not move it, because its functions belong to the server's first superuser: then it works where it is.
     */
    public static List<String> rehome(Connection source, Connection target, List<String> keptSchemas) throws SQLException {
        if (keptSchemas.contains(HEROKU_SCHEMA) || !Query.isTrue(target, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = '" + HEROKU_SCHEMA + "')")) {
            return List.of();
        }
        var notes = new ArrayList<String>();
        var named = Query.strings(source, NAMED);
        if (!named.isEmpty()) {
            notes.add("schema heroku_ext stays on the target, because functions name it: " + named);
            return notes;
        }
        for (var extension : Query.strings(target, "SELECT extname FROM pg_extension WHERE extnamespace = 'heroku_ext'::regnamespace AND extrelocatable")) {
            try {
                Query.run(target, "ALTER EXTENSION " + Query.quoted(extension) + " SET SCHEMA public");
            } catch (SQLException e) {
                notes.add("extension " + extension + " stays in schema heroku_ext of the target and works there; only a superuser may move it: "
                        + e.getMessage().lines().findFirst().orElse(""));
            }
        }
        if (!Query.isTrue(target, "SELECT EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = "
                + "'heroku_ext'::regnamespace)")) {
            Query.run(target, "DROP SCHEMA heroku_ext");
        }
        return notes;
    }
}
