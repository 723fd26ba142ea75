package dev.mastodonmigration.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import redis.clients.jedis.Jedis;

/** Holds the ledger against the databases that serve now: the one judge of "writes lost". Writers and Sidekiq must be still meanwhile. */
public final class LedgerCheck {
    /** For each table of the ledger: all that live users may have written there, as key and value. */
    private static final Map<String, String> ROWS = Map.of(
            LiveTables.STATUSES, "SELECT uri, text FROM statuses WHERE uri LIKE '" + LiveTables.URI_PREFIX + "%'",
            LiveTables.FAVOURITES, "SELECT s.uri || '#' || f.account_id, 'yes' FROM favourites f JOIN statuses s ON s.id = f.status_id WHERE s.uri LIKE '" + LiveTables.URI_PREFIX + "%'",
            LiveTables.MENTIONS, "SELECT s.uri || '#' || m.account_id, 'yes' FROM mentions m JOIN statuses s ON s.id = m.status_id WHERE s.uri LIKE '" + LiveTables.URI_PREFIX + "%'",
            LiveTables.STATUSES_TAGS, "SELECT s.uri || '#' || t.tag_id, 'yes' FROM statuses_tags t JOIN statuses s ON s.id = t.status_id WHERE s.uri LIKE '" + LiveTables.URI_PREFIX + "%'",
            LiveTables.FOLLOWS, "SELECT account_id || '>' || target_account_id, 'yes' FROM follows",
            LiveTables.DELIVERIES, "SELECT jid, 'done' FROM deliveries");
    private static final Pattern JID = Pattern.compile("\"jid\":\"([0-9a-f]+)\"");

    /** Values that a key may have in the end: the last acknowledged one, or one that was tried after it. */
    private record Expectation(boolean acknowledged, Set<Optional<String>> allowed) {}

    private LedgerCheck() {}

    /**
     * Every acknowledged write that is not there.
     *
     * @return one line for each loss, naming table and key; empty when nothing is lost
     */
    public static List<String> losses(Ledger ledger, Connection postgres, Jedis redis) throws SQLException {
        var expectations = expectations(ledger.entries());
        var losses = new ArrayList<String>();
        for (var table : expectations.entrySet()) {
            var present = switch (table.getKey()) {
                case Ledger.FEED -> feeds(redis, table.getValue().keySet());
                case Ledger.JOB -> jobs(postgres, redis);
                default -> rows(postgres, table.getKey());
            };
            table.getValue().forEach((key, expectation) -> {
                var found = Optional.ofNullable(present.get(key));
                if (expectation.acknowledged() && !expectation.allowed().contains(found)) {
                    losses.add(describe(table.getKey(), key, expectation, found));
                }
            });
        }
        return losses;
    }

    private static String describe(String table, String key, Expectation expectation, Optional<String> found) {
        if (table.equals(Ledger.JOB)) {
            return "job " + key + " was acknowledged, but it was neither executed nor is it in a queue, retry or schedule";
        }
        if (found.isEmpty()) {
            return table + " " + key + " was acknowledged, but is missing";
        }
        return table + " " + key + (expectation.allowed().contains(Optional.<String>empty()) ? " was deleted, but is there" : " has another value than the acknowledged one");
    }

    private static Map<String, Map<String, Expectation>> expectations(List<Ledger.Entry> entries) {
        var byTable = new LinkedHashMap<String, Map<String, Expectation>>();
        for (var entry : entries) {
            var keys = byTable.computeIfAbsent(entry.write().table(), table -> new LinkedHashMap<>());
            var before = keys.getOrDefault(entry.write().key(), new Expectation(false, Set.of()));
            keys.put(entry.write().key(), after(before, entry));
        }
        return byTable;
    }

    private static Expectation after(Expectation before, Ledger.Entry entry) {
        if (entry.kind() == Ledger.Kind.ACKNOWLEDGED) {
            return new Expectation(true, Set.of(entry.write().value()));
        }
        var allowed = new HashSet<>(before.allowed());
        allowed.add(entry.write().value());
        return new Expectation(before.acknowledged(), allowed);
    }

    private static Map<String, String> rows(Connection postgres, String table) throws SQLException {
        var found = new HashMap<String, String>();
        try (var statement = postgres.createStatement(); var rows = statement.executeQuery(ROWS.get(table))) {
            while (rows.next()) {
                found.put(rows.getString(1), Ledger.digest(rows.getString(2)));
            }
        }
        return found;
    }

    private static Map<String, String> feeds(Jedis redis, Set<String> keys) {
        var found = new HashMap<String, String>();
        for (var key : keys) {
            var parts = key.split("#");
            if (redis.zscore(parts[0], parts[1]) != null) {
                found.put(key, Ledger.digest("yes"));
            }
        }
        return found;
    }

    /** Jobs that were executed (their effect is in Postgres) or wait in Redis. */
    private static Map<String, String> jobs(Connection postgres, Jedis redis) throws SQLException {
        var found = new HashMap<String, String>();
        rows(postgres, LiveTables.DELIVERIES).keySet().forEach(jid -> found.put(jid, Ledger.digest("queued")));
        var payloads = new ArrayList<String>();
        for (var queue : redis.smembers("queues")) {
            payloads.addAll(redis.lrange("queue:" + queue, 0, -1));
        }
        for (var set : List.of("schedule", "retry", "dead")) {
            payloads.addAll(redis.zrange(set, 0, -1));
        }
        for (var payload : payloads) {
            var jid = JID.matcher(payload);
            if (jid.find()) {
                found.put(jid.group(1), Ledger.digest("queued"));
            }
        }
        return found;
    }
}
