package dev.mastodonmigration.embedded;

import dev.mastodonmigration.embedded.Ledger.Write;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import redis.clients.jedis.Jedis;

/**
 * One user of the instance: posts, edits, favourites, follows and deletes, only ever touching what it posted itself, so that the order of
 * its writes is known. What was not acknowledged it leaves alone from then on: nobody knows what became of it.
 */
final class UserClient {
    private static final String YES = "yes";
    private static final String[] WORDS = {"🦣", "toot", "back\\slash", "\\N", "naïve", "日本語", "'quoted\"", "line\nbreak", "tab\there"};

    /** What a request is going to do, and what is promised when it is acknowledged. */
    record Intent(List<Write> writes, WebProcess.Request request, Runnable onAcknowledged, Runnable onUnknown) {}

    private record Post(String uri, long id, List<Write> parts) {}

    private final long account;
    private final List<Long> others;
    private final List<Long> tags;
    private final String name;
    private final Random random;
    private final List<Post> posts = new ArrayList<>();
    private int count;

    UserClient(String name, long account, List<Long> others, List<Long> tags, long seed) {
        this.name = name;
        this.account = account;
        this.others = others;
        this.tags = tags;
        this.random = new Random(seed);
    }

    /** What this user does next. */
    Intent next() {
        var dice = random.nextInt(100);
        if (posts.size() < 3 || dice < 50) {
            return post();
        }
        var post = posts.get(random.nextInt(posts.size()));
        if (dice < 70) {
            return edit(post);
        }
        if (dice < 82) {
            return favourite(post);
        }
        return dice < 92 ? follow() : delete(post);
    }

    private Intent post() {
        var uri = LiveTables.URI_PREFIX + name + "/" + ++count;
        var text = text();
        var tag = tags.get(random.nextInt(tags.size()));
        var mentioned = other();
        var jid = jid();
        var due = random.nextInt(10) == 0 ? later(jid) : Instant.now();
        var id = new long[1];
        var writes = List.of(
                Write.put(LiveTables.STATUSES, uri, text),
                Write.put(LiveTables.STATUSES_TAGS, uri + "#" + tag, YES),
                Write.put(LiveTables.MENTIONS, uri + "#" + mentioned, YES),
                Write.put(Ledger.FEED, feed() + "#" + uri, YES),
                Write.job(jid, due));
        return new Intent(writes, (postgres, redis, sidekiqRedis) -> {
            id[0] = insertStatus(postgres, uri, text);
            execute(postgres, "INSERT INTO statuses_tags (status_id, tag_id) VALUES (?, ?)", id[0], tag);
            execute(postgres, "INSERT INTO mentions (status_id, account_id) VALUES (?, ?)", id[0], mentioned);
            postgres.commit();
            redis.zadd(feed(), id[0], uri);
            redis.incr("activity:statuses:local:" + Instant.now().getEpochSecond() / 604800);
            redis.setex("cache:status:" + id[0], 600, text);
            enqueue(sidekiqRedis, jid, uri, due);
        }, () -> posts.add(new Post(uri, id[0], writes.subList(0, 4))), () -> { });
    }

    private Intent edit(Post post) {
        var text = text();
        var jid = jid();
        var due = Instant.now();
        return new Intent(List.of(Write.put(LiveTables.STATUSES, post.uri(), text), Write.job(jid, due)), (postgres, redis, sidekiqRedis) -> {
            exactlyOne(post, execute(postgres, "UPDATE statuses SET text = ?, edited_at = now(), updated_at = now() WHERE id = ?", text, post.id()));
            postgres.commit();
            enqueue(sidekiqRedis, jid, post.uri(), due);
        }, () -> { }, () -> posts.remove(post));
    }

    private Intent favourite(Post post) {
        var by = other();
        var write = Write.put(LiveTables.FAVOURITES, post.uri() + "#" + by, YES);
        return new Intent(List.of(write), (postgres, redis, sidekiqRedis) -> {
            execute(postgres, "INSERT INTO favourites (status_id, account_id, created_at) VALUES (?, ?, now()) ON CONFLICT DO NOTHING", post.id(), by);
            postgres.commit();
        }, () -> replace(post, write), () -> posts.remove(post));
    }

