package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;

/** What Mastodon and Sidekiq keep under which names, where that decides what becomes of a key. */
public final class KeyNames {
    private static final String QUEUE = "queue:";
    private static final RedisKey QUEUES = RedisKey.of("queues");
    private static final RedisKey PROCESSES = RedisKey.of("processes");
    private static final List<RedisKey> SETS_OF_JOBS = named("schedule", "retry", "dead");
    private static final List<RedisKey> DIGESTS = named("uniquejobs:digests", "uniquejobs:expiring_digests");
    private static final List<RedisKey> EVERY_QUEUE = named(QUEUE);
    private static final List<RedisKey> JOBS = named(QUEUE, "uniquejobs:");
    private static final List<RedisKey> CACHE = named("cache:");
    private static final List<RedisKey> SMALL = named("cache:", "activity:", "trending_", "rate_limit:", "rack::attack:", "subscribed:", "idempotency:");

    /** {@code hostname:pid:nonce}, the nonce six bytes in hex, alone or with a suffix (Sidekiq 8: lib/sidekiq/component.rb, identity). */
    private static final Pattern IDENTITY = Pattern.compile("[^:]+:\\d+:[0-9a-f]{12}(:work|-signals)?", Pattern.DOTALL);
    private static final int NONCE_CHARACTERS = 12;

    private KeyNames() {}

    private static List<RedisKey> named(String... names) {
        return Stream.of(names).map(RedisKey::of).toList();
    }

    private static boolean begins(RedisKey key, List<RedisKey> beginnings) {
        for (var beginning : beginnings) {
            if (key.startsWith(beginning.bytes())) {
                return true;
            }
        }
        return false;
    }

    /**
     * What nothing can make again: Sidekiq's queues, schedule, retries and dead jobs, and with them the digests of unique jobs, which would suppress jobs
     * that are not there (Sidekiq 8: lib/sidekiq/api.rb; sidekiq-unique-jobs: lib/sidekiq_unique_jobs/key.rb).
     */
    static boolean isJobs(RedisKey key) {
        return key.equals(QUEUES) || SETS_OF_JOBS.contains(key) || begins(key, JOBS);
    }

    static boolean isQueue(RedisKey key) {
        return begins(key, EVERY_QUEUE);
    }

    static String queue(RedisKey key) {
        return new String(key.bytes(), StandardCharsets.UTF_8).substring(QUEUE.length());
    }

    /** Where this Redis has jobs, by Sidekiq's own list of queues: they are compared whatever was proved before. */
    public static List<RedisKey> jobs(Jedis source) {
        var keys = new ArrayList<>(List.of(QUEUES));
        keys.addAll(SETS_OF_JOBS);
        keys.addAll(DIGESTS);
        members(source, QUEUES).forEach(queue -> keys.add(RedisKey.of(QUEUE + queue)));
        return keys;
    }

    /** Queues by their keys, also one that the list does not name: a Sidekiq takes jobs from it all the same. Looks at the names of all keys. */
    public static List<RedisKey> queues(Jedis source) {
        return new KeyScan(source, KeyNames::isQueue).steps().flatMap(List::stream).toList();
    }

    /** The keys of the Sidekiq processes that run there: they would be lies on the target (Sidekiq 8: lib/sidekiq/launcher.rb, heartbeat; api.rb, ProcessSet). */
    static Set<RedisKey> ofProcesses(Jedis source) {
        var names = new HashSet<>(Set.of(PROCESSES, RedisKey.of("process_cleanup")));
        members(source, PROCESSES).forEach(identity -> names.addAll(named(identity, identity + ":work", identity + "-signals")));
        return Set.copyOf(names);
    }

    /** Whether a change of this key says that a process began or ended. */
    public static boolean tellsProcesses(RedisKey key) {
        return key.equals(PROCESSES);
    }

    /** Whether it is such a key by its shape, also of a process that has ended or begun since. Asked of every key, so the end of the name is looked at first. */
    static boolean looksLikeAProcess(RedisKey key) {
        var name = key.bytes();
        int colon = name.length - 1;
        while (colon >= 0 && name[colon] != ':') {
            colon--;
        }
        var tail = name.length - colon - 1;
        return colon > 0 && (tail == NONCE_CHARACTERS || tail == "work".length() || tail == NONCE_CHARACTERS + "-signals".length())
                && IDENTITY.matcher(new String(name, StandardCharsets.ISO_8859_1)).matches();
    }

    /** Of Rails, where rack-attack counts requests too: new web processes write it as soon as a probe or a robot finds them, and it may be lost at any time. */
    public static boolean isCache(RedisKey key) {
        return begins(key, CACHE);
    }

    /** Strings, counters, HyperLogLogs and short sets (mastodon: app/lib/activity_tracker.rb, app/models/trends, config/initializers/rack_attack.rb). */
    static boolean isSmall(RedisKey key) {
        return begins(key, SMALL);
    }

    private static Stream<String> members(Jedis source, RedisKey set) {
        return "set".equals(source.type(set.bytes())) ? source.smembers(set.bytes()).stream().map(member -> new String(member, StandardCharsets.UTF_8)) : Stream.empty();
    }
}
