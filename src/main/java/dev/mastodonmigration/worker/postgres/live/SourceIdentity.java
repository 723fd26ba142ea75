package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;

/**
 * Which server and which of its histories a session reads, and which run of the capture. After a failover the server's timeline is another, and transactions are numbered anew.
 * Aurora, on which Heroku's Essential plans run, does not tell either; there only the {@link Watermark} does, which is enough as its primaries share one storage, so that none lives on beside its successor.
 */
final class SourceIdentity {
    /** Insufficient privilege, object not in prerequisite state, feature not supported, undefined function. */
    private static final Set<String> REFUSED = Set.of("42501", "55000", "0A000", "42883");

    private static final String OF_THE_SERVER = "concat_ws(' ', (SELECT system_identifier FROM pg_catalog.pg_control_system()), pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8))";

    /** A function, because what the server refuses would end the transaction in which it is asked. A standby refuses too, and is told apart: there nothing may be concluded. */
    static final String FUNCTION = """
            CREATE OR REPLACE FUNCTION mastodon_migration.identity() RETURNS text LANGUAGE plpgsql AS $identity$
            DECLARE
              run text := (%s);
            BEGIN
              RETURN concat_ws(' ', %s, run);
            EXCEPTION WHEN insufficient_privilege OR object_not_in_prerequisite_state OR feature_not_supported OR undefined_function THEN
              IF pg_catalog.pg_is_in_recovery() THEN
                RAISE;
              END IF;
              RETURN concat_ws(' ', 'untold', run);
            END
            $identity$""".formatted(CaptureRun.TEXT, OF_THE_SERVER);

    private SourceIdentity() {}

    static String of(Connection source) throws SQLException {
        return Query.string(source, "SELECT mastodon_migration.identity()");
    }

    /** Whether the source's session reads the server that the target's positions are of: what a session left on a lost primary reads counts for nothing. */
    static boolean isOneThatIsFollowed(Connection source, Connection target) throws SQLException {
        return Query.isTrue(target, "SELECT EXISTS (SELECT FROM mastodon_migration.live WHERE identity = ?)", of(source));
    }

    /** Asks before anything of ours is there; outside of a transaction. */
    static boolean isTold(Connection source) throws SQLException {
        try {
            Query.string(source, "SELECT " + OF_THE_SERVER);
            return true;
        } catch (SQLException e) {
            if (!REFUSED.contains(e.getSQLState())) {
                throw e;
            }
            return false;
        }
    }
}
