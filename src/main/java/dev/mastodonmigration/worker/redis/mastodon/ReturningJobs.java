package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** Gives Sidekiq's jobs on the source, which {@link JobsAside} or the way back put under other names, their own: without them it is not to start. */
public final class ReturningJobs {
    private ReturningJobs() {}

    /**
     * From here on no worker of before moves jobs there, or adopts this Redis for the way back. Where scripts are forbidden, none could.
     *
     * @throws IOException when it is being replaced, or is not ready yet
     */
    public static void fenceOff(Jedis source, WorkerContext context, String name) throws Refusal, IOException {
        try {
            AsideScript.RAISE.run(source, context, name, List.of());
        } catch (JedisDataException e) {
            AsideScript.demandLasting(e, name);
        }
    }

    /**
     * Gives the jobs their names back, so that the source's Sidekiq finds them.
     *
     * @return what could not be given back, and what to do about it
     * @throws IOException when the source does not answer: without its jobs it is not to start
     */
    public static List<String> putBack(WorkerContext context) throws Refusal, IOException {
        var side = RedisSide.ofSidekiq(context);
        try (var source = side.open(context)) {
            return putBack(source, context, side.name(side.url(context)));
        }
    }

    private static List<String> putBack(Jedis source, WorkerContext context, String name) throws Refusal, IOException {
        List<RedisKey> held;
        try {
            // Once the epoch is raised nobody sets more aside, so that the names which are read after it are all.
            AsideScript.RAISE.run(source, context, name, List.of());
            held = List.copyOf(held(source));
            AsideScript.PUT_BACK.run(source, context, name, held);
        } catch (JedisDataException e) {
            AsideScript.demandLasting(e, name);
            return List.of("Sidekiq's jobs on the " + name + " could not be given their names back (" + Redaction.of(e) + "). " + byHand("If it holds keys that begin with "
                    + JobsAside.PRINTED + ", then"));
        }
        // The instance waits for its jobs: the names of all keys are not read a second time.
        var gone = Set.copyOf(RedisSources.absent(source, held.stream().map(JobsAside::of).toList()));
        var left = held.stream().filter(key -> !gone.contains(JobsAside.of(key))).toList();
        return left.isEmpty() ? List.of() : List.of("On the " + name + " these jobs could not be given their names back, because keys of another type have them: "
                + left.stream().map(RedisKey::toString).collect(Collectors.joining(", ")) + ". " + byHand("Look at those keys, and"));
    }

    /** Beside what was set aside, also what came since by the way back. */
    private static Set<RedisKey> held(Jedis source) {
        var held = new HashSet<>(JobsAside.names(source));
        new KeyScan(source).steps().flatMap(List::stream).map(JobsAside::heldBy).flatMap(Optional::stream).forEach(held::add);
        return held;
    }

    private static String byHand(String begin) {
        return begin + " rename each back, as README says under \"By hand\": no Sidekiq finds a job there until then.";
    }

    /** What of another migration, or of an earlier one, stands in the way of beginning. */
    static Optional<String> leftover(Jedis source, String name) {
        return held(source).stream().anyMatch(key -> source.exists(JobsAside.of(key).bytes())) ? Optional.of(name + " holds Sidekiq's jobs under names that begin with " + JobsAside.PRINTED
                + ": a migration set them aside when it opened its target. If that target is in use, this Redis is the old one: correct the URL. If it is not, " + byHand("")) : Optional.empty();
    }
}
