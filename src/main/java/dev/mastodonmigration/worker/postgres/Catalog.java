package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What the instance's database is made of, object by object, in words that are the same on every server of the supported versions. */
public final class Catalog {
    private static final String NOT_EXTENSION = " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '%s'::regclass AND e.objid = %s AND e.deptype "
            + "= 'e')";
    private static final String RELATION = Table.USER_SCHEMA + " AND c.relpersistence <> 't'" + NOT_EXTENSION.formatted("pg_class", "c.oid");
    private static final String FROM_RELATION = " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace ";
    private static final String NAME = "format('%I.%I', n.nspname, c.relname)";

    /** Of a trigger {@code t}; those that came to partitions with their parent's are internal before version 15, and can be switched off one by one all the same. */
    static final String TRIGGER_OF_THE_INSTANCE = "(NOT t.tgisinternal OR t.tgparentid <> 0 AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype <> 't'))"
            + " AND t.tgname NOT LIKE 'mastodon\\_migration\\_%'";

    /** Kind and name, then what must be equal. Not-null constraints are in the columns: Postgres 18 lists them, older ones do not. */
    private static final List<String> OBJECTS = List.of(
            "SELECT 'relation ' || " + NAME + ", c.relkind::text || c.relpersistence::text || c.relrowsecurity::text || "
            + "coalesce(pg_get_expr(c.relpartbound, c.oid), '')"
                    + FROM_RELATION + "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND " + RELATION,
            "SELECT 'column ' || " + NAME + " || '.' || quote_ident(a.attname), format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull::text || ' ' "
            + "|| a.attidentity::text || a.attgenerated::text"
                    + " || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') || coalesce(' collate ' || l.collname, '')" + FROM_RELATION
                    + "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND "
                    + "d.adnum = a.attnum"
                    + " LEFT JOIN pg_collation l ON l.oid = a.attcollation WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND " + RELATION,
            "SELECT 'index ' || " + NAME + ", pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ' INVALID' END "
                    + "|| CASE WHEN i.indisclustered THEN ' CLUSTER' ELSE '' END || CASE WHEN i.indisreplident THEN ' REPLICA IDENTITY' ELSE '' END"
                    + FROM_RELATION + "JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid WHERE t.relkind IN ('r', 'p', 'm') "
                    + "AND " + RELATION,
            "SELECT 'constraint ' || k.conname || ' of ' || " + NAME + ", pg_get_constraintdef(k.oid)"
                    + FROM_RELATION + "JOIN pg_constraint k ON k.conrelid = c.oid WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND " + RELATION,
            "SELECT 'trigger ' || t.tgname || ' of ' || " + NAME + ", pg_get_triggerdef(t.oid) || t.tgenabled::text" + FROM_RELATION
                    + "JOIN pg_trigger t ON t.tgrelid = c.oid WHERE " + TRIGGER_OF_THE_INSTANCE + " AND " + RELATION,
            "SELECT 'function ' || format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.prokind::text || "
            + "p.provolatile::text || p.prosecdef::text"
                    + " || format_type(p.prorettype, NULL) || coalesce(p.proconfig::text, '') || md5(p.prosrc) FROM pg_proc p JOIN pg_namespace n ON n.oid "
                    + "= p.pronamespace WHERE "
                    + Table.USER_SCHEMA + NOT_EXTENSION.formatted("pg_proc", "p.oid"),
            "SELECT 'type ' || format('%I.%I', n.nspname, t.typname), t.typtype::text || coalesce((SELECT string_agg(v.enumlabel, ',' ORDER BY "
            + "v.enumsortorder) FROM pg_enum v"
                    + " WHERE v.enumtypid = t.oid), '') FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r') AND "
                    + Table.USER_SCHEMA + NOT_EXTENSION.formatted("pg_type", "t.oid"),
            "SELECT 'sequence settings ' || " + NAME + ", format('%s %s %s %s %s %s', format_type(s.seqtypid, NULL), s.seqstart, s.seqmin, s.seqmax, "
            + "s.seqincrement, s.seqcycle)"
                    + FROM_RELATION + "JOIN pg_sequence s ON s.seqrelid = c.oid WHERE " + RELATION,
            "SELECT 'policy ' || p.polname || ' of ' || " + NAME + ", p.polcmd::text || p.polpermissive::text || coalesce(pg_get_expr(p.polqual, "
            + "p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')"
                    + FROM_RELATION + "JOIN pg_policy p ON p.polrelid = c.oid WHERE " + RELATION);

    private static final String VIEWS = "SELECT 'view ' || " + NAME + ", pg_get_viewdef(c.oid)" + FROM_RELATION + "WHERE c.relkind IN ('v', 'm') AND "
            + RELATION;

    private Catalog() {}

    private static Map<String, String> read(Connection session, List<String> queries) throws SQLException {
        var objects = new TreeMap<String, String>();
        for (var query : queries) {
            Query.list(session, query, row -> objects.put(row.getString(1), row.getString(2)));
        }
        return objects;
    }

    /** Every object's definition by name, to notice later that one changed; the session must be pinned. */
    public static Map<String, String> objects(Connection session) throws SQLException {
        return read(session, OBJECTS);
    }

    /**
     * Every object that is missing on one side or defined otherwise; sessions must be pinned alike. The text of views is compared only within one
     * major version: newer ones write it differently. A foreign key that is valid on the source may be {@code NOT VALID} on the target where rows break it.
     */
    public static List<String> differences(Connection source, Connection target) throws SQLException {
        var queries = new ArrayList<>(OBJECTS);
        if (source.getMetaData().getDatabaseMajorVersion() == target.getMetaData().getDatabaseMajorVersion()) {
            queries.add(VIEWS);
        }
        var there = read(source, queries);
        var here = read(target, queries);
        var names = new TreeSet<>(there.keySet());
        names.addAll(here.keySet());
        var notValid = names.stream().filter(name -> there.containsKey(name) && here.containsKey(name) && ForeignKeys.isOnlyNotValid(name, there.get(name), here.get(name))).collect(Collectors.toSet());
        var broken = notValid.isEmpty() ? notValid : ForeignKeys.broken(target, notValid);
        var differences = new ArrayList<String>();
        for (var name : names) {
            if (!here.containsKey(name)) {
                differences.add(name + " is missing on the target");
            } else if (!there.containsKey(name)) {
                differences.add(name + " is only on the target");
            } else if (!there.get(name).equals(here.get(name)) && !broken.contains(name)) {
                differences.add(name + " is \"" + there.get(name) + "\" on the source and \"" + here.get(name) + "\" on the target");
            }
        }
        return differences;
    }
}
