package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import redis.clients.jedis.Jedis;

/** The source's Redis that hold keys to be moved: one, or the main one and Sidekiq's own. */
final class RedisSources implements AutoCloseable {
    /** @param processes the Sidekiqs that run there */
    record One(RedisSide side, Jedis jedis, SidekiqProcessKeys processes) {
        One(RedisSide side, Jedis jedis) {
            this(side, jedis, SidekiqProcessKeys.on(jedis));
        }
    }

    private static final int NAMED = 5;

    private final List<One> all;

    private RedisSources(List<One> all) {
        this.all = all;
    }

    /** @param scope what is to be moved: jobs are where Sidekiq has them, and nowhere else */
    static RedisSources open(WorkerContext context, KeyScope scope) throws Refusal, IOException {
        return open(context, scope == KeyScope.JOBS ? List.of(RedisSide.ofSidekiq(context)) : RedisSide.sources(context));
    }

    /** The same ones with connections of their own: for another thread, or after the first may have idled for longer than the server lets them. */
    RedisSources again(WorkerContext context) throws Refusal, IOException {
        return open(context, all.stream().map(One::side).toList());
    }

    private static RedisSources open(WorkerContext context, List<RedisSide> sides) throws Refusal, IOException {
        var sources = new RedisSources(new ArrayList<>());
        try {
            for (var side : sides) {
                sources.all.add(new One(side, side.open(context)));
            }
            return sources;
        } catch (Refusal | IOException | RuntimeException e) {
            sources.close();
            throw e;
        }
    }

    List<One> all() {
        return all;
    }

    /** Which keys belong on the target, whichever of them has it. */
    Predicate<RedisKey> wanted(KeyScope scope) {
        return key -> scope.contains(key) && !key.equals(Marker.KEY) && all.stream().noneMatch(one -> one.processes().contains(key));
    }

    /** How many keys there are to move, for progress. */
    long total(KeyScope scope) {
        return all.stream().mapToLong(one -> scope.total(one.jedis())).sum();
    }

    /** How many keys belong on the target, by the servers' own count, which no key that SCAN shows twice can mislead. */
    long count() {
        return all.stream().mapToLong(one -> one.jedis().dbSize() - one.processes().existing(one.jedis())).sum();
    }

    /** Of these keys, those that none of them has. */
    List<RedisKey> absent(List<RedisKey> keys) {
        var absent = keys;
        for (var one : all) {
            absent = absent(one.jedis(), absent);
        }
        return absent;
    }

    private static List<RedisKey> absent(Jedis jedis, List<RedisKey> keys) {
        try (var pipeline = jedis.pipelined()) {
            var exist = keys.stream().map(key -> pipeline.exists(key.bytes())).toList();
            pipeline.sync();
            var absent = new ArrayList<RedisKey>();
            for (int i = 0; i < keys.size(); i++) {
                if (!exist.get(i).get()) {
                    absent.add(keys.get(i));
                }
            }
            return absent;
        }
    }

    /**
     * What stands in the way of moving all into one: keys of one name in two of them; and jobs in the main one, which nothing has run since Sidekiq left it
     * and which the target's Sidekiq would. Reads the names of all keys.
     */
    Optional<String> conflict(KeyScope scope) {
        if (all.size() < 2) {
            return Optional.empty();
        }
        var main = all.getFirst();
        var other = all.getLast();
        var old = new Named();
        names(main, KeyScope.JOBS, scope, old::add);
        if (old.count > 0) {
            return Optional.of("The source's main Redis holds " + old + ", although Sidekiq has a Redis of its own: nothing has run these jobs since, and the target's Sidekiq would."
                    + " Look whether any is still wanted, and remove them there (queues, queue:*, schedule, retry, dead, uniquejobs:*); if both variables name one and the same Redis, unset"
                    + " SIDEKIQ_REDIS_URL.");
        }
        var both = new Named();
        var fewer = main.jedis().dbSize() < other.jedis().dbSize() ? main : other;
        names(fewer, scope, scope, names -> {
            var shared = new ArrayList<>(names);
            shared.removeAll(absent((fewer == main ? other : main).jedis(), names));
            both.add(shared);
        });
        return both.count == 0 ? Optional.empty() : Optional.of("The source's main Redis and Sidekiq's own both hold " + both + ", and the target can have only one of each name. Find out which"
                + " one Mastodon uses, and remove the other; if both variables name one and the same Redis, unset SIDEKIQ_REDIS_URL.");
    }

    private void names(One one, KeyScope shown, KeyScope moved, Consumer<List<RedisKey>> taker) {
        var wanted = wanted(moved);
        var scan = new KeyScan(one.jedis(), shown);
        for (var step = scan.nextNames(); step.isPresent(); step = scan.nextNames()) {
            taker.accept(step.get().stream().filter(wanted).toList());
        }
    }

    /** Counts keys, and keeps the names of the first. */
    private static final class Named {
        private final List<String> first = new ArrayList<>();
        private long count;

        void add(List<RedisKey> keys) {
            count += keys.size();
            keys.stream().limit(NAMED - first.size()).forEach(key -> first.add(key.toString()));
        }

        @Override
        public String toString() {
            return count + (count == 1 ? " key, " : " keys, among them ") + String.join(", ", first);
        }
    }

    @Override
    public void close() {
        all.forEach(one -> one.jedis().close());
    }
}
