package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import redis.clients.jedis.Jedis;

/** The source's Redis that hold keys to be moved: one, or the main one and Sidekiq's own. */
public final class RedisSources implements AutoCloseable {
    public record One(RedisSide side, Jedis jedis) {}

    public static final String AND = " and ";

    private final List<One> all = new ArrayList<>();
    private final Function<WorkerContext, List<RedisSide>> which;
    private final List<String> names;

    private RedisSources(Function<WorkerContext, List<RedisSide>> which, List<String> names) {
        this.which = which;
        this.names = names;
    }

    /** @param scope what is to be moved */
    public static RedisSources open(WorkerContext context, KeyScope scope) throws Refusal, IOException {
        return open(context, now -> scope.from(Direction.FORWARD, now));
    }

    /** @param which of the Redis they are; asked again by {@link #demandSame} */
    public static RedisSources open(WorkerContext context, Function<WorkerContext, List<RedisSide>> which) throws Refusal, IOException {
        // Named before they are connected to: an address that changes in between shows in demandSame.
        var sides = which.apply(context);
        var sources = new RedisSources(which, names(context, sides));
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

    public static List<String> names(WorkerContext context, List<RedisSide> sides) throws Refusal, IOException {
        var names = new ArrayList<String>();
        for (var side : sides) {
            names.add(side.name(side.url(context)));
        }
        return List.copyOf(names);
    }

    /** @throws Gap when the source no longer consists of these: Sidekiq was given a Redis of its own, uses the main one again, or one of them moved */
    public void demandSame(WorkerContext context) throws Gap, Refusal {
        try {
            var now = names(context, which.apply(context));
            if (!now.equals(names)) {
                throw new Gap("Mastodon uses other Redis than before: now " + String.join(AND, now) + ", before " + this);
            }
        } catch (IOException e) {
            throw new Gap("the worker's Secret could not be read (" + e.getMessage() + ")", e);
        }
    }

    public List<One> all() {
        return all;
    }

    /** Where Sidekiq has its jobs. */
    public One ofSidekiq() {
        return all.getLast();
    }

    /** How many keys there are to move, for progress; 0 for jobs, which are known only once all names were seen. */
    public long total(KeyScope scope) {
        return scope == KeyScope.JOBS ? 0 : all.stream().mapToLong(one -> one.jedis().dbSize()).sum();
    }

    /** How many keys belong on the target, by the servers' own count, which no key that SCAN shows twice can mislead. */
    public long count(WorkerContext context) {
        return all.stream().mapToLong(one -> {
            var others = new HashSet<>(KeyNames.ofProcesses(one.jedis()));
            others.add(OurKeys.canary(context, one.side()));
            return one.jedis().dbSize() - ReplicatedKeys.oursAnd(others, one.jedis());
        }).sum();
    }

    /** Of these keys, those that none of them has. */
    public List<RedisKey> absent(List<RedisKey> keys) {
        var absent = keys;
        for (var one : all) {
            absent = absent(one.jedis(), absent);
        }
        return absent;
    }

    /** Of these keys, those that this one does not have. */
    public static List<RedisKey> absent(Jedis jedis, List<RedisKey> keys) {
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

    /** What stands in the way of moving all into one. Reads the names of all keys. */
    public Optional<String> conflict(KeyScope scope) {
        return all.size() < 2 ? Optional.empty() : SourceConflicts.between(all.getFirst(), all.getLast(), new ReplicatedKeys(this, scope)::contains);
    }

    /** Servers and databases, without credentials. */
    @Override
    public String toString() {
        return String.join(AND, names);
    }

    @Override
    public void close() {
        all.forEach(one -> one.jedis().close());
    }
}
