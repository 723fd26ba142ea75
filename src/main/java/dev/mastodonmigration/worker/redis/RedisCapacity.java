package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether the target has room for the source, with a fifth to spare: full, it would refuse users' writes right after the move. */
public final class RedisCapacity {
    private RedisCapacity() {}

    /** Looks again just before the freeze, because the source has grown since Preflight. */
    public static Findings check(WorkerContext context) throws Refusal, IOException {
        try (var source = RedisSide.SOURCE.open(context); var target = RedisSide.TARGET.open(context)) {
            var from = RedisInfo.of(source);
            var blocker = blocker(from, RedisInfo.of(target), RedisSide.TARGET.name(RedisSide.TARGET.url(context)));
            return new Findings(blocker.stream().toList(), List.of(), figures(source.dbSize(), from));
        }
    }

    static Map<String, Long> figures(long keys, RedisInfo source) {
        return Map.of("sourceKeys", keys, "sourceRedisBytes", source.number("used_memory"));
    }

    static Optional<String> blocker(RedisInfo source, RedisInfo target, String targetName) {
        var used = source.number("used_memory");
        var limit = target.number("maxmemory") > 0 ? target.number("maxmemory") : target.number("total_system_memory");
        return limit == 0 || used / 5 * 6 <= limit ? Optional.empty() : Optional.of(targetName + " may hold " + mebibytes(limit)
                + ", but the source uses " + mebibytes(used) + " and needs a fifth more than that. Choose a larger instance for the target.");
    }

    private static String mebibytes(long bytes) {
        return Math.ceilDiv(bytes, 1L << 20) + " MiB";
    }
}
