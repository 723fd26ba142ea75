package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Sidekiq's jobs on the source, under names that no Sidekiq looks at, from the opening of the target on: a Heroku that wakes up finds none, and runs none a
 * second time. They are the instance's own, so nobody removes them: going back gives them their names back ({@link ReturningJobs}), and else they stay aside for as
 * long as the old Redis lives.
 */
public final class JobsAside {
    /** The names that were set aside, as they were before. */
    static final RedisKey NAMES = RedisKey.of("mastodon_migration:aside");
    /** By migration, the newest epoch that decided about the old Redis. Outlives every worker that may have slept, and then expires. */
    public static final RedisKey EPOCHS = RedisKey.of("mastodon_migration:aside_epochs");
    /** What the names begin with under which they are then. */
    static final String PRINTED = "mastodon_migration:aside:";
    private static final byte[] PREFIX = ascii(PRINTED);
    private static final byte[] ATTEMPT = ascii("return redis.call('RENAMENX', KEYS[1], KEYS[2])");

    private final Jedis source;
    private final WorkerContext context;
    private final String name;

    public JobsAside(Jedis source, WorkerContext context, String name) {
        this.source = source;
        this.context = context;
        this.name = name;
    }

    static RedisKey of(RedisKey key) {
        var aside = Arrays.copyOf(PREFIX, PREFIX.length + key.bytes().length);
        System.arraycopy(key.bytes(), 0, aside, PREFIX.length, key.bytes().length);
        return RedisKey.of(aside);
    }

    /** The key that is held under this name, if it is such a name. */
    static Optional<RedisKey> heldBy(RedisKey aside) {
        return aside.startsWith(PREFIX) ? Optional.of(RedisKey.of(Arrays.copyOfRange(aside.bytes(), PREFIX.length, aside.bytes().length))) : Optional.empty();
    }

    /**
     * Sets aside all that is there of jobs, beside what the opening did.
     *
     * @return why that is not allowed, for the admin
     */
    public static Optional<String> setAll(WorkerContext context) throws Refusal, IOException {
        var side = RedisSide.ofSidekiq(context);
        try (var jedis = side.open(context)) {
            var jobs = new KeyScan(jedis, KeyScope.JOBS::contains).steps().flatMap(List::stream).toList();
            return new JobsAside(jedis, context, side.name(side.url(context))).set(jobs);
        }
    }

    /** What was set aside, by the names it had. */
    public static List<RedisKey> names(Jedis source) {
        return source.smembers(NAMES.bytes()).stream().map(RedisKey::of).toList();
    }

    /**
     * Sets these aside, as far as they are there; what was pushed again under a name that is aside already joins it.
     *
     * @return why that is not allowed, for the admin; nothing is lost by it, and the target is to open all the same
     * @throws Refusal     when the order to open was withdrawn meanwhile
     * @throws IOException when the source is being replaced, or is not ready yet
     */
    public Optional<String> set(Collection<RedisKey> keys) throws Refusal, IOException {
        try {
            AsideScript.SET_ASIDE.run(source, context, name, keys);
            return Optional.empty();
        } catch (JedisDataException e) {
            AsideScript.demandLasting(e, name);
            return Optional.of("Sidekiq's jobs on the " + name + " kept their names, because it does not let us rename them (" + Redaction.of(e) + "). The target has all of"
                    + " them. If Sidekiq starts on the source again, it runs them a second time: delete or rename queues, queue:*, schedule and retry there, or keep it from"
                    + " starting for good.");
        }
    }

    /** Jobs that came under their own names after these were set aside and the target had its own: nobody runs them, so they are told. */
    public Optional<String> pushedSince(Collection<RedisKey> keys) {
        try {
            var gone = Set.copyOf(RedisSources.absent(source, List.copyOf(keys)));
            var there = keys.stream().filter(key -> !gone.contains(key)).map(RedisKey::toString).collect(Collectors.joining(", "));
            return there.isEmpty() ? Optional.empty() : Optional.of("Jobs were pushed to the " + name + " after the target had got the last of them: look there at " + there
                    + ", find out what still runs on the old host, and whether its jobs are needed. No Sidekiq of the target knows of them.");
        } catch (JedisException e) {
            return Optional.of("Whether jobs were pushed to the " + name + " after the target had got the last of them could not be looked at (" + Redaction.of(e) + ").");
        }
    }

    /** Whether the jobs can be set aside at all: of a key that does not exist, so that nothing changes. */
    static Optional<String> forbidden(Jedis source, String name) {
        try {
            source.eval(ATTEMPT, List.of(OurKeys.PROBE.bytes(), of(OurKeys.PROBE).bytes()), List.of());
            return Optional.empty();
        } catch (JedisDataException e) {
            return String.valueOf(e.getMessage()).contains("no such key") ? Optional.empty() : Optional.of(name + " does not let us rename keys in a script (" + Redaction.of(e)
                    + "), so Sidekiq's jobs keep their names there when the target opens, and a Sidekiq that starts on the source after that runs them a second time. Allow EVAL and RENAMENX"
                    + " for this user, or see to it that none starts.");
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
