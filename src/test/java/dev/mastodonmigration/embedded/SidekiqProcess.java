package dev.mastodonmigration.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * One Sidekiq, as far as a migration sees it (research/redis.md §4): BRPOP, so that a job being executed is in memory alone; a
 * heartbeat with a time to live; quiet by signal key; on SIGTERM it fetches no more, and pushes back what it did not begin.
 */
final class SidekiqProcess implements AutoCloseable {
    private static final int EXECUTORS = 2;
    private static final double FETCH_SECONDS = 0.5;
    /** Sidekiq's is 10 s; shorter here, so that tests of quieting do not wait. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);
    private static final Pattern JID = Pattern.compile("\"jid\":\"([0-9a-f]+)\"");
    private static final Pattern ARGS = Pattern.compile("\"args\":\\[\"([^\"]*)\"");

    /** An executor's connection: kept from job to job as Rails' pool does, and opened anew after it broke. */
    private static final class Database implements AutoCloseable {
        private final SiteEnvironment environment;
        private Optional<Connection> kept = Optional.empty();

        Database(SiteEnvironment environment) {
            this.environment = environment;
        }

        Connection connection() throws SQLException {
            if (kept.isEmpty()) {
                kept = Optional.of(environment.connect("sidekiq"));
            }
            return kept.get();
        }

        @Override
        public void close() {
            try {
                if (kept.isPresent()) {
                    kept.get().close();
                }
            } catch (SQLException alreadyBroken) {
                // Closed on this side in any case.
            }
            kept = Optional.empty();
        }
    }

    private final SiteEnvironment environment;
    private final Ledger ledger;
    private final String[] queues;
    private final String identity;
    private final Runnable onEnd;
    /** As Sidekiq 8 has it (lib/sidekiq/launcher.rb, to_data). */
    private final String info;
    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicInteger processed = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    /** Executors that may have a job in hand: between the look at {@link #quiet} and the end of the job. */
    private final AtomicInteger fetching = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean beats;
    private volatile boolean quiet;
    private volatile boolean stopped;

    private SidekiqProcess(SiteEnvironment environment, Ledger ledger, List<String> queues, String host, Runnable onEnd) {
        this.environment = environment;
        this.ledger = ledger;
        this.queues = queues.stream().map(queue -> "queue:" + queue).toArray(String[]::new);
        var nonce = new byte[6];
        ThreadLocalRandom.current().nextBytes(nonce);
        this.identity = host + ":4:" + HexFormat.of().formatHex(nonce);
        this.info = "{\"hostname\":\"" + host + "\",\"started_at\":" + now() + ",\"pid\":4,\"tag\":\"mastodon\",\"concurrency\":" + EXECUTORS + ",\"queues\":[" + queues.stream().map(queue -> "\"" + queue + "\"").collect(Collectors.joining(","))
                + "],\"weights\":[{}],\"labels\":[],\"identity\":\"" + identity + "\",\"version\":\"8.0.9\",\"embedded\":false}";
        this.onEnd = onEnd;
    }

    /**
     * Starts one that fetches at once.
     *
     * @param onEnd called when it was stopped and nothing of it runs any more
     */
    static SidekiqProcess start(SiteEnvironment environment, Ledger ledger, List<String> queues, String host, Runnable onEnd) {
        var process = new SidekiqProcess(environment, ledger, queues, host, onEnd);
        process.run("heartbeat", process::heartbeat);
        process.run("poller", process::poll);
        for (var i = 0; i < EXECUTORS; i++) {
            process.run("executor-" + i, process::execute);
        }
        return process;
    }

    private void run(String name, Runnable loop) {
        threads.add(Thread.ofPlatform().daemon().name("sidekiq-" + name).start(() -> {
            while (!stopped) {
                try {
                    loop.run();
                } catch (JedisException unreachable) {
                    failure.set(unreachable);
                    LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
                }
            }
        }));
    }

    /** TSTP: fetches no more, goes on living. */
    void quiet() {
        quiet = true;
    }

    /** What its readiness file says: its first heartbeat is in Redis. */
    boolean takesJobs() {
        return beats && !stopped;
    }

    /** Quiet, and no job in hand. */
    boolean isIdle() {
        return quiet && fetching.get() == 0;
    }

    void resume() {
        quiet = false;
    }

