package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.TableSum;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Proves rows equal while both sides go on: the target is read at its position, the source in a later snapshot, and keys logged between the two are
 * left out of both. Rows that differ are logged on the source as if they had changed, so that the next round repairs them.
 */
final class Proof {
    /** @param differing keys by column; empty when equal */
    record Result(long rows, List<List<String>> differing, boolean isConclusive) {
        boolean isEqual() {
            return isConclusive && differing.isEmpty();
        }
    }

    private static final int MOST_BUCKETS = 16;
    private static final int BATCH = 2000;
    /** Keys held in memory: a statement that changes millions is applied first, and proved after. */
    private static final int MOST_PENDING = 50_000;
    private static final int MOST_TOUCHED = 50_000;
    private static final String BUCKET = "('x' || left(md5(key::text), 2))::bit(8)::int";

    private final Connection source;
    private final Connection target;
    private final Tree tree;

    Proof(Connection source, Connection target, Tree tree) {
        this.source = source;
        this.target = target;
        this.tree = tree;
    }

    /** @param condition on the rows {@code t} that are read, which pending keys among them must meet too; empty for all */
    private Result reading(String condition, Reading reading) throws SQLException {
        target.setAutoCommit(false);
        try {
            Query.run(target, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            var position = Query.string(target, "SELECT position FROM mastodon_migration.live_tree WHERE id = ?", tree.id());
            LiveSessions.reading(source);
            if (!SourceIdentity.isOneThatIsFollowed(source, target) || !Ledger.mark(target).isOn(source)
                    || Query.isTrue(source, "SELECT EXISTS (SELECT FROM " + tree.log() + " WHERE op = 't' AND " + Tree.since(position) + ")")) {
                return new Result(0, List.of(), false);
            }
            var columns = tree.key().stream().map(key -> "d.k" + (tree.key().indexOf(key) + 1) + " AS " + key.column()).collect(Collectors.joining(", "));
            var pending = keys(source, "(SELECT d.* FROM (" + tree.keysSince(position) + ") d CROSS JOIN LATERAL (SELECT " + columns + ") t WHERE true" + condition
                    + " LIMIT " + (MOST_PENDING + 1) + ") d");
            if (pending.size() > MOST_PENDING) {
                return new Result(0, List.of(), false);
            }
            var result = reading.read(pending);
            if (!pending.isEmpty()) {
                // What was left out comes back with its round, if the source does not lose that it changed.
                Watermark.write(source);
                source.commit();
            }
            target.commit();
            return result;
        } finally {
            if (!source.isClosed()) {
                LiveSessions.end(source);
            }
            if (!target.isClosed()) {
                LiveSessions.end(target);
            }
        }
    }

    @FunctionalInterface
    private interface Reading {
        Result read(List<List<String>> pending) throws SQLException;
    }

    /** Proves a range of one member. */
    Result range(Tree.Member member, String condition) throws SQLException {
        return confirmed(reading(condition, pending -> compareRange(member, condition, pending)), condition);
    }

    /** Proves all keys that rounds brought over since their last proof; those of pending changes come back with their round. */
    Result touched() throws SQLException {
        var result = reading("", pending -> {
            var batch = "(SELECT * FROM " + tree.touched() + " ORDER BY seq LIMIT " + MOST_TOUCHED + ") batch";
            var last = Query.number(target, "SELECT coalesce(max(seq), 0) FROM " + batch);
            var keys = keys(target, "(SELECT DISTINCT " + tree.logColumns() + " FROM " + batch + ") d");
            keys.removeAll(new java.util.HashSet<>(pending));
            var differing = new ArrayList<List<String>>();
            for (var from = 0; from < keys.size(); from += BATCH) {
                differing.addAll(compareKeys(keys.subList(from, Math.min(keys.size(), from + BATCH))));
            }
            if (differing.isEmpty()) {
                Query.update(target, "DELETE FROM " + tree.touched() + " WHERE seq <= ?", last);
            }
            return new Result(keys.size(), differing, true);
        });
        return confirmed(result, "");
    }

    /**
     * A second look, before anything is called different: a log pruned, or a table truncated, just while both sides were read, looks like a
     * difference too. Only what differs twice is repaired; what does not is to be proved again.
     */
    private Result confirmed(Result first, String condition) throws SQLException {
        if (first.differing().isEmpty()) {
            return first;
        }
        var second = reading(condition, pending -> {
            var keys = new ArrayList<>(first.differing());
            keys.removeAll(new java.util.HashSet<>(pending));
            var differing = new ArrayList<List<String>>();
            for (var from = 0; from < keys.size(); from += BATCH) {
                differing.addAll(compareKeys(keys.subList(from, Math.min(keys.size(), from + BATCH))));
            }
            return new Result(first.rows(), differing, false);
        });
        repair(second, place(condition));
        return second;
    }

    /** Without the AND that it begins with. */
    private static String place(String condition) {
        return condition.replaceFirst("^ AND ", "");
    }

    private void repair(Result result, String place) throws SQLException {
        for (var from = 0; from < result.differing().size(); from += BATCH) {
            var keys = result.differing().subList(from, Math.min(result.differing().size(), from + BATCH));
            Query.update(source, "INSERT INTO " + tree.log() + " SELECT pg_current_xact_id(), 'k', " + tree.logColumns() + " FROM " + tree.unnested() + " d",
                    arrays(keys));
        }
        if (!result.differing().isEmpty()) {
            Repairs.remember(target, tree, place, result.differing());
        }
    }

    private Result compareRange(Tree.Member member, String condition, List<List<String>> pending) throws SQLException {
        var without = pending.isEmpty() ? "" : " AND NOT EXISTS (SELECT FROM " + tree.unnested() + " d WHERE " + tree.matches("t", "d") + ")";
        var arguments = pending.isEmpty() ? new Object[0] : arrays(pending);
        var rows = "(SELECT " + keyRow() + " AS key, " + keyTexts() + ", " + member.hash("t") + " AS hash FROM ONLY " + member.name() + " t WHERE true" + condition
                + without + " OFFSET 0) hashes";
        var there = sum(source, rows, arguments);
        if (there.equals(sum(target, rows, arguments))) {
            return new Result(there.rows(), List.of(), true);
        }
        var unequal = new ArrayList<String>();
        var theirs = buckets(source, rows, arguments);
        var ours = buckets(target, rows, arguments);
        var all = new TreeSet<>(theirs.keySet());
        all.addAll(ours.keySet());
        all.stream().filter(bucket -> !theirs.getOrDefault(bucket, TableSum.NONE).equals(ours.getOrDefault(bucket, TableSum.NONE))).limit(MOST_BUCKETS)
                .forEach(bucket -> unequal.add(String.valueOf(bucket)));
        var some = rows + " WHERE " + BUCKET + " IN (" + String.join(", ", unequal) + ")";
        return new Result(there.rows(), differing(hashes(source, some, arguments), hashes(target, some, arguments)), true);
    }

    private List<List<String>> compareKeys(List<List<String>> keys) throws SQLException {
        var differing = new ArrayList<List<String>>();
        for (var store : tree.stores()) {
            var rows = "(SELECT " + keyTexts() + ", " + store.hash("t") + " AS hash FROM " + tree.unnested() + " d JOIN " + tree.from(store) + " t ON "
                    + tree.matches("t", "d") + ") hashes";
            differing.addAll(differing(hashes(source, rows, arrays(keys)), hashes(target, rows, arrays(keys))));
        }
        return differing;
    }

    private static List<List<String>> differing(Map<List<String>, String> there, Map<List<String>, String> here) {
        var keys = new java.util.LinkedHashSet<>(there.keySet());
        keys.addAll(here.keySet());
        keys.removeIf(key -> there.containsKey(key) && there.get(key).equals(here.get(key)));
        return List.copyOf(keys);
    }

    private String keyRow() {
        return "ROW(" + String.join(", ", tree.key().stream().map(key -> "t." + key.column()).toList()) + ")";
    }

    private String keyTexts() {
        var texts = new ArrayList<String>();
        for (var key : tree.key()) {
            texts.add("t." + key.column() + "::text AS c" + (texts.size() + 1));
        }
        return String.join(", ", texts);
    }

    private static TableSum sum(Connection session, String rows, Object[] arguments) throws SQLException {
        return Query.one(session, "SELECT count(*), coalesce(sum(" + TableSum.half("left") + "), 0), coalesce(sum(" + TableSum.half("right") + "), 0) FROM "
                + rows, row -> new TableSum(row.getLong(1), row.getBigDecimal(2), row.getBigDecimal(3)), arguments);
    }

    private static Map<Integer, TableSum> buckets(Connection session, String rows, Object[] arguments) throws SQLException {
        var found = new HashMap<Integer, TableSum>();
        Query.list(session, "SELECT " + BUCKET + ", count(*), sum(" + TableSum.half("left") + "), sum(" + TableSum.half("right") + ") FROM " + rows
                + " GROUP BY 1", row -> found.put(row.getInt(1), new TableSum(row.getLong(2), row.getBigDecimal(3), row.getBigDecimal(4))), arguments);
        return found;
    }

    private Map<List<String>, String> hashes(Connection session, String rows, Object[] arguments) throws SQLException {
        var found = new HashMap<List<String>, String>();
        var width = tree.key().size();
        var names = new ArrayList<String>();
        for (var i = 1; i <= width; i++) {
            names.add("c" + i);
        }
        // Heirs may hold a key more than once: all its rows together must be equal.
        Query.list(session, "SELECT " + String.join(", ", names) + ", string_agg(hash, '' ORDER BY hash) FROM " + rows + " GROUP BY "
                + String.join(", ", names), row -> {
            var key = new ArrayList<String>();
            for (var i = 1; i <= width; i++) {
                key.add(row.getString(i));
            }
            return found.put(key, row.getString(width + 1));
        }, arguments);
        return found;
    }

    private List<List<String>> keys(Connection session, String from) throws SQLException {
        var width = tree.key().size();
        var texts = new ArrayList<String>();
        for (var i = 1; i <= width; i++) {
            texts.add("d.k" + i + "::text");
        }
        return Query.list(session, "SELECT " + String.join(", ", texts) + " FROM " + from, row -> {
            List<String> key = new ArrayList<>();
            for (var i = 1; i <= width; i++) {
                key.add(row.getString(i));
            }
            return key;
        });
    }

    private Object[] arrays(List<List<String>> keys) {
        var arrays = new Object[tree.key().size()];
        for (var i = 0; i < arrays.length; i++) {
            var column = i;
            arrays[i] = keys.stream().map(key -> key.get(column)).toList();
        }
        return arrays;
    }
}
