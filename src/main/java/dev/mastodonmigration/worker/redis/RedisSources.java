package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
        var sources = new RedisSources(new ArrayList<>());
        try {
            for (var side : scope == KeyScope.JOBS ? List.of(RedisSide.ofSidekiq(context)) : RedisSide.sources(context)) {
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

    /** What stands in the way of moving all into one: keys of one name in two of them. Reads the names of the one that has fewer. */
    Optional<String> overlap(KeyScope scope) {
        if (all.size() < 2) {
            return Optional.empty();
        }
        var fewer = all.get(all.getFirst().jedis().dbSize() < all.getLast().jedis().dbSize() ? 0 : 1);
        var other = all.get(1 - all.indexOf(fewer));
        var wanted = wanted(scope);
        var scan = new KeyScan(fewer.jedis(), scope);
        var count = 0L;
        var named = new ArrayList<String>();
        for (var step = scan.nextNames(); step.isPresent(); step = scan.nextNames()) {
            var names = step.get().stream().filter(wanted).toList();
            var both = new ArrayList<>(names);
            both.removeAll(absent(other.jedis(), names));
            count += both.size();
            both.stream().limit(NAMED - named.size()).forEach(key -> named.add(key.toString()));
        }
        return count == 0 ? Optional.empty() : Optional.of("The source's main Redis and Sidekiq's own both hold " + count + (count == 1 ? " key" : " keys") + " of the same name, among them "
                + String.join(", ", named) + ", and the target can have only one of each. Find out which one Mastodon uses (jobs: Sidekiq's), and remove the other;"
                + " if both variables name one and the same Redis, unset SIDEKIQ_REDIS_URL.");
    }

    @Override
    public void close() {
        all.forEach(one -> one.jedis().close());
    }
}
