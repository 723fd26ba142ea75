package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Redaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A session of another on the source's database. What it asks is never read: users' posts are in it.
 *
 * @param name    its application_name; empty where it has none, as Mastodon's own since 4.2. Postgres tells it to everybody
 * @param address empty for a local one, or where it may not be seen
 * @param state   Postgres's word; empty where it may not be seen
 * @param seconds for how long it has been in that state
 */
record SourceSession(String name, String address, String state, long seconds) {
    /** What a role may not see of another's session, its backend_type among it, is null: such a session counts. The platform's own superusers do not. */
    private static final String OTHERS = """
            SELECT coalesce(a.application_name, ''), coalesce(host(a.client_addr), ''), coalesce(a.state, ''), coalesce(extract(epoch FROM clock_timestamp() - a.state_change)::bigint, 0)
            FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
            WHERE a.datname = current_database() AND coalesce(a.backend_type, 'client backend') = 'client backend' AND NOT r.rolsuper
              AND coalesce(a.application_name, '') NOT LIKE 'mastodon-migration%' AND a.pid <> pg_backend_pid()
            ORDER BY a.backend_start""";
    /**
     * Mastodon calls none of its sessions anything (config/database.yml and streaming/database.js: application_name is '', mastodon#23958); before that, and in a fork, the pg gem takes what the program is called
     * (lib/pg/connection.rb, fallback_application_name).
     */
    private static final Pattern MASTODONS = Pattern.compile("(?:|(?:.*/)?(?:puma|sidekiq|rails|rake|tootctl|ruby|bundle|irb|spring|node|streaming|mastodon)\\b.*)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    static List<SourceSession> ofOthers(Connection source) throws SQLException {
        return Query.list(source, OTHERS, row -> new SourceSession(Redaction.strike(row.getString(1)), row.getString(2), row.getString(3), row.getLong(4)));
    }

    /** Whether its name says that it is no process of the instance. One without a name may be anybody's. */
    boolean isOfAnotherProgram() {
        return !MASTODONS.matcher(name).matches();
    }

    String words() {
        return (!name.isEmpty() ? name : state.isEmpty() ? "one that this user may not look into" : "one without a name") + (address.isEmpty() ? "" : " from " + address) + (state.isEmpty() ? "" : ", " + state + " for " + seconds + " s");
    }
}
