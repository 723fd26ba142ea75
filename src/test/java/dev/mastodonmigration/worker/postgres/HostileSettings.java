package dev.mastodonmigration.worker.postgres;

import java.sql.SQLException;
import java.util.List;

/** What an app's role may be set to, and no session of ours may care about. */
public final class HostileSettings {
    private static final List<String> HOSTILE = List.of("quote_all_identifiers = on", "standard_conforming_strings = off", "DateStyle = 'German, DMY'", "TimeZone = 'Asia/Kathmandu'", "IntervalStyle = 'sql_standard'",
            "bytea_output = 'escape'", "extra_float_digits = -5", "xmlbinary = 'hex'", "transform_null_equals = on", "array_nulls = off", "search_path = ''", "default_transaction_isolation = 'serializable'",
            "default_transaction_read_only = on", "enable_seqscan = off", "enable_hashjoin = off", "enable_nestloop = off", "statement_timeout = '2s'", "lock_timeout = '1ms'",
            "idle_in_transaction_session_timeout = '1s'");

    private HostileSettings() {}

    /** Sets them for the owners of both databases; others on these servers go on as they were. */
    public static TwoDatabases on(TwoDatabases world) throws SQLException {
        for (var setting : HOSTILE) {
            try (var source = world.sourceServer.superuser(world.source); var target = world.targetServer.superuser(world.target)) {
                Query.run(source, "ALTER ROLE " + TwoDatabases.OWNER + " IN DATABASE " + world.source + " SET " + setting);
                Query.run(target, "ALTER ROLE " + TwoDatabases.TARGET_OWNER + " IN DATABASE " + world.target + " SET " + setting);
            }
        }
        return world;
    }
}
