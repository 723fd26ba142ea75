package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
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

    static final String AND = " and ";

    private final List<One> all = new ArrayList<>();
    private final List<String> names;

    private RedisSources(List<String> names) {
        this.names = names;
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
        // Named before they are connected to: an address that changes in between shows in demandSame.
        var sources = new RedisSources(names(context, sides));
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

    static List<String> names(WorkerContext context, List<RedisSide> sides) throws Refusal, IOException {
        var names = new ArrayList<String>();
        for (var side : sides) {
            names.add(side.name(side.url(context)));
        }
        return List.copyOf(names);
    }

    /** @throws Gap when the source no longer consists of these: Sidekiq was given a Redis of its own, uses the main one again, or one of them moved */
    void demandSame(WorkerContext context) throws Gap, Refusal {
        try {
            var now = names(context, RedisSide.sources(context));
            if (!now.equals(names)) {
                throw new Gap("Mastodon uses other Redis than before: now " + String.join(AND, now) + ", before " + this);
            }
        } catch (IOException e) {
            throw new Gap("the worker's Secret could not be read (" + e.getMessage() + ")", e);
        }
    }

    List<One> all() {
        return all;
    }

    /** Where Sidekiq has its jobs. */
    One ofSidekiq() {
        return all.getLast();
    }

    /** Which keys belong on the target, whichever of them has it. */
    Predicate<RedisKey> wanted(KeyScope scope) {
        return key -> scope.contains(key) && !ReplicatedKeys.isOurs(key) && all.stream().noneMatch(one -> one.processes().contains(key));
    }

    /** How many keys there are to move, for progress. */
    long total(KeyScope scope) {
        return all.stream().mapToLong(one -> scope.total(one.jedis())).sum();
    }

    /** How many keys belong on the target, by the servers' own count, which no key that SCAN shows twice can mislead. */
    long count(WorkerContext context) {
        return all.stream().mapToLong(one -> {
            var others = new HashSet<>(one.processes().names());
            others.add(ReplicatedKeys.canary(context, one.side()));
            return one.jedis().dbSize() - ReplicatedKeys.oursAnd(others, one.jedis());
        }).sum();
    }

    /** Of these keys, those that none of them has. */
    List<RedisKey> absent(List<RedisKey> keys) {
        var absent = keys;
        for (var one : all) {
            absent = absent(one.jedis(), absent);
        }
        return absent;
    }

    /** Of these keys, those that this one does not have. */
    static List<RedisKey> absent(Jedis jedis, List<RedisKey> keys) {
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
        var old = new NamedKeys();
        names(main, KeyScope.JOBS, scope, old::add);
        if (old.count() > 0) {
            return Optional.of(SourceConflict.OLD_JOBS.of(old));
        }
        var both = new NamedKeys();
        var fewer = main.jedis().dbSize() < other.jedis().dbSize() ? main : other;
        names(fewer, scope, scope, names -> {
            var shared = new ArrayList<>(names);
            shared.removeAll(new HashSet<>(absent((fewer == main ? other : main).jedis(), names)));
            both.add(shared);
        });
        return both.count() == 0 ? Optional.empty() : Optional.of(SourceConflict.IN_BOTH.of(both));
    }

    private void names(One one, KeyScope shown, KeyScope moved, Consumer<List<RedisKey>> taker) {
        var wanted = wanted(moved);
        var scan = new KeyScan(one.jedis(), shown);
        for (var step = scan.nextNames(); step.isPresent(); step = scan.nextNames()) {
            taker.accept(step.get().stream().filter(wanted).toList());
        }
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
