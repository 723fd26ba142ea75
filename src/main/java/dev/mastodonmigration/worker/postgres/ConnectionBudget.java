package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * How many connections a server still has for this role in this database. A small plan of Heroku's has 20 for everyone, and a web process that gets none
 * is an outage: so some are always left to the app.
 *
 * @param limit   the tightest of the limits: of the server without what it keeps for superusers, of the role, of the database
 * @param free    under each limit, the fewest that are left
 * @param ours    sessions of live replication among those in use
 * @param younger of its siblings, the worker threads' sessions, that began to work after the session that asks; they give way first
 */
public record ConnectionBudget(long limit, long free, long ours, long younger) {
    /** Sessions without which nothing moves: the one that leads, and one that copies. */
    public static final int LEAST = 2;
    private static final int SHARE = 10;

    /**
     * Others' sessions may hide what they are from a role without pg_read_all_stats. Superusers and, from 16 on, holders of a reserved role are counted
     * as anyone is: erring to the side of the app.
     */
    private static final String READ = """
            WITH sessions AS (SELECT pid, usesysid, datid, application_name, backend_start FROM pg_stat_activity
              WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'),
            limits (allowed, used) AS (
              SELECT current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
                - coalesce(current_setting('reserved_connections', true), '0')::bigint, (SELECT count(*) FROM sessions)
              UNION ALL SELECT rolconnlimit, (SELECT count(*) FROM sessions WHERE usesysid = r.oid) FROM pg_roles r
                WHERE rolname = session_user AND rolconnlimit >= 0
              UNION ALL SELECT datconnlimit, (SELECT count(*) FROM sessions WHERE datid = d.oid) FROM pg_database d
                WHERE datname = current_database() AND datconnlimit >= 0)
            SELECT min(allowed), min(allowed - used), (SELECT count(*) FROM sessions WHERE datid = (SELECT oid FROM pg_database
              WHERE datname = current_database()) AND application_name LIKE 'mastodon-migration replicate%'),
              (SELECT count(*) FROM sessions, sessions me WHERE me.pid = pg_backend_pid() AND sessions.datid = me.datid
               AND sessions.application_name = me.application_name AND (sessions.backend_start, sessions.pid) > (me.backend_start, me.pid))
            FROM limits""";

    /** Reads it with a session that is itself one of those in use. */
    public static ConnectionBudget read(Connection session) throws SQLException {
        return Query.one(session, READ, row -> new ConnectionBudget(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4)));
    }

    /** What the app is left beyond what it has open. */
    public long reserve() {
        return Math.max(2, limit / SHARE);
    }

    /** Whether the session that asked is one too many: the youngest give way first, and the last one only when the app would have none left. */
    public boolean isExceeded() {
        var kept = ours <= LEAST ? 1 : reserve();
        return free < kept && younger < kept - free;
    }

    /** Whether another session would leave the app its share, or, where we have next to none, at least one. */
    public boolean isEnoughForOneMore() {
        return free > (ours < LEAST ? 1 : reserve());
    }

    /** Sessions that this many worker threads and a leader can have, beside what others have open now. */
    public long grantable(int threads) {
        return Math.min(threads + 1L, Math.max(LEAST, free - reserve()));
    }

    /** Whether not even the least would leave the app one. */
    public boolean isTooTight() {
        return free <= LEAST;
    }
}
