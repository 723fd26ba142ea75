package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Fills the materialized views, each after those that it reads, with a search path in which their functions are found. */
public final class MaterializedViews {
    /** Depth in the graph of views: every path is walked, and the longest counts. Populated is read from the source. */
    private static final String IN_ORDER = """
            WITH RECURSIVE edges AS (
              SELECT DISTINCT r.ev_class AS reader, d.refobjid AS read FROM pg_rewrite r
              JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
              JOIN pg_class v ON v.oid = d.refobjid AND v.relkind IN ('v', 'm')),
            depths AS (
              SELECT c.oid, 0 AS depth FROM pg_class c WHERE c.relkind IN ('v', 'm')
              UNION SELECT e.reader, depths.depth + 1 FROM depths JOIN edges e ON e.read = depths.oid)
            SELECT format('%I.%I', n.nspname, c.relname) FROM depths JOIN pg_class c ON c.oid = depths.oid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'm' AND c.relispopulated AND""" + " " + Table.USER_SCHEMA + " GROUP BY 1 ORDER BY max(depth), 1";

    private MaterializedViews() {}

    /** Those that the source has filled, in the order in which they must be refreshed. */
    public static List<String> inOrder(Connection source) throws SQLException {
        return new ArrayList<>(Query.strings(source, IN_ORDER));
    }

    public static void refresh(Connection target, List<String> views) throws SQLException {
        for (var view : views) {
            Query.run(target, "REFRESH MATERIALIZED VIEW " + view);
        }
    }
}
