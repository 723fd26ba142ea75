package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.ReturningJobs;
import dev.mastodonmigration.worker.redis.value.Marker;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;

/**
 * What the instance gets back when it is to go on with the Redis that it came from, before the target has opened or by the way back: first nobody of ours may write there
 * any more, then Sidekiq's jobs get their names. Killed in between, it is gone on with: until the names are back, no Sidekiq runs a job.
 */
public final class OldRedis {
    private OldRedis() {}

    /**
     * Takes our marker off each, at this worker's epoch, and gives the jobs their names back.
     *
     * @return what could not be given back, and what to do about it
     * @throws Refusal     when a newer worker has decided otherwise
     * @throws IOException when one does not answer: without its jobs the instance is not to start
     */
    public static List<String> giveBack(WorkerContext context) throws Refusal, IOException {
        // Sidekiq's first, because there a newer worker shows: then nothing is changed on the other either.
        for (var side : Direction.BACK.to(context).reversed()) {
            try (var jedis = side.open(context)) {
                ReturningJobs.fenceOff(jedis, context, side.name(side.url(context)));
                MarkedTarget.of(side, jedis, context).takeOff(EnumSet.allOf(Marker.State.class));
            }
        }
        return ReturningJobs.putBack(context);
    }
}
