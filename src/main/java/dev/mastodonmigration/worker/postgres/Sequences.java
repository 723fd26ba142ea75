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
public final class Sequences {
    /** Where a sequence stands: {@code called} when {@code last} has been given out. */
    public record Position(long last, boolean called, long increment) {
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

    public static Map<String, Position> read(Connection connection) throws SQLException {
        var positions = new TreeMap<String, Position>();
        // In two round trips, however many there are: an instance is down meanwhile.
        var read = Query.list(connection, NAMES, row -> "SELECT '" + row.getString(1).replace("'", "''") + "', last_value, is_called, " + row.getLong(2) + " FROM " + row.getString(1));
        if (!read.isEmpty()) {
            Query.list(connection, String.join(" UNION ALL ", read), row -> positions.put(row.getString(1), new Position(row.getLong(2), row.getBoolean(3), row.getLong(4))));
        }
        return positions;
    }

    public static void copy(Connection source, Connection target) throws SQLException {
        for (var sequence : read(source).entrySet()) {
            Query.list(target, "SELECT setval(?::regclass, ?, ?)", row -> row.getLong(1), sequence.getKey(), sequence.getValue().last(),
                    sequence.getValue().called());
        }
    }

    /** Sets every sequence some steps ahead of the source's, as far as its bounds allow, in one statement. */
    public static void copyAhead(Connection source, Connection target, int steps) throws SQLException {
        var names = new ArrayList<String>();
        var last = new ArrayList<String>();
        var called = new ArrayList<String>();
        read(source).forEach((name, position) -> {
            names.add(name);
            last.add(String.valueOf(position.last()));
            called.add(String.valueOf(position.called()));
        });
        Query.list(target, """
                SELECT setval(given.name::regclass, CASE WHEN NOT given.called::boolean THEN given.last::bigint
                  ELSE greatest(s.seqmin, least(s.seqmax, given.last::numeric + s.seqincrement::numeric * ?))::bigint END, given.called::boolean)
                FROM unnest(?::text[], ?::text[], ?::text[]) AS given(name, last, called) JOIN pg_sequence s ON s.seqrelid = given.name::regclass""",
                row -> row.getLong(1), steps, names, last, called);
    }

    /** Each sequence that is missing on the target or would give out values that the source has given. */
    public static List<String> differences(Connection source, Connection target) throws SQLException {
        return differences(source, Side.SOURCE, target, Side.TARGET);
    }

    /** As {@link #differences(Connection, Connection)}, where the one that was read and the one that was written are these. */
    public static List<String> differences(Connection source, Side read, Connection target, Side written) throws SQLException {
        var there = read(target);
        var differences = new ArrayList<String>();
        for (var sequence : read(source).entrySet()) {
            var other = there.get(sequence.getKey());
            if (other == null) {
                differences.add("sequence " + sequence.getKey() + " is missing on the " + written);
            } else if (other.isBehind(sequence.getValue())) {
                differences.add("sequence " + sequence.getKey() + " is at " + other.last() + " on the " + written + ", behind " + sequence.getValue().last()
                        + " on the " + read);
            }
        }
        return differences;
    }
}
