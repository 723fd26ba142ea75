package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.mastodon.SourceConflicts;
import dev.mastodonmigration.worker.redis.value.GuardedWriter;
import dev.mastodonmigration.worker.redis.value.KeyReader;
import dev.mastodonmigration.worker.redis.value.PayloadFormat;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import java.io.IOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;

/** The connections of one thread to every Redis that is read and to every one that is written, and the way that each key takes between them. */
final class Routes implements AutoCloseable {
    /** A Redis that is read. */
    record From(RedisSide side, KeyReader reader) {}

    /** A Redis that is written. */
    record To(RedisSide side, KeyReader reader, GuardedWriter writer, PayloadFormat format) {}

    record Route(From from, To to) {}

    private final ReplicatedKeys keys;
    private final SourceConflicts conflicts;
    private final List<Jedis> connections = new ArrayList<>();
    private final List<From> from = new ArrayList<>();
    private final List<To> to = new ArrayList<>();
    private final List<Route> all = new ArrayList<>();

    private Routes(ReplicatedKeys keys, SourceConflicts conflicts) {
        this.keys = keys;
        this.conflicts = conflicts;
    }

    /** @param conflicts told where each key is, where it could be read in more than one place */
    static Routes open(Ends ends, ReplicatedKeys keys, SourceConflicts conflicts) throws Refusal, IOException {
        var routes = new Routes(keys, conflicts);
        try {
            for (var side : ends.from()) {
                routes.from.add(new From(side, KeyReader.of(routes.connect(ends, side))));
            }
            for (var one : ends.to().entrySet()) {
                var jedis = routes.connect(ends, one.getKey());
                routes.to.add(new To(one.getKey(), KeyReader.of(jedis, ends.direction()::name), new GuardedWriter(jedis, one.getValue(), ends.direction()::name, one.getKey().title()), PayloadFormat.ofMarked(jedis, one.getKey().title())));
            }
            routes.from.forEach(from -> routes.to.forEach(to -> routes.all.add(new Route(from, to))));
            return routes;
        } catch (Refusal | IOException | RuntimeException e) {
            routes.close();
            throw e;
        }
    }

    private Jedis connect(Ends ends, RedisSide side) throws Refusal, IOException {
        var jedis = side.open(ends.context());
        connections.add(jedis);
        return jedis;
    }

    List<Route> all() {
        return all;
    }

    List<Jedis> connections() {
        return connections;
    }

    /**
     * The way of each of these keys now: from the first Redis that has it, the main one where none has; and to where it is already, where jobs belong, or the main
     * one. A key that moves at this moment is told as changed, and comes again. Where there is one way, nobody is asked.
     */
    Map<Route, List<RedisKey>> of(List<RedisKey> names) {
        if (all.size() == 1) {
            return Map.of(all.getFirst(), names);
        }
        var shares = new IdentityHashMap<Route, List<RedisKey>>();
        var having = from.size() > 1 ? having(from.stream().map(From::reader).toList(), names) : having(to.stream().map(To::reader).toList(), names);
        for (int i = 0; i < names.size(); i++) {
            var key = names.get(i);
            shares.computeIfAbsent(from.size() > 1 ? read(key, having.get(i)) : written(key, having.get(i)), route -> new ArrayList<>()).add(key);
        }
        return shares;
    }

    /** As {@link #of}, of keys that a scan showed in this Redis. */
    Map<Route, List<RedisKey>> of(RedisSide side, List<RedisKey> names) {
        return to.size() > 1 ? of(names) : Map.of(all.stream().filter(route -> route.from().side() == side).findFirst().orElseThrow(), names);
    }

    private Route read(RedisKey key, List<Integer> having) {
        conflicts.looked(key, keys.contains(key) ? having.stream().map(one -> from.get(one).side()).toList() : List.of());
        return all.get(having.isEmpty() ? 0 : having.getFirst());
    }

    private Route written(RedisKey key, List<Integer> having) {
        return KeyScope.JOBS.contains(key) ? all.getLast() : all.get(having.isEmpty() ? 0 : having.getFirst());
    }

    /** For each key, which of these have it. */
    private static List<List<Integer>> having(List<KeyReader> readers, List<RedisKey> names) {
        // All are asked before the first answer is waited for.
        var trips = readers.stream().map(reader -> ask(reader, names)).toList();
        var answers = trips.stream().map(RoundTrip::answers).toList();
        var having = new ArrayList<List<Integer>>();
        for (int i = 0; i < names.size(); i++) {
            var key = i;
            having.add(Stream.iterate(0, one -> one < answers.size(), one -> one + 1).filter(one -> (Long) RoundTrip.orThrow(answers.get(one).get(key)) > 0).toList());
        }
        return having;
    }

    private static RoundTrip ask(KeyReader reader, List<RedisKey> names) {
        var trip = new RoundTrip(reader.jedis());
        names.forEach(key -> trip.send(new CommandArguments(Command.EXISTS).key(reader.name(key))));
        trip.depart();
        return trip;
    }

    @Override
    public void close() {
        connections.forEach(Jedis::close);
    }
}