    private void heartbeat() {
        try (var redis = environment.connectSidekiqRedis()) {
            while (!stopped) {
                if ("TSTP".equals(redis.rpop(identity + "-signals"))) {
                    quiet();
                }
                flushCounts(redis);
                try (var beat = redis.multi()) {
                    beat.sadd("processes", identity);
                    beat.hset(identity, Map.of("info", info, "busy", String.valueOf(busy.get()), "beat", String.valueOf(now()), "rtt_us", "200", "quiet", String.valueOf(quiet), "rss", "200000"));
                    beat.expire(identity, 60);
                    beat.exec();
                }
                beats = true;
                LockSupport.parkNanos(HEARTBEAT.toNanos());
            }
        }
    }

    private static double now() {
        return Instant.now().toEpochMilli() / 1000.0;
    }

    /** Of jobs that were taken since the last heartbeat, those that failed among them. */
    private void flushCounts(Jedis redis) {
        count(redis, "stat:processed", processed.getAndSet(0));
        count(redis, "stat:failed", failed.getAndSet(0));
    }

    private static void count(Jedis redis, String key, long more) {
        if (more > 0) {
            redis.incrBy(key, more);
            redis.incrBy(key + ":" + LocalDate.now(ZoneOffset.UTC), more);
        }
    }

    /** Moves due jobs of the schedule and the retries to their queue. */
    private void poll() {
        try (var redis = environment.connectSidekiqRedis()) {
            while (!stopped) {
                for (var set : quiet ? List.<String>of() : List.of("schedule", "retry")) {
                    for (var payload : redis.zrangeByScore(set, 0, now())) {
                        requeue(redis, set, payload);
                    }
                }
                LockSupport.parkNanos(Duration.ofMillis(300).toNanos());
            }
        }
    }

    private static void requeue(Jedis redis, String set, String payload) {
        redis.eval("if redis.call('zrem', KEYS[1], ARGV[1]) == 1 then redis.call('lpush', KEYS[2], ARGV[1]) end", List.of(set, "queue:default"), List.of(payload));
    }

    private void execute() {
        try (var redis = environment.connectSidekiqRedis(); var postgres = new Database(environment)) {
            while (!stopped) {
                fetching.incrementAndGet();
                try {
                    var popped = quiet ? null : redis.brpop(FETCH_SECONDS, queues);
                    if (popped != null) {
                        handle(redis, postgres, popped.getKey(), popped.getValue());
                    }
                } finally {
                    fetching.decrementAndGet();
                }
                if (quiet) {
                    LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
                }
            }
        }
    }

    private void handle(Jedis redis, Database postgres, String queue, String payload) {
        if (stopped) {
            redis.rpush(queue, payload);
            return;
        }
        redis.hset(identity + ":work", Thread.currentThread().getName(), payload);
        busy.incrementAndGet();
        try {
            deliver(postgres, payload);
        } catch (SQLException broken) {
            failure.set(broken);
            failed.incrementAndGet();
            postgres.close();
            redis.zadd("retry", Instant.now().getEpochSecond() + 2, payload);
        } finally {
            processed.incrementAndGet();
            busy.decrementAndGet();
            redis.hdel(identity + ":work", Thread.currentThread().getName());
        }
    }

    private void deliver(Database postgres, String payload) throws SQLException {
        var jid = JID.matcher(payload);
        var args = ARGS.matcher(payload);
        if (!jid.find() || !args.find()) {
            return;
        }
        var write = List.of(Ledger.Write.put(LiveTables.DELIVERIES, jid.group(1), "done"));
        ledger.intend(write);
        try (var insert = postgres.connection().prepareStatement(
                "INSERT INTO deliveries (jid, what) VALUES (?, ?) ON CONFLICT (jid) DO UPDATE SET executions = deliveries.executions + 1")) {
            insert.setString(1, jid.group(1));
            insert.setString(2, args.group(1));
            insert.executeUpdate();
        }
        ledger.acknowledge(write);
    }

    /** What went wrong last, for the reader of a failed test. */
    Optional<Throwable> failure() {
        return Optional.ofNullable(failure.get());
    }

    /** SIGTERM: the jobs in hand are finished or pushed back before this returns. */
    @Override
    public void close() {
        stopped = true;
        threads.forEach(LockSupport::unpark);
        for (var thread : threads) {
            try {
                thread.join(Duration.ofSeconds(25));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        try (var redis = environment.connectSidekiqRedis()) {
            flushCounts(redis);
            redis.srem("processes", identity);
            redis.del(identity, identity + ":work", identity + "-signals");
        } catch (JedisException unreachable) {
            failure.set(unreachable);
        }
        if (threads.stream().noneMatch(Thread::isAlive)) {
            onEnd.run();
        }
    }
}
