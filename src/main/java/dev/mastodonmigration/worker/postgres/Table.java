package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * A table of the instance: not the system's, not an extension's, not ours.
 *
 * @param partitioned its rows are all in its partitions, which are listed too
 * @param bytes       heap, TOAST and indexes left out
 * @param blocks      pages of the heap
 */
public record Table(String schema, String name, boolean partitioned, long bytes, long blocks) {
    /** Schemas whose content is not the instance's; {@code _heroku} is the provider's and may not even be read. */
    public static final String USER_SCHEMA = "n.nspname NOT IN ('information_schema', '_heroku', 'mastodon_migration') AND n.nspname NOT LIKE 'pg\\_%'";

    /** A table, for a query over {@code pg_class c} and {@code pg_namespace n}. */
    public static final String USER_TABLE = USER_SCHEMA + """
             AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
             AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')""";

    private static final String ALL = """
            SELECT n.nspname, c.relname, c.relkind = 'p', CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_table_size(c.oid) END,
              CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_relation_size(c.oid) / current_setting('block_size')::int END
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE\s""" + USER_TABLE + " ORDER BY 4 DESC, 1, 2";

    /** All tables, largest first. */
    public static List<Table> all(Connection connection) throws SQLException {
        return Query.list(connection, ALL, row -> new Table(row.getString(1), row.getString(2), row.getBoolean(3), row.getLong(4), row.getLong(5)));
    }

    public String sql() {
        return Query.quoted(schema) + "." + Query.quoted(name);
    }

    @Override
    public String toString() {
        return schema.equals("public") ? name : schema + "." + name;
    }
}
