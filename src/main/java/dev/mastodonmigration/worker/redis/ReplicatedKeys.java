package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.charset.StandardCharsets;
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
final class ReplicatedKeys {
    private static final String PREFIX = "mastodon_migration:";
    private static final String CANARY_OF = PREFIX + "canary:";
    private static final byte[] PREFIX_BYTES = PREFIX.getBytes(StandardCharsets.US_ASCII);
    /** What PTTL says of a key without expiry. */
    private static final long LASTING = -1;
    private static final RedisKey PROCESSES = RedisKey.of("processes");
    private static final Set<RedisKey> OURS = Set.of(Marker.KEY, CommandProbe.KEY, JobsAside.NAMES, JobsAside.EPOCHS);

    private final Set<RedisKey> streams = ConcurrentHashMap.newKeySet();
    private final Set<RedisKey> unproved = ConcurrentHashMap.newKeySet();
    private final Set<RedisKey> left = ConcurrentHashMap.newKeySet();
    private final Map<RedisSide, SidekiqProcessKeys> processesOf = new EnumMap<>(RedisSide.class);
    private volatile SidekiqProcessKeys processKeys;

    ReplicatedKeys(RedisSources sources) {
        sources.all().forEach(one -> processesOf.put(one.side(), one.processes()));
        processKeys = all();
    }

    private SidekiqProcessKeys all() {
        return processesOf.values().stream().reduce(SidekiqProcessKeys::and).orElseThrow();
    }

    boolean contains(RedisKey key) {
        if (isOurs(key)) {
            return false;
        }
        if (processKeys.contains(key)) {
            left.add(key);
            return false;
        }
        return true;
    }

    /** Written or renamed by us, on whichever side. */
    static boolean isOurs(RedisKey key) {
        return key.startsWith(PREFIX_BYTES);
    }

    /**
     * Written to the source to see whether its changes are told at all; expires by itself. Of a name that no other connection of ours writes, because CLIENT
     * TRACKING tells the keys of all of a server's databases.
     */
    static RedisKey canary(WorkerContext context, RedisSide side) {
        return RedisKey.of(CANARY_OF + side + ":" + context.migrationUid());
    }

    /** How many keys of this Redis are our own, or have one of these names. */
    static long oursAnd(Set<RedisKey> others, Jedis jedis) {
        var names = new HashSet<>(others);
        names.addAll(OURS);
        return jedis.exists(names.stream().map(RedisKey::bytes).toArray(byte[][]::new));
    }

    /** Ours on the target, never to be removed there by replication. */
    static boolean isMarker(RedisKey key) {
        return key.equals(Marker.KEY);
    }

    static boolean tellsProcesses(RedisKey key) {
        return key.equals(PROCESSES);
    }

    /**
     * Remembers a stream: XREADGROUP and XCLAIM change what is pending in its groups, and Redis tells nobody (redis/src/t_stream.c has no
     * signalModifiedKey there). So streams are read once more in the end.
     */
    void seenStream(RedisKey key) {
        if (contains(key)) {
            streams.add(key);
        }
    }

    boolean isStream(RedisKey key) {
        return streams.contains(key);
    }

    /** Remembers a key of which not all was looked at since it changed. */
    void proveAtTheEnd(RedisKey key) {
        unproved.add(key);
    }

    /** Those that are proved in any case when the source is closed, and brought anew where they differ. */
    Set<RedisKey> toProveAtTheEnd() {
        return Stream.concat(streams.stream(), unproved.stream().filter(this::contains)).collect(Collectors.toUnmodifiableSet());
    }

    /** Reads anew which processes run there; answers the keys that are theirs. */
    Set<RedisKey> refresh(RedisSources.One source) {
        var found = SidekiqProcessKeys.on(source.jedis());
        processesOf.put(source.side(), found);
        processKeys = all();
        return found.names();
    }

    /** How many keys that do not expire are not to be on the target. */
    long lastingLeftBehind(Jedis source) {
        var names = new HashSet<>(left);
        names.addAll(processKeys.names());
        names.addAll(OURS);
        try (var pipeline = source.pipelined()) {
            var lives = names.stream().map(name -> pipeline.pttl(name.bytes())).toList();
            pipeline.sync();
            return lives.stream().filter(life -> life.get() == LASTING).count();
        }
    }
}
