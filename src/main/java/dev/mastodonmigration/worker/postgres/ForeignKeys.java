package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Foreign keys and the rows behind them that they would refuse. Old instances have such under keys that call themselves valid: of repairs with triggers switched off,
 * of a corrupt index that a check relied on. A key of that kind is brought {@code NOT VALID}, which holds for all that is written from then on.
 */
public final class ForeignKeys {
    private static final String NOT_VALID = " NOT VALID";
    private static final String FOREIGN_KEY_VIOLATION = "23503";
    /** As pg_dump writes them; it leaves out ONLY for partitioned tables, which know no key that is not valid before Postgres 18. */
    private static final Pattern PLAIN = Pattern.compile("^(ALTER TABLE ONLY .+\\n +ADD CONSTRAINT .+ FOREIGN KEY .+?)(?<! NOT ENFORCED)(?:" + NOT_VALID + ")?;$", Pattern.MULTILINE);
    private static final int MANY = 1000;

    /**
     * One of them; those of single partitions count as their parent's.
     *
     * @param object  its name in the {@link Catalog}
     * @param orphans what follows {@code SELECT …} to find its rows without a counterpart
     * @param bytes   of both tables
     */
    public record ForeignKey(String object, String table, String name, String parent, boolean partitioned, boolean valid, String orphans, long bytes) {
        /** For the admin, with what to do. */
        public String words(String rows) {
            var found = rows + " of the source have no counterpart in " + parent + ", although it is called valid there. ";
            var fix = "Find them with: SELECT c.* " + orphans + "; delete or correct them";
            return partitioned ? "Foreign key " + name + " of " + table + " cannot be brought to the target: " + found + "A key of a partitioned table can only be added where all rows have one. " + fix + "."
                    : "foreign key " + name + " of " + table + " is brought NOT VALID: " + found + "New rows are checked, these are copied as they are. " + fix + ", then ALTER TABLE " + table
                            + " VALIDATE CONSTRAINT " + name + ".";
        }
    }

    /** Compared as the server does it: with MATCH FULL a row that names half a counterpart is refused too. Keys over periods are no comparison of values. */
    private static final String ALL = """
            SELECT format('constraint %s of %I.%I', k.conname, n.nspname, c.relname), format('%I.%I', n.nspname, c.relname), quote_ident(k.conname), format('%I.%I', m.nspname, p.relname), c.relkind = 'p', k.convalidated,
              format('FROM %s%I.%I c WHERE %s AND NOT EXISTS (SELECT FROM %s%I.%I p WHERE %s)', CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, n.nspname, c.relname,
                CASE k.confmatchtype WHEN 'f' THEN 'NOT (' || columns.missing || ')' ELSE columns.present END, CASE p.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, m.nspname, p.relname, columns.same),
              pg_table_size(c.oid) + pg_table_size(p.oid)
            FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace m ON m.oid = p.relnamespace
              CROSS JOIN LATERAL (SELECT string_agg(format('c.%I IS NOT NULL', a.attname), ' AND ' ORDER BY pair.i) AS present, string_agg(format('c.%I IS NULL', a.attname), ' AND ' ORDER BY pair.i) AS missing,
                  string_agg(format('p.%I = c.%I', b.attname, a.attname), ' AND ' ORDER BY pair.i) AS same
                FROM unnest(k.conkey, k.confkey) WITH ORDINALITY pair (child, parent, i) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = pair.child
                  JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = pair.parent) columns
            WHERE k.contype = 'f' AND k.conparentid = 0 AND coalesce(to_jsonb(k) ->> 'conperiod', 'false') = 'false' AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'
              AND""" + " " + Table.USER_TABLE + " ORDER BY 8, 1";
    private static final String READABLE = """
            SELECT has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) FROM pg_class c WHERE c.oid = ?::regclass""";

    private ForeignKeys() {}

    /** All of the instance's, those of small tables first. */
    public static List<ForeignKey> of(Connection session) throws SQLException {
        return Query.list(session, ALL, row -> new ForeignKey(row.getString(1), row.getString(2), row.getString(3), row.getString(4), row.getBoolean(5), row.getBoolean(6), row.getString(7), row.getLong(8)));
    }

    /** How many rows it would refuse, a thousand at most. */
    public static long orphans(Connection session, ForeignKey key) throws SQLException {
        return Query.number(session, "SELECT count(*) FROM (SELECT 1 " + key.orphans() + " LIMIT " + MANY + ") found");
    }

    public static String counted(long rows) {
        return rows < MANY ? rows + " rows" : MANY + " or more rows";
    }

    static boolean areReadable(Connection session, ForeignKey key) throws SQLException {
        return Query.isTrue(session, READABLE, key.table()) && Query.isTrue(session, READABLE, key.parent());
    }

    /** Keys that are valid on the source and not yet on the target. */
    static List<ForeignKey> toValidate(Connection source, Connection target) throws SQLException {
        var valid = of(source).stream().filter(ForeignKey::valid).map(ForeignKey::object).collect(Collectors.toSet());
        return of(target).stream().filter(key -> !key.valid() && valid.contains(key.object())).toList();
    }

    /** Checks its rows and calls it valid; what to tell the admin when some have no counterpart, and it stays as it is. */
    public static Optional<String> validate(Connection target, ForeignKey key) throws SQLException {
        try {
            Query.run(target, "ALTER TABLE " + key.table() + " VALIDATE CONSTRAINT " + key.name());
            return Optional.empty();
        } catch (SQLException e) {
            if (!isOrphan(e)) {
                throw e;
            }
            return Optional.of(key.words("rows"));
        }
    }

    public static boolean isOrphan(SQLException e) {
        return FOREIGN_KEY_VIOLATION.equals(e.getSQLState());
    }

    /** What pg_restore wrote, so that adding a key checks no rows. */
    static String notValid(String script) {
        return PLAIN.matcher(script).replaceAll("$1" + NOT_VALID + ";");
    }

    /** Whether the one difference between two definitions in the {@link Catalog} is that the target's key does not call itself valid. */
    public static boolean isOnlyNotValid(String object, String there, String here) {
        return object.startsWith("constraint ") && there.startsWith("FOREIGN KEY ") && here.equals(there + NOT_VALID);
    }

    /** The definition of a foreign key without whether its rows were checked; of anything else as it is. */
    public static String regardlessOfValidity(String object, String definition) {
        return object.startsWith("constraint ") && definition.startsWith("FOREIGN KEY ") && definition.endsWith(NOT_VALID) ? definition.substring(0, definition.length() - NOT_VALID.length()) : definition;
    }

    /** Those of these objects that are foreign keys which rows of this database break. */
    static Set<String> broken(Connection session, Set<String> objects) throws SQLException {
        var found = new HashSet<String>();
        for (var key : of(session)) {
            if (objects.contains(key.object()) && orphans(session, key) > 0) {
                found.add(key.object());
            }
        }
        return found;
    }
}
