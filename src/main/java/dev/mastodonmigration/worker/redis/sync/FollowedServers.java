package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.follow.ChangeFeed;
import dev.mastodonmigration.worker.redis.follow.Following;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.wire.Gap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Every Redis that is read, each followed on its own and all in the same way; what one of them may have missed is a gap of all. None where nothing is followed. */
final class FollowedServers implements AutoCloseable {
    private final List<FollowedServer> all = new ArrayList<>();

    /** @throws ChangeFeed.Unsupported when the changes of any can not be followed this way */
    static FollowedServers open(Ends ends, Following following, RedisSources sources, ReplicatedKeys keys, Partitions partitions) throws Gap, Refusal, IOException, InterruptedException {
        var opened = new FollowedServers();
        try {
            for (var source : sources.all()) {
                opened.all.add(new FollowedServer(ends, following, source, keys, partitions));
            }
            return opened;
        } catch (Gap | Refusal | IOException | InterruptedException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    interface Step {
        void on(FollowedServer server) throws Gap, Refusal, IOException, InterruptedException;
    }

    void each(Step step) throws Gap, Refusal, IOException, InterruptedException {
        for (var server : all) {
            step.on(server);
        }
    }

    Pace pace() {
        return all.stream().map(FollowedServer::pace).reduce(Pace.FULL, Pace::slower);
    }

    /** The last opened first: two databases of one server share the setting that the first one changed. */
    @Override
    public void close() {
        close(all);
    }

    private static void close(List<FollowedServer> rest) {
        if (!rest.isEmpty()) {
            try {
                rest.getLast().close();
            } finally {
                close(rest.subList(0, rest.size() - 1));
            }
        }
    }
}
