package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Rows that a proof found different, kept in the ledger so that whoever ends the migration can name them: repaired before the freeze or not, an admin
 * wants to know that something wrote where nothing should.
 */
final class Repairs {
    static final String TABLE = """
            CREATE TABLE mastodon_migration.live_repair (id bigserial PRIMARY KEY, root text NOT NULL, place text NOT NULL, rows bigint NOT NULL,
              keys text NOT NULL)""";
    private static final int NAMED = 10;

    private Repairs() {}

    /** @param place which part of the table was being proved, as a condition on its key; empty for single keys */
    static void remember(Connection target, Tree tree, String place, List<List<String>> keys) throws SQLException {
        Query.update(target, "WITH noted AS (INSERT INTO mastodon_migration.live_repair (root, place, rows, keys) VALUES (?, ?, ?, ?)) "
                + "UPDATE mastodon_migration.live SET repairs = repairs + ?", tree.root(), tree.primary() ? place : "", (long) keys.size(), named(tree, keys),
                (long) keys.size());
    }

    /** The first ten keys; only of a primary key, because another unique key may be a token, which no message may show. */
    static String named(Tree tree, List<List<String>> keys) {
        return tree.primary() ? "(" + tree.keyColumns() + ") = " + String.join(", ", keys.stream().limit(NAMED).map(key -> "(" + String.join(", ", key) + ")").toList())
                : "it has no primary key to name rows by";
    }

    /** One note a table, with the part and the keys that were found first. */
    static List<String> told(Connection target) throws SQLException {
        return Query.strings(target, """
                SELECT format('table %s: %s rows differed before the freeze and were repaired, first%s %s', root, sum(rows),
                  (array_agg(CASE place WHEN '' THEN '' ELSE ' where ' || place || ':' END ORDER BY id))[1], (array_agg(keys ORDER BY id))[1])
                FROM mastodon_migration.live_repair GROUP BY root ORDER BY root""");
    }
}
