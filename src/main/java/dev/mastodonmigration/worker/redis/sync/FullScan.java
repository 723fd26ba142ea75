package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Looks at every key of both ends, at a pace that leaves the source to its users. */
final class FullScan {
    /** As many as wait at most: they take longer to be looked at than to be found. */
    private static final int MOST_WAITING = 20_000;

    private final Session session;
    private final Heartbeat heartbeat;
    private final ScanProgress progress;

    FullScan(Session session, Heartbeat heartbeat, ScanProgress progress) {
        this.session = session;
        this.heartbeat = heartbeat;
        this.progress = progress;
    }

    void copyAll() throws Gap, Refusal, IOException, InterruptedException {
        read("copying", every -> true, PartitionTask.Copy::new);
    }

    /** @param stage what this is, for progress */
    void compareAll(String stage) throws Gap, Refusal, IOException, InterruptedException {
        compare(stage, every -> true);
    }

    /** As {@link #compareAll}, of these keys alone. */
    void compare(String stage, Predicate<RedisKey> which) throws Gap, Refusal, IOException, InterruptedException {
        read(stage, which, (side, keys) -> new PartitionTask.ProveScanned(keys));
    }

    private interface Showing {
        PartitionTask of(RedisSide side, List<RedisKey> keys);
    }

    private void read(String stage, Predicate<RedisKey> which, Showing showing) throws Gap, Refusal, IOException, InterruptedException {
        progress.begin(stage, session.sources().total(session.scope()));
        for (var source : session.sources().all()) {
            var scan = new KeyScan(source.jedis(), which.and(session.scope()::contains));
            for (var names = scan.nextNames(); names.isPresent(); names = scan.nextNames()) {
                // The partitions rest after their work, and the scan waits for them.
                session.partitions().scanned(names.get(), keys -> showing.of(source.side(), keys), heartbeat);
                heartbeat.beat();
                progress.at(session.partitions().pace());
            }
        }
        await(backlog -> backlog.batches() == 0);
    }

    private interface Taking {
        void take(List<RedisKey> keys);
    }

    /** A key that only a target has would be a job run twice; its partition looks again whether the source has it, and removes it. */
    void removeStrays(Predicate<RedisKey> which) throws Gap, Refusal, IOException, InterruptedException {
        strays(which, session.partitions()::changed);
    }

    /** As {@link #removeStrays}, but they are only named. */
    void recordStrays(Predicate<RedisKey> which) throws Gap, Refusal, IOException, InterruptedException {
        strays(which, session.partitions()::prove);
    }

    private void strays(Predicate<RedisKey> which, Taking taking) throws Gap, Refusal, IOException, InterruptedException {
        for (var target : session.targets()) {
            progress.begin("looking for strays", target.jedis().dbSize());
            var scan = new KeyScan(target.jedis());
            for (var names = scan.nextNames(); names.isPresent(); names = scan.nextNames()) {
                var keys = names.get().stream().map(session.ends().direction()::keyNamed).flatMap(Optional::stream).filter(which).toList();
                var absent = new HashSet<>(session.sources().absent(keys));
                taking.take(keys.stream().filter(key -> absent.contains(key) || !session.keys().contains(key)).toList());
                progress.add(names.get().size(), 0);
                heartbeat.beat();
                await(backlog -> backlog.changes() + backlog.proofs() <= MOST_WAITING);
            }
        }
    }

    interface Enough {
        boolean test(Backlog backlog);
    }

    void await(Enough enough) throws Gap, Refusal, IOException, InterruptedException {
        while (!enough.test(session.partitions().backlog())) {
            heartbeat.beat();
            session.partitions().awaitMoment();
        }
    }
}
