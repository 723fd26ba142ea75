package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The two ends of a replication.
 *
 * @param from which Redis are read now, where Sidekiq has its jobs last; the instance may be given another while its Redis is followed
 * @param to   which are written, jobs to the last, each under the marker that lets us
 */
record Ends(WorkerContext context, Direction direction, List<RedisSide> from, Map<RedisSide, Marker> to) {
    /** Of all that is written in this direction, taken over from any worker that began before. */
    static Ends takenOver(WorkerContext context, Direction direction, KeyScope scope) throws Refusal, IOException {
        return of(context, direction, scope, direction == Direction.BACK ? MarkedTarget::loadingAdopted : MarkedTarget::loading);
    }

    /** Of Redis that hold somebody's keys: nothing there may be written yet. */
    static Ends adopted(WorkerContext context, KeyScope scope) throws Refusal, IOException {
        return of(context, Direction.BACK, scope, MarkedTarget::adopted);
    }

    /** Of what was written to its end. */
    static Ends loaded(WorkerContext context, Direction direction, KeyScope scope) throws Refusal, IOException {
        return of(context, direction, scope, MarkedTarget::loaded);
    }

    private interface Claim {
        Marker on(MarkedTarget target) throws Refusal, IOException;
    }

    private static Ends of(WorkerContext context, Direction direction, KeyScope scope, Claim claim) throws Refusal, IOException {
        var to = new LinkedHashMap<RedisSide, Marker>();
        for (var side : scope.to(direction, context)) {
            try (var jedis = side.open(context)) {
                to.put(side, claim.on(MarkedTarget.of(side, jedis, context)));
            }
        }
        return new Ends(context, direction, direction.from(context), to);
    }

    /** The same, where these are read. */
    Ends reading(List<RedisSide> now) {
        return new Ends(context, direction, now, to);
    }

    /** What is written, for messages. */
    String written() {
        return to.keySet().stream().map(RedisSide::title).collect(Collectors.joining(" and the "));
    }
}
