package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.wire.RedisInfo;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether the target has room for the source, with a fifth to spare: full, it would refuse users' writes right after the move. And whether it is still ours alone. */
public final class RedisCapacity {
    /** Behind {@link Need#tooLarge} where only jobs move. */
    static final String OF_JOBS = " Only jobs move at first, but the feeds that are built anew, and caches that fill, will need about what they need now.";

    private RedisCapacity() {}

    /**
     * Looks again just before the freeze, because the source has grown since Preflight.
     *
     * @param scope which keys are to be moved
     */
    public static Findings check(WorkerContext context, KeyScope scope) throws Refusal, IOException {
        try (var sources = RedisSources.open(context, KeyScope.ALL); var target = RedisSide.TARGET.open(context)) {
            var need = sources.all().stream().map(source -> Need.of(source.jedis().dbSize(), RedisInfo.of(source.jedis()))).reduce(Need.NOTHING, Need::and);
            var marked = MarkedTarget.of(RedisSide.TARGET, target, context);
            var room = need.tooLarge(RedisInfo.of(target), marked.toString()).filter(tooLarge -> scope == KeyScope.ALL);
            var conflict = scope == KeyScope.ALL ? sources.conflict(scope) : Optional.<String>empty();
            return new Findings(Stream.of(room, conflict, marked.foreignSinceTheClaim()).flatMap(Optional::stream).toList(), List.of(), need.figures());
        }
    }

    /** What the source's keys take, there. */
    record Need(long keys, long bytes) {
        static final Need NOTHING = new Need(0, 0);

        /**
         * The server tells the memory of all its databases together: where others hold keys too, ours is taken to have its share by number, and all of it
         * where that share is not known.
         */
        static Need of(long keys, RedisInfo source) {
            var all = source.keysByDatabase().values().stream().mapToLong(Long::longValue).sum();
            var used = source.number("used_memory");
            return new Need(keys, keys == 0 || keys >= all ? used : (long) ((double) used * keys / all));
        }

        Need and(Need other) {
            return new Need(keys + other.keys, bytes + other.bytes);
        }

        Map<String, Long> figures() {
            return Map.of("sourceKeys", keys, "sourceRedisBytes", bytes);
        }

        Optional<String> tooLarge(RedisInfo target, String targetName) {
            var limit = target.number("maxmemory") > 0 ? target.number("maxmemory") : target.number("total_system_memory");
            return limit == 0 || bytes / 5 * 6 <= limit ? Optional.empty() : Optional.of(targetName + " may hold " + mebibytes(limit)
                    + ", but the source uses " + mebibytes(bytes) + " and needs a fifth more than that. Choose a larger instance for the target.");
        }
    }

    private static String mebibytes(long bytes) {
        return Math.ceilDiv(bytes, 1L << 20) + " MiB";
    }
}
