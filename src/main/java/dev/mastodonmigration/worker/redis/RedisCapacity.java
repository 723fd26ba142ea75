package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether the target has room for the source, with a fifth to spare: full, it would refuse users' writes right after the move. And whether it is still ours alone. */
public final class RedisCapacity {
    private RedisCapacity() {}

    /** Looks again just before the freeze, because the source has grown since Preflight. */
    public static Findings check(WorkerContext context) throws Refusal, IOException {
        try (var source = RedisSide.SOURCE.open(context); var target = RedisSide.TARGET.open(context)) {
            var from = RedisInfo.of(source);
            var name = RedisSide.TARGET.name(RedisSide.TARGET.url(context));
            var keys = source.dbSize();
            var room = blocker(keys, from, RedisInfo.of(target), name);
            var claimed = Marker.read(target).filter(marker -> marker.belongsTo(context) && marker.state() == Marker.State.CLAIMED);
            var others = claimed.isPresent() ? TargetContents.sinceTheClaim(target, name) : Optional.<String>empty();
            return new Findings(Stream.of(room, others).flatMap(Optional::stream).toList(), List.of(), figures(keys, from));
        }
    }

    static Map<String, Long> figures(long keys, RedisInfo source) {
        return Map.of("sourceKeys", keys, "sourceRedisBytes", used(keys, source));
    }

    /**
     * The server tells the memory of all its databases together: where others hold keys too, ours is taken to have its share by number, and all of it
     * where that share is not known.
     */
    private static long used(long keys, RedisInfo source) {
        var all = source.keysByDatabase().values().stream().mapToLong(Long::longValue).sum();
        var used = source.number("used_memory");
        return keys == 0 || keys >= all ? used : (long) ((double) used * keys / all);
    }

    static Optional<String> blocker(long keys, RedisInfo source, RedisInfo target, String targetName) {
        var used = used(keys, source);
        var limit = target.number("maxmemory") > 0 ? target.number("maxmemory") : target.number("total_system_memory");
        return limit == 0 || used / 5 * 6 <= limit ? Optional.empty() : Optional.of(targetName + " may hold " + mebibytes(limit)
                + ", but the source uses " + mebibytes(used) + " and needs a fifth more than that. Choose a larger instance for the target.");
    }

    private static String mebibytes(long bytes) {
        return Math.ceilDiv(bytes, 1L << 20) + " MiB";
    }
}
