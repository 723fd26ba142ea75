package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import redis.clients.jedis.Jedis;

/**
 * Sidekiq's keys about its running processes, which belong to the source's processes and would be lies on the target
 * (Sidekiq 8: lib/sidekiq/launcher.rb heartbeat, api.rb ProcessSet).
 */
final class SidekiqProcessKeys {
    private static final byte[] PROCESSES = "processes".getBytes(StandardCharsets.UTF_8);

    private static final int NONCE_CHARACTERS = 12;
    private static final Pattern IDENTITY = Pattern.compile("[^:]+:\\d+:[0-9a-f]{12}(:work|-signals)?", Pattern.DOTALL);

    private final Set<RedisKey> names;

    private SidekiqProcessKeys(Set<RedisKey> names) {
        this.names = names;
    }

    static SidekiqProcessKeys on(Jedis source) {
        var names = new HashSet<>(Set.of(RedisKey.of(PROCESSES), RedisKey.of("process_cleanup")));
        if ("set".equals(source.type(PROCESSES))) {
            for (var member : source.smembers(PROCESSES)) {
                var identity = new String(member, StandardCharsets.UTF_8);
                names.addAll(Set.of(RedisKey.of(member), RedisKey.of(identity + ":work"), RedisKey.of(identity + "-signals")));
            }
        }
        return new SidekiqProcessKeys(Set.copyOf(names));
    }

    /** Those of either. */
    SidekiqProcessKeys and(SidekiqProcessKeys others) {
        var both = new HashSet<>(names);
        both.addAll(others.names);
        return new SidekiqProcessKeys(Set.copyOf(both));
    }

    Set<RedisKey> names() {
        return names;
    }

    /** Also of a process that has ended or begun since: its key's shape tells. */
    boolean contains(RedisKey key) {
        return names.contains(key) || hasShape(key.bytes());
    }

    /** {@code hostname:pid:nonce}, the nonce six bytes in hex (Sidekiq 8: lib/sidekiq/component.rb, identity), alone or with a suffix. */
    private static boolean hasShape(byte[] name) {
        int colon = name.length - 1;
        while (colon >= 0 && name[colon] != ':') {
            colon--;
        }
        var tail = name.length - colon - 1;
        return colon > 0 && (tail == NONCE_CHARACTERS || tail == "work".length() || tail == NONCE_CHARACTERS + "-signals".length())
                && IDENTITY.matcher(new String(name, StandardCharsets.ISO_8859_1)).matches();
    }
}