    private void replace(Post post, Write part) {
        var parts = new ArrayList<>(post.parts());
        parts.add(part);
        posts.set(posts.indexOf(post), new Post(post.uri(), post.id(), parts));
    }

    private Intent follow() {
        var target = other();
        var key = account + ">" + target;
        if (random.nextBoolean()) {
            return new Intent(List.of(Write.put(LiveTables.FOLLOWS, key, YES)), (postgres, redis, sidekiqRedis) -> {
                execute(postgres, "INSERT INTO follows (account_id, target_account_id, created_at) VALUES (?, ?, now()) ON CONFLICT DO NOTHING", account, target);
                postgres.commit();
            }, () -> { }, () -> { });
        }
        return new Intent(List.of(Write.delete(LiveTables.FOLLOWS, key)), (postgres, redis, sidekiqRedis) -> {
            execute(postgres, "DELETE FROM follows WHERE account_id = ? AND target_account_id = ?", account, target);
            postgres.commit();
        }, () -> { }, () -> { });
    }

    private Intent delete(Post post) {
        var jid = jid();
        var due = Instant.now();
        var writes = new ArrayList<>(post.parts().stream().map(part -> Write.delete(part.table(), part.key())).distinct().toList());
        writes.add(Write.job(jid, due));
        return new Intent(writes, (postgres, redis, sidekiqRedis) -> {
            exactlyOne(post, execute(postgres, "DELETE FROM statuses WHERE id = ?", post.id()));
            postgres.commit();
            redis.zrem(feed(), post.uri());
            redis.del("cache:status:" + post.id());
            enqueue(sidekiqRedis, jid, post.uri(), due);
        }, () -> posts.remove(post), () -> posts.remove(post));
    }

    private long insertStatus(Connection postgres, String uri, String text) throws SQLException {
        try (var insert = postgres.prepareStatement("INSERT INTO statuses (uri, text, account_id, local) VALUES (?, ?, ?, true) RETURNING id")) {
            insert.setString(1, uri);
            insert.setString(2, text);
            insert.setLong(3, account);
            try (var row = insert.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private static int execute(Connection postgres, String sql, Object... values) throws SQLException {
        try (var statement = postgres.prepareStatement(sql)) {
            for (var i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            return statement.executeUpdate();
        }
    }

    /** A user who no longer finds an acknowledged post does not call the next request a success. */
    private static void exactlyOne(Post post, int rows) {
        if (rows != 1) {
            throw new IllegalStateException("the acknowledged post " + post.uri() + " is not there");
        }
    }

    /** Half of what is put off is due within a minute, so that it comes due while the instance moves; the rest within an hour. */
    private static Instant later(String jid) {
        var hash = Math.floorMod(jid.hashCode(), 7200);
        return Instant.now().plusSeconds(5 + (hash % 2 == 0 ? hash % 60 : hash / 2));
    }

    private static void enqueue(Jedis redis, String jid, String uri, Instant due) {
        var now = Instant.now();
        var payload = "{\"class\":\"ActivityPub::DeliveryWorker\",\"queue\":\"default\",\"args\":[\"" + uri + "\"],\"retry\":16,\"jid\":\"" + jid
                + "\",\"created_at\":" + seconds(now) + ",\"enqueued_at\":" + seconds(now) + "}";
        redis.sadd("queues", "default");
        if (due.isAfter(now)) {
            redis.zadd("schedule", seconds(due), payload);
        } else {
            redis.lpush("queue:default", payload);
        }
    }

    private static double seconds(Instant moment) {
        return moment.toEpochMilli() / 1000.0;
    }

    private String feed() {
        return feed(account);
    }

    static String feed(long account) {
        return "feed:home:" + account;
    }

    private Long other() {
        return others.get(random.nextInt(others.size()));
    }

    private String text() {
        return random.ints(1 + random.nextInt(30), 0, WORDS.length).mapToObj(i -> WORDS[i]).reduce((a, b) -> a + " " + b).orElseThrow() + " " + random.nextLong();
    }

    private String jid() {
        return String.format("%016x%08x", random.nextLong(), random.nextInt());
    }
}
