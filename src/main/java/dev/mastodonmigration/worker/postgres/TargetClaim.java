package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Takes an empty target database for this migration, and only an empty one: nothing of anyone's is ever overwritten. */
public final class TargetClaim implements WorkerTask {
    static final String NAME = "claim-target";
    private static final int NAMED = 5;

    /** Everything a user could have made: whatever stands in a schema or is one, unless an extension brought it. */
    private static final String CONTENT = """
            SELECT i.type || ' ' || i.identity FROM pg_depend d
            JOIN pg_namespace n ON n.oid = d.refobjid CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
            WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid <> 'pg_extension'::regclass AND d.deptype = 'n' AND i.identity IS NOT NULL
              AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'mastodon_migration')
              AND i.type NOT IN ('index', 'toast table', 'default acl')
              AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid
                AND (e.deptype = 'e' OR e.deptype = 'i' AND e.refobjid <> e.objid))
            UNION ALL
            SELECT 'schema ' || quote_ident(n.nspname) FROM pg_namespace n
            WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'mastodon_migration', 'public', 'heroku_ext')
              AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid AND e.deptype = 'e')
            UNION ALL
            SELECT 'large object ' || oid FROM pg_largeobject_metadata
            ORDER BY 1""";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            Transaction.in(target, () -> claim(target, context));
        }
        return WorkerReport.succeeded("The target database is empty and now marked as " + context.migrationName() + "'s.", Map.of());
    }

    public static void claim(Connection target, WorkerContext context) throws SQLException, Refusal {
        lock(target);
        var marker = Marker.read(target);
        if (marker.isPresent()) {
            marker.get().requireOurs(Side.TARGET, context);
            marker.get().requireTarget(context);
            return;
        }
        var found = occupied(target);
        if (found.isPresent()) {
            throw new Refusal(found.get());
        }
        Marker.create(target, context, Marker.State.CLAIMED);
    }

    /** Until the end of the transaction: two claims of one database at the same time see each other. */
    public static void lock(Connection connection) throws SQLException {
        Query.list(connection, "SELECT pg_advisory_xact_lock(hashtext('mastodon_migration'), 1)", row -> "locked");
    }

    /**
     * Proves that nothing came into a claimed database before we loaded anything: what is there then is somebody else's.
     *
     * @throws Refusal naming it and where it can go
     */
    static void requireStillEmpty(Connection target) throws SQLException, Refusal {
        var content = content(target);
        if (!content.isEmpty()) {
            throw new Refusal("Since this migration claimed the target database " + target.getCatalog() + ", somebody else put " + content.size() + " objects into it: "
                    + first(content) + ". They were not touched, and nothing was loaded beside them. Move them to another database (pg_dump, then pg_restore there) and "
                    + "drop them here.");
        }
    }

    static String first(List<String> content) {
        return String.join(", ", content.subList(0, Math.min(NAMED, content.size()))) + (content.size() > NAMED ? ", …" : "");
    }

    /** Why this database is not empty, naming the first five things in it. */
    static Optional<String> occupied(Connection target) throws SQLException {
        var content = content(target);
        return content.isEmpty() ? Optional.empty() : Optional.of("The target database " + target.getCatalog() + " is not empty: it has " + content.size()
                + " objects, first [" + first(content) + "]. It was not touched. Create an empty database and put its URL into "
                + Side.TARGET.secret() + ".");
    }

    static List<String> content(Connection target) throws SQLException {
        return Query.strings(target, CONTENT);
    }
}
