package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.sql.Connection;
import java.sql.SQLException;

/** Removes what an earlier attempt loaded into the target. It destroys data, so it looks at the marker itself, each time. */
final class LoadedContent {
    /** Tables first: most other things hang on them and go along. An object's type is at once the word that DROP wants. */
    private static final String DROPS = """
            SELECT format('DROP %s IF EXISTS %s CASCADE',
              CASE i.type WHEN 'composite type' THEN 'type' WHEN 'statistics object' THEN 'statistics' ELSE i.type END, i.identity)
            FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
            WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid <> 'pg_extension'::regclass AND d.deptype = 'n' AND i.identity IS NOT NULL
              AND n.nspname = ANY (?::text[]) AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'mastodon_migration')
              AND i.type NOT IN ('index', 'toast table', 'default acl')
              AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid
                AND (e.deptype = 'e' OR e.deptype = 'i' AND e.refobjid <> e.objid))
            ORDER BY i.type <> 'table', i.type""";

    private static final String LOCK_TIMEOUT = "SET lock_timeout = '60s'";

    private LoadedContent() {}

    /**
     * Drops all that was not there when the first load began, save the marker. Before it there is nothing of ours to drop, and then the target must
     * still be empty.
     *
     * @throws Refusal unless the marker is this migration's and the target was never opened; and for what others put there before the first load
     */
    static void drop(Connection target, WorkerContext context) throws SQLException, Refusal {
        var marker = Marker.ours(target, Side.TARGET, context);
        marker.requireTarget(context);
        if (marker.state().wasOpened()) {
            throw new Refusal("The target database has been opened for writing and may hold posts that exist nowhere else: nothing in it is dropped. "
                    + "Going back from here is not supported yet: leave the source stopped, keep the target as it is, and ask for help before you change either.");
        }
        if (marker.state() == Marker.State.CLAIMED) {
            TargetClaim.requireStillEmpty(target);
            Marker.keepWhatIsThere(target, context);
            return;
        }
        Query.run(target, LOCK_TIMEOUT);
        // Extensions stay at first: columns of the instance's tables may be of their types.
        for (var drop : Query.strings(target, DROPS, marker.keptSchemas())) {
            Query.run(target, drop);
        }
        for (var extension : Query.strings(target, "SELECT extname FROM pg_extension WHERE NOT extname = ANY (?::text[]) AND pg_has_role(extowner, 'USAGE')", marker.keptExtensions())) {
            Query.run(target, "DROP EXTENSION " + Query.quoted(extension) + " CASCADE");
        }
        for (var schema : Query.strings(target, """
                SELECT nspname FROM pg_namespace WHERE NOT nspname = ANY (?::text[]) AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'mastodon_migration'
                AND pg_has_role(nspowner, 'USAGE')""",
                marker.keptSchemas())) {
            Query.run(target, "DROP SCHEMA " + Query.quoted(schema) + " CASCADE");
        }
        Query.run(target, "RESET lock_timeout", "SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE pg_has_role(lomowner, 'USAGE')");
    }
}
