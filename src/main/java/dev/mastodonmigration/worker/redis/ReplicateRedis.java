package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Copies a Redis that is in use, or two where Sidekiq has its own, and keeps the copy in step until the operator asks for the last changes; then it proves
 * both sides equal and ends. After each gap it begins anew with a comparison of everything. Killed and run again, it does the same.
 */
public final class ReplicateRedis implements WorkerTask {
    private static final Duration OUTAGE = Duration.ofMinutes(5);
    private static final Duration LONGEST_REST = Duration.ofSeconds(5);
    /** Sessions in a row that broke before they were in sync. */
    private static final int MAX_GAPS = 10;
    /** A way to follow that was accepted and tells nothing, so often in a row, is not used. */
    private static final int SILENCES = 3;

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var marker = claimed(context);
        var notes = new ArrayList<String>();
        var downSinceNanos = System.nanoTime();
        var failures = 0;
        var silences = 0;
        var following = Following.CLIENT_TRACKING;
        for (int gaps = 0; gaps < MAX_GAPS;) {
            try (var session = ReplicationSession.open(context, following, marker)) {
                downSinceNanos = System.nanoTime();
                gaps++;
                session.bringInSync();
                gaps = 0;
                failures = 0;
                silences = 0;
                session.follow();
                return finish(context, following, marker, session, notes);
            } catch (ChangeFeed.Unsupported e) {
                if (e instanceof ChangeFeed.Unsupported.Silent && ++silences < SILENCES) {
                    rest(failures++);
                    continue;
                }
                silences = 0;
                notes.add(e.getMessage());
                if (following.next().isEmpty()) {
                    return new RepeatedScans(notes).run(context);
                }
                following = following.next().get();
            } catch (Refusal e) {
                throw e;
            } catch (IOException | RuntimeException | Gap e) {
                var gap = ReplicationLanes.gap(e);
                if (e instanceof IOException && System.nanoTime() - downSinceNanos > OUTAGE.toNanos()) {
                    throw e;
                }
                tell(context, gap, notes);
                rest(failures++);
            }
        }
        notes.add("Following the source's changes broke " + MAX_GAPS + " times in a row.");
        return new RepeatedScans(notes).run(context);
    }

    /**
     * What a worker with these files says that it follows, see {@link Progress.Reading#redis}.
     *
     * @throws Refusal when a URL is none of a Redis
     */
    public static String follows(Map<String, String> files) throws Refusal {
        var names = new ArrayList<String>();
        for (var side : List.of(RedisSide.SOURCE, RedisSide.SOURCE_OF_SIDEKIQ)) {
            if (files.containsKey(side.file())) {
                names.add(side.name(RedisUrl.of(URI.create(files.get(side.file())), side.title())));
            }
        }
        return String.join(RedisSources.AND, names);
    }

    private static Marker claimed(WorkerContext context) throws Refusal, IOException {
        try (var target = RedisSide.TARGET.open(context)) {
            var marked = new MarkedTarget(target, context, RedisSide.TARGET.name(RedisSide.TARGET.url(context)));
            return marked.loading();
        }
    }

    private static void tell(WorkerContext context, Gap gap, List<String> notes) {
        context.progress().update(now -> new Progress.Reading("starting over: " + gap.getMessage(), 0, 0, 0, now.itemsTotal(), 0, -1));
        var note = "Changes may have been missed, so everything was compared again: " + gap.getMessage() + ".";
        if (notes.size() < 5 && !notes.contains(note)) {
            notes.add(note);
        }
    }

    private static void rest(int failures) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(Math.min(LONGEST_REST.toMillis(), 50L << Math.min(failures, 10)));
    }

    private static WorkerReport finish(WorkerContext context, Following following, Marker marker, ReplicationSession session, List<String> notes) throws Exception {
        var started = System.nanoTime();
        session.drain();
        var drained = System.nanoTime();
        if (!session.unidentified().isEmpty()) {
            notes.add("The " + String.join(" and the ", session.unidentified()) + " does not tell which server answers (INFO lacks master_replid), so a failover could not be noticed,"
                    + " and all keys were compared with the source closed for writing.");
        }
        var found = new Difference.Found();
        session.proveRest(found);
        if (!session.sameCount()) {
            notes.add("The two sides did not count the same number of keys, so cache that only the target has, which its own web processes wrote, was removed.");
            session.removeStrayCache();
        }
        if (!session.sameCount()) {
            notes.add("The two sides still did not count the same number of keys, so all were compared once more.");
            try (var sources = RedisSources.open(context, KeyScope.ALL)) {
                RedisVerify.compareAll(context, sources, session.target(), KeyScope.ALL, found);
            }
        }
        if (found.count() > 0) {
            throw new Refusal("Redis verification found " + found.count() + " keys that differ between source and target: " + found
                    + ". The target was not opened. Check that nothing else writes to either Redis, and start the migration again.");
        }
        new MarkedTarget(session.target(), context, RedisSide.TARGET.name(RedisSide.TARGET.url(context))).moveTo(Marker.State.LOADED, marker);
        var keys = session.target().dbSize() - 1;
        context.progress().set(new Progress.Reading("drained", 0, 0, keys, keys, 0, 0));
        return WorkerReport.succeeded("Replicated " + keys + " keys to the target Redis by following its changes (" + following + "); both sides are equal.",
                Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L, Figure.DRAIN_MILLISECONDS, (drained - started) / 1_000_000,
                        Figure.VERIFY_MILLISECONDS, (System.nanoTime() - drained) / 1_000_000), notes);
    }
}
