package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Sidekiq's jobs on the source, under names that no Sidekiq looks at, from the opening of the target on: a Heroku that wakes up finds none, and runs none a
 * second time. They are the instance's own, so nobody removes them: going back before the target has opened gives them their names back, and after it they stay
 * aside for as long as the old Redis lives. Each change is one script, so that neither a worker that is killed nor a job that is pushed meanwhile comes in between,
 * and each carries its epoch, so that a worker which slept changes nothing any more.
 */
public final class JobsAside {
    /** The names that were set aside, as they were before. */
    static final RedisKey NAMES = RedisKey.of("mastodon_migration:aside");
    /** By migration, the newest epoch that set aside or put back. Outlives every worker that may have slept, and then expires. */
    static final RedisKey EPOCHS = RedisKey.of("mastodon_migration:aside_epochs");
    private static final String PRINTED = "mastodon_migration:aside:";
    private static final byte[] PREFIX = ascii(PRINTED);
    private static final String EPOCHS_LIFETIME_SECONDS = String.valueOf(Duration.ofDays(7).toSeconds());
    private static final long REPLACED = -1;

    /** Jobs are pushed at the head of a queue and taken from its tail. */
    private static final String COMMON = """
            local function raised()
              if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') > tonumber(ARGV[2]) then return false end
              redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
              redis.call('EXPIRE', KEYS[1], ARGV[3])
              return true
            end
            local function join(newer, older)
              local kind = redis.call('TYPE', newer).ok
              if kind ~= redis.call('TYPE', older).ok then return false end
              if kind == 'list' then
                while redis.call('RPOPLPUSH', newer, older) do end
              elseif kind == 'zset' then
                redis.call('ZUNIONSTORE', older, 2, newer, older, 'AGGREGATE', 'MIN')
                redis.call('DEL', newer)
              elseif kind == 'set' then
                redis.call('SUNIONSTORE', older, newer, older)
                redis.call('DEL', newer)
              else
                return false
              end
              return true
            end
            if not raised() then return -1 end
            local moved = 0
            """;
    private static final byte[] SET_ASIDE = script("""
            for i = 3, #KEYS, 2 do
              local kind = redis.call('TYPE', KEYS[i]).ok
              if kind ~= 'none' then
                redis.call('SADD', KEYS[2], KEYS[i])
                if redis.call('RENAMENX', KEYS[i], KEYS[i + 1]) == 1 or join(KEYS[i], KEYS[i + 1]) then moved = moved + 1 end
              end
            end
            return moved
            """);
    private static final byte[] PUT_BACK = script("""
            for i = 3, #KEYS, 2 do
              if redis.call('EXISTS', KEYS[i + 1]) == 1 then
                if redis.call('EXISTS', KEYS[i]) == 1 then join(KEYS[i], KEYS[i + 1]) end
                if redis.call('RENAMENX', KEYS[i + 1], KEYS[i]) == 1 then
                  redis.call('SREM', KEYS[2], KEYS[i])
                  moved = moved + 1
                end
              else
                redis.call('SREM', KEYS[2], KEYS[i])
              end
            end
            return moved
            """);
    private static final byte[] ATTEMPT = ascii("return redis.call('RENAMENX', KEYS[1], KEYS[2])");
    /** Raises the epoch, and changes nothing else. */
    private static final byte[] NOTHING = script("return moved");

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
            run(SET_ASIDE, keys);
            return Optional.empty();
        } catch (JedisDataException e) {
            orPasses(e);
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

    /**
     * Before the target has opened: gives the jobs their names back, so that the source's Sidekiq finds them.
     *
     * @return what could not be given back, and what to do about it
     * @throws IOException when the source does not answer: without its jobs it is not to start
     */
    public static List<String> putBack(WorkerContext context) throws Refusal, IOException {
        var side = RedisSide.ofSidekiq(context);
        try (var source = side.open(context)) {
            return new JobsAside(source, context, side.name(side.url(context))).back();
        }
    }

    private List<String> back() throws Refusal, IOException {
        List<RedisKey> held;
        try {
            // Once the epoch is raised nobody sets more aside, so that the names which are read after it are all.
            run(NOTHING, List.of());
            held = List.copyOf(held(source));
            run(PUT_BACK, held);
        } catch (JedisDataException e) {
            orPasses(e);
            return List.of("Whether Sidekiq's jobs on the " + name + " have their names could not be looked at (" + Redaction.of(e) + "). " + byHand("If it holds keys that begin with "
                    + PRINTED + ", then"));
        }
        // The instance waits for its jobs: the names of all keys are not read a second time.
        var gone = Set.copyOf(RedisSources.absent(source, held.stream().map(JobsAside::of).toList()));
        var left = held.stream().filter(key -> !gone.contains(of(key))).toList();
        return left.isEmpty() ? List.of() : List.of("On the " + name + " these jobs could not be given their names back, because keys of another type have them: "
                + left.stream().map(RedisKey::toString).collect(Collectors.joining(", ")) + ". " + byHand("Look at those keys, and"));
    }

    /** Beside what was set aside, also what came since by the way back. */
    private static Set<RedisKey> held(Jedis source) {
        var held = new HashSet<>(names(source));
        new KeyScan(source).steps().flatMap(List::stream).map(JobsAside::heldBy).flatMap(Optional::stream).forEach(held::add);
        return held;
    }

    /** A source may be full for good: it is why some migrate. */
    private void orPasses(JedisDataException said) throws IOException {
        if (Gap.mayPass(said) && !String.valueOf(said.getMessage()).startsWith("OOM")) {
            throw new IOException("the " + name + " is not ready (" + Redaction.of(said) + ")", said);
        }
    }

    private static String byHand(String begin) {
        return begin + " rename each back, as README says under \"By hand\": no Sidekiq finds a job there until then.";
    }

    /** What of another migration, or of an earlier one, stands in the way of beginning. */
    static Optional<String> leftover(Jedis source, String name) {
        return held(source).stream().anyMatch(key -> source.exists(of(key).bytes())) ? Optional.of(name + " holds Sidekiq's jobs under names that begin with " + PRINTED + ": a migration set them aside when it opened its"
                + " target. If that target is in use, this Redis is the old one: correct the URL. If it is not, " + byHand("")) : Optional.empty();
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

    private void run(byte[] script, Collection<RedisKey> keys) throws Refusal {
        var names = new ArrayList<byte[]>(List.of(EPOCHS.bytes(), NAMES.bytes()));
        for (var key : Set.copyOf(keys)) {
            names.add(key.bytes());
            names.add(of(key).bytes());
        }
        var answer = source.eval(script, names, List.of(context.migrationUid().getBytes(StandardCharsets.UTF_8), ascii(String.valueOf(context.epoch())), ascii(EPOCHS_LIFETIME_SECONDS)));
        if (Long.valueOf(REPLACED).equals(answer)) {
            throw new Refusal("A newer worker than this one of epoch " + context.epoch() + " has decided about the jobs on the " + name + ", so this one leaves them as they are.");
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] script(String text) {
        return ascii(COMMON + text);
    }
}
