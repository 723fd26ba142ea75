package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Every Redis of the source, each followed on its own and all in the same way; what one of them may have missed is a gap of all. */
final class FollowedSources implements AutoCloseable {
    private final List<FollowedSource> all = new ArrayList<>();

    /** @throws ChangeFeed.Unsupported when the changes of any can not be followed this way */
    static FollowedSources open(WorkerContext context, Following following, RedisSources sources, ReplicatedKeys keys, ReplicationLanes lanes)
            throws Gap, Refusal, IOException, InterruptedException {
        var opened = new FollowedSources();
        try {
            for (var source : sources.all()) {
                opened.all.add(new FollowedSource(context, following, source, keys, lanes));
            }
            return opened;
        } catch (Gap | Refusal | IOException | InterruptedException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    List<FollowedSource> all() {
        return all;
    }

    /** Returns when every change made before the call, to any of them, has gone to its lane. */
    void barrier() throws Gap, Refusal, InterruptedException {
        for (var source : all) {
            source.barrier();
        }
    }

    void ping() throws Gap, InterruptedException {
        for (var source : all) {
            source.ping();
        }
    }

    Pace pace() {
        return all.stream().map(FollowedSource::pace).reduce(Pace.FULL, Pace::slower);
    }

    void demandTelling() throws Gap, Refusal, InterruptedException {
        for (var source : all) {
            source.demandTelling();
        }
    }

    void followProcesses() {
        all.forEach(FollowedSource::followProcesses);
    }

    void watchForWriters() {
        all.forEach(FollowedSource::watchForWriters);
    }

    void refuseWriters() throws Refusal, IOException {
        for (var source : all) {
            source.refuseWriters();
        }
    }

    void removeCanaries() {
        all.forEach(FollowedSource::removeCanary);
    }

    /** The last opened first: two databases of one server share the setting that the first one changed. */
    @Override
    public void close() {
        close(all);
    }

    private static void close(List<FollowedSource> rest) {
        if (!rest.isEmpty()) {
            try {
                rest.getLast().close();
            } finally {
                close(rest.subList(0, rest.size() - 1));
            }
        }
    }
}
