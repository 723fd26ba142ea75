package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.HashSet;
import java.util.List;
import java.util.function.Predicate;

/** Looks at every key of both sides, at a pace that leaves the source to its users. */
final class KeyPasses {
    private final SessionParts parts;
    private final Heartbeat heartbeat;
    private final PassProgress progress;

    KeyPasses(SessionParts parts, Heartbeat heartbeat, PassProgress progress) {
        this.parts = parts;
        this.heartbeat = heartbeat;
        this.progress = progress;
    }

    void copyAll() throws Gap, Refusal, InterruptedException {
        pass("copying", LaneTask.Copy::new);
    }

    void compareAll() throws Gap, Refusal, InterruptedException {
        pass("comparing", (source, keys) -> new LaneTask.ProveScanned(keys));
        removeStrays(key -> true);
    }

    private interface Showing {
        LaneTask of(RedisSide source, List<RedisKey> keys);
    }

    private void pass(String stage, Showing showing) throws Gap, Refusal, InterruptedException {
        progress.begin(stage, parts.sources().total(KeyScope.ALL));
        for (var source : parts.followed().all()) {
            var scan = new KeyScan(source.jedis());
            for (var names = scan.nextNames(); names.isPresent(); names = scan.nextNames()) {
                // The lanes rest after their work, and the scan waits for them.
                parts.lanes().scanned(names.get(), keys -> showing.of(source.side(), keys), heartbeat);
                heartbeat.beat();
                progress.at(parts.lanes().pace());
            }
        }
        awaitLanes(backlog -> backlog.batches() == 0);
    }

    /** A key that only the target has would be a job run twice; its lane looks again whether the source has it, and removes it. */
    void removeStrays(Predicate<RedisKey> which) throws Gap, Refusal, InterruptedException {
        var scan = new KeyScan(parts.target());
        for (var names = scan.nextNames(); names.isPresent(); names = scan.nextNames()) {
            var absent = new HashSet<>(parts.sources().absent(names.get()));
            parts.lanes().changed(names.get().stream().filter(which).filter(key -> !ReplicatedKeys.isMarker(key) && (absent.contains(key) || !parts.keys().contains(key))).toList());
            heartbeat.beat();
        }
    }

    interface Enough {
        boolean test(LaneWork.Backlog backlog);
    }

    void awaitLanes(Enough enough) throws Gap, Refusal, InterruptedException {
        while (!enough.test(parts.lanes().backlog())) {
            heartbeat.beat();
            parts.lanes().awaitMoment();
        }
    }
}
