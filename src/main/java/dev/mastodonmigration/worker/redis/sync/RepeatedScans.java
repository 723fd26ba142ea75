package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Stands in where a source does not let us follow its changes: copies everything again and again, and once more after the freeze. As exact
 * in the end, but the freeze lasts as long as a copy and a comparison.
 */
final class RepeatedScans implements WorkerTask {
    private static final Duration PAUSE = Duration.ofSeconds(30);

    private final Direction direction;
    private final List<String> notes;
    private final Duration pause;

    RepeatedScans(Direction direction, List<String> notes) {
        this(direction, notes, PAUSE);
    }

    /** With another pause between two scans. */
    RepeatedScans(Direction direction, List<String> notes, Duration pause) {
        this.direction = direction;
        this.pause = pause;
        this.notes = new ArrayList<>(notes);
        this.notes.add("So all was copied by repeated scans, the last one while nobody wrote.");
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        scan(context, context);
        while (!context.drain().await(pause)) {
            // The target is no less ready for the freeze while it is brought nearer once more.
            scan(context, context.unheard());
        }
        var started = System.nanoTime();
        new RedisSnapshotCopy(direction, KeyScope.ALL).run(context);
        var drained = System.nanoTime();
        var verified = new RedisVerify(direction).run(context);
        return WorkerReport.succeeded("Copied by repeated scans; both sides are equal.", Map.of(
                Figure.KEYS, verified.figures().getOrDefault(Figure.KEYS, 0L), Figure.DIFFERENCES, 0L,
                Figure.DRAIN_MILLISECONDS, (drained - started) / 1_000_000, Figure.VERIFY_MILLISECONDS, (System.nanoTime() - drained) / 1_000_000), notes);
    }

    private void scan(WorkerContext context, WorkerContext scanning) throws Exception {
        // Asked before: what comes in while it copies is not copied yet.
        var sources = RedisSources.names(context, direction.from(context));
        var started = System.nanoTime();
        new RedisSnapshotCopy(direction, KeyScope.ALL).run(scanning);
        var seconds = Duration.ofNanos(System.nanoTime() - started).toSeconds();
        context.progress().update(now -> new Progress.Reading("repeated scans, the last of " + seconds + " s; one more runs when writing has ended", now.bytesDone(), now.bytesTotal(),
                now.itemsDone(), now.itemsTotal(), 0, 0).withLag(0, 0, true).ofRedis(String.join(RedisSources.AND, sources)));
    }
}
