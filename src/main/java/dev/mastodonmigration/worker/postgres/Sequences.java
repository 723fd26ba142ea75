package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Carries every sequence over, owned or not: Mastodon's {@code timestamp_id()} takes its ids from unowned ones, and a sequence that is
 * behind gives the id of an existing post to a new one.
 */
final class Sequences {
    /** Where a sequence stands: {@code called} when {@code last} has been given out. */
    record Position(long last, boolean called, long increment) {
        boolean isBehind(Position other) {
            var steps = Long.signum(increment) * Long.compare(last, other.last);
            return steps < 0 || steps == 0 && other.called && !called;
        }
    }

    private static final String NAMES = "SELECT format('%I.%I', n.nspname, c.relname), s.seqincrement FROM pg_class c JOIN pg_namespace n ON n.oid = "
            + "c.relnamespace"
            + " JOIN pg_sequence s ON s.seqrelid = c.oid WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND " + Table.USER_SCHEMA
            + " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') ORDER BY 1";

    private Sequences() {}

    static Map<String, Position> read(Connection connection) throws SQLException {
        var positions = new TreeMap<String, Position>();
        for (var sequence : Query.list(connection, NAMES, row -> Map.entry(row.getString(1), row.getLong(2)))) {
            positions.put(sequence.getKey(), Query.one(connection, "SELECT last_value, is_called FROM " + sequence.getKey(),
                    row -> new Position(row.getLong(1), row.getBoolean(2), sequence.getValue())));
        }
        return positions;
    }

    static void copy(Connection source, Connection target) throws SQLException {
        for (var sequence : read(source).entrySet()) {
            Query.list(target, "SELECT setval(?::regclass, ?, ?)", row -> row.getLong(1), sequence.getKey(), sequence.getValue().last(),
                    sequence.getValue().called());
        }
    }

    /** Each sequence that is missing on the target or would give out values that the source has given. */
    static List<String> differences(Connection source, Connection target) throws SQLException {
        var there = read(target);
        var differences = new ArrayList<String>();
        for (var sequence : read(source).entrySet()) {
            var other = there.get(sequence.getKey());
            if (other == null) {
                differences.add("sequence " + sequence.getKey() + " is missing on the target");
            } else if (other.isBehind(sequence.getValue())) {
                differences.add("sequence " + sequence.getKey() + " is at " + other.last() + " on the target, behind " + sequence.getValue().last()
                        + " on the source");
            }
        }
        return differences;
    }
}
