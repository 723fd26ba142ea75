package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Whoever writes with {@code session_replication_role = replica} fires no trigger and checks no foreign key of the instance; on RDS the master may set it. */
final class ReplicationRole {
    private static final String SETTING = "session_replication_role";
    private static final String OTHERS = """
            SELECT DISTINCT coalesce(quote_ident(r.rolname), 'every role of the database') FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
            CROSS JOIN LATERAL unnest(s.setconfig) one
            WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) AND one LIKE 'session_replication_role=%' AND one NOT LIKE '%=origin'
              AND r.rolname IS DISTINCT FROM current_user ORDER BY 1""";

    private ReplicationRole() {}

    static void look(Connection connection, Side side, List<String> blockers, List<String> notes) throws SQLException {
        var ours = Query.string(connection, "SELECT current_setting('" + SETTING + "')");
        if (!ours.equals("origin")) {
            var user = Query.string(connection, "SELECT quote_ident(current_user)");
            blockers.add("User " + user + " writes to the " + side + " database with " + SETTING + " = " + ours + ", so that no trigger fires and no foreign key is checked. ALTER ROLE " + user
                    + " RESET " + SETTING + ", also IN DATABASE " + Query.string(connection, "SELECT quote_ident(current_database())") + ", or the same for the database.");
        }
        var others = Query.strings(connection, OTHERS);
        if (!others.isEmpty()) {
            notes.add(String.join(", ", others) + " of the " + side + " database may write with " + SETTING + " set, which silences the instance's own triggers and foreign keys, and not ours; reset it unless you know why it is there");
        }
    }
}
