package dev.mastodonmigration.worker.redis;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import redis.clients.jedis.Jedis;

/** Which keys of the source belong on the target: all but our own and those about Sidekiq's running processes, which come and go. */
final class ReplicatedKeys {
    /** Written to the source to see whether its changes are told at all; expires by itself. */
    static final RedisKey CANARY = RedisKey.of("mastodon_migration:canary");
    private static final RedisKey PROCESSES = RedisKey.of("processes");
    private static final Set<RedisKey> OURS = Set.of(Marker.KEY, CANARY, CommandProbe.KEY);

    private final Set<RedisKey> streams = ConcurrentHashMap.newKeySet();
    private final Set<RedisKey> left = ConcurrentHashMap.newKeySet();
    private volatile SidekiqProcessKeys processKeys;

    ReplicatedKeys(Jedis source) {
        processKeys = SidekiqProcessKeys.on(source);
    }

    boolean contains(RedisKey key) {
        if (OURS.contains(key)) {
            return false;
        }
        if (processKeys.contains(key)) {
            left.add(key);
            return false;
        }
        return true;
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
    void seen(RedisKey key, KeyState state) {
        if (state.isStream()) {
            streams.add(key);
        }
    }

    void seenStreams(Collection<RedisKey> keys) {
        keys.stream().filter(this::contains).forEach(streams::add);
    }

    boolean isStream(RedisKey key) {
        return streams.contains(key);
    }

    Set<RedisKey> streams() {
        return Set.copyOf(streams);
    }

    /** Reads anew which processes run; answers the keys that are theirs. */
    Set<RedisKey> refresh(Jedis source) {
        processKeys = SidekiqProcessKeys.on(source);
        return processKeys.names();
    }

    /** How many keys on the source are not to be on the target. */
    long leftBehind(Jedis source) {
        var names = new HashSet<>(left);
        names.addAll(processKeys.names());
        names.addAll(OURS);
        return source.exists(names.stream().map(RedisKey::bytes).toArray(byte[][]::new));
    }
}
