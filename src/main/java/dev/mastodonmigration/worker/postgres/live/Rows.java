package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;

/** Copies the rows of one table, or a part of them, within the transactions of the two sessions. */
final class Rows {
    private Rows() {}

    /** Answers how many rows; the condition begins with AND and names rows {@code t}. */
    static long copy(Connection source, Connection target, String from, Tree.Member member, String condition) throws SQLException {
        if (member.columns().isEmpty()) {
            // COPY has no way to write rows without columns.
            return Query.update(target, "INSERT INTO " + member.name() + " SELECT FROM generate_series(1, ?)",
                    Query.number(source, "SELECT count(*) FROM " + from));
        }
        var out = condition.isEmpty() && from.startsWith("ONLY ") ? member.name() + " (" + member.list() + ")"
                : "(SELECT " + member.list() + " FROM " + from + " t WHERE true" + condition + ")";
        return CopyPipe.rows(source, "COPY " + out + " TO STDOUT " + member.format(), target, "COPY " + member.name() + " (" + member.list() + ") FROM STDIN "
                + member.format());
    }
}
