package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;

/**
 * Which keys of the source belong on the target, whichever of its Redis has them: all but our own and those about Sidekiq's running processes, which come
 * and go.
 */
public final class ReplicatedKeys {
    /** What PTTL says of a key without expiry. */
    private static final long LASTING = -1;
    private static final Set<RedisKey> OURS = Set.of(Marker.KEY, OurKeys.PROBE, JobsAside.NAMES, JobsAside.EPOCHS);

    private final KeyScope scope;
    private final Set<RedisKey> streams = ConcurrentHashMap.newKeySet();
    private final Set<RedisKey> unproved = ConcurrentHashMap.newKeySet();
    private final Set<RedisKey> left = ConcurrentHashMap.newKeySet();
    private final Map<RedisSide, Set<RedisKey>> processesOf = new EnumMap<>(RedisSide.class);
    private volatile Set<RedisKey> processKeys = Set.of();

    /** @param scope which of them move */
    public ReplicatedKeys(RedisSources sources, KeyScope scope) {
        this.scope = scope;
        sources.all().forEach(this::refresh);
    }

    public boolean contains(RedisKey key) {
        if (OurKeys.contain(key) || !scope.contains(key)) {
            return false;
        }
        if (processKeys.contains(key) || KeyNames.looksLikeAProcess(key)) {
            left.add(key);
            return false;
        }
        return true;
    }

    /** How many keys of this Redis are our own, or have one of these names. */
    public static long oursAnd(Set<RedisKey> others, Jedis jedis) {
        var names = new HashSet<>(others);
        names.addAll(OURS);
        return jedis.exists(names.stream().map(RedisKey::bytes).toArray(byte[][]::new));
    }

    /**
     * Remembers a stream: XREADGROUP and XCLAIM change what is pending in its groups, and Redis tells nobody (redis/src/t_stream.c has no
     * signalModifiedKey there). So streams are read once more in the end.
     */
    public void seenStream(RedisKey key) {
        if (contains(key)) {
            streams.add(key);
        }
    }

    public boolean isStream(RedisKey key) {
        return streams.contains(key);
    }

    /** Remembers a key of which not all was looked at since it changed. */
    public void proveAtTheEnd(RedisKey key) {
        unproved.add(key);
    }

    /** Those that are proved in any case when the source is closed, and brought anew where they differ. */
    public Set<RedisKey> toProveAtTheEnd() {
        return Stream.concat(streams.stream(), unproved.stream().filter(this::contains)).collect(Collectors.toUnmodifiableSet());
    }

    /** Reads anew which processes run there; answers the keys that are theirs. */
    public Set<RedisKey> refresh(RedisSources.One source) {
        var found = KeyNames.ofProcesses(source.jedis());
        processesOf.put(source.side(), found);
        processKeys = processesOf.values().stream().flatMap(Set::stream).collect(Collectors.toUnmodifiableSet());
        return found;
    }

    /** How many keys that do not expire this Redis has that are not to be copied from it. */
    public long lastingLeftBehind(Jedis source) {
        var names = new HashSet<>(left);
        names.addAll(processKeys);
        names.addAll(OURS);
        return lasting(names, source);
    }

    /** How many keys of ours that do not expire this Redis has. */
    public static long lastingOurs(Jedis jedis) {
        return lasting(OURS, jedis);
    }

    private static long lasting(Set<RedisKey> names, Jedis jedis) {
        try (var pipeline = jedis.pipelined()) {
            var lives = names.stream().map(name -> pipeline.pttl(name.bytes())).toList();
            pipeline.sync();
            return lives.stream().filter(life -> life.get() == LASTING).count();
        }
    }
}
