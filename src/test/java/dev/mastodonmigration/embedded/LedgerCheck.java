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
import java.util.regex.Matcher;
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
     * @param sidekiqRedis where jobs are to be: the same server as {@code redis}, unless Sidekiq has its own
     * @return one line for each loss, naming table and key; empty when nothing is lost
     */
    public static List<String> losses(Ledger ledger, Connection postgres, Jedis redis, Jedis sidekiqRedis) throws SQLException {
        var expectations = expectations(ledger.entries());
        var losses = new ArrayList<String>();
        for (var table : expectations.entrySet()) {
            var present = switch (table.getKey()) {
                case Ledger.FEED -> feeds(redis, table.getValue().keySet());
                case Ledger.JOB -> jobs(postgres, sidekiqRedis, table.getValue());
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
        if (table.equals(Ledger.JOB) && found.isPresent()) {
            return "job " + key + " is not scheduled for the time that was acknowledged";
        }
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

    /** Jobs that ran on this database, or on the one that it was copied from. */
    static Set<String> executed(Connection postgres) throws SQLException {
        return rows(postgres, LiveTables.DELIVERIES).keySet();
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

    /** Jobs that wait in the schedule for their time, wait elsewhere in Redis, or were executed: then their effect is in Postgres. */
    private static Map<String, String> jobs(Connection postgres, Jedis redis, Map<String, Expectation> expected) throws SQLException {
        var found = new HashMap<String, String>();
        redis.zrangeWithScores("schedule", 0, -1)
                .forEach(job -> jid(job.getElement()).ifPresent(jid -> found.put(jid, String.valueOf(Math.round(job.getScore() * 1000)))));
        var elsewhere = new HashSet<>(executed(postgres));
        // The sets before the queues: a poller may just be moving a job from the one to the other.
        List.of("retry", "dead").forEach(set -> redis.zrange(set, 0, -1).forEach(job -> jid(job).ifPresent(elsewhere::add)));
        redis.smembers("queues").forEach(queue -> redis.lrange("queue:" + queue, 0, -1).forEach(job -> jid(job).ifPresent(elsewhere::add)));
        expected.forEach((jid, expectation) -> {
            if (elsewhere.contains(jid)) {
                expectation.allowed().stream().flatMap(Optional::stream).forEach(due -> found.put(jid, due));
            }
        });
        return found;
    }

    private static Optional<String> jid(String payload) {
        return Optional.of(JID.matcher(payload)).filter(Matcher::find).map(found -> found.group(1));
    }
}
