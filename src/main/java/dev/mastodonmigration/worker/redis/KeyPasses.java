package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.function.Predicate;
import redis.clients.jedis.params.ScanParams;

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

    /** Streams change without being told, and those that were compared by their payload alone were not seen to be streams. */
    void findStreams() throws Gap, Refusal, InterruptedException {
        for (var source : parts.sources().all()) {
            var cursor = ScanParams.SCAN_POINTER_START_BINARY;
            for (var more = true; more; heartbeat.beat()) {
                var found = source.jedis().scan(cursor, new ScanParams().count(1000), "stream".getBytes(StandardCharsets.US_ASCII));
                found.getResult().stream().map(RedisKey::of).forEach(parts.keys()::seenStream);
                cursor = found.getCursorAsBytes();
                more = !found.isCompleteIteration();
            }
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
