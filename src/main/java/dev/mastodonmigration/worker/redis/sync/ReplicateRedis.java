package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Retry;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.follow.ChangeFeed;
import dev.mastodonmigration.worker.redis.follow.Following;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.RedisUrl;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Copies a Redis that is in use, or two where Sidekiq has its own, and keeps the copy in step until the operator asks for the last changes; then it proves
 * both sides equal and ends. After each gap it begins anew with a comparison of everything. Killed and run again, it does the same.
 */
public final class ReplicateRedis implements WorkerTask {
    /** Without a session, after which another worker is to try. */
    private static final Duration OUTAGE = Duration.ofMinutes(5);
    /** Sessions in a row that broke before they were in sync. */
    private static final int MAX_GAPS = 10;
    /** A way to follow that was accepted and tells nothing, so often in a row, is not used. */
    private static final int SILENCES = 3;

    private final Direction direction;

    public ReplicateRedis() {
        this(Direction.FORWARD);
    }

    public ReplicateRedis(Direction direction) {
        this.direction = direction;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var sessions = new Sessions(Ends.takenOver(context, direction, KeyScope.ALL));
        return new Retry(context.drain(), sessions, sessions::tell, () -> sessions.inSyncNanos, Optional.empty()).until(sessions::next);
    }

    /** One session after the other, by the best way that the source allows. */
    private static final class Sessions implements Retry.Errors {
        private final Ends ends;
        private final List<String> notes = new ArrayList<>();
        private Following following = Following.CLIENT_TRACKING;
        private long openedNanos = System.nanoTime();
        private long inSyncNanos = openedNanos;
        private int gaps;
        private int silences;

        Sessions(Ends ends) {
            this.ends = ends;
        }

        WorkerReport next() throws Exception {
            if (gaps == MAX_GAPS) {
                notes.add("Following the source's changes broke " + MAX_GAPS + " times in a row.");
                return new RepeatedScans(ends.direction(), notes).run(ends.context());
            }
            try (var session = LiveSession.open(following, ends)) {
                openedNanos = System.nanoTime();
                gaps++;
                session.bringInSync();
                gaps = 0;
                silences = 0;
                inSyncNanos = System.nanoTime();
                session.follow();
                return finish(ends, following, session, notes);
            } catch (ChangeFeed.Unsupported e) {
                if (e instanceof ChangeFeed.Unsupported.Silent && ++silences < SILENCES) {
                    throw e;
                }
                silences = 0;
                notes.add(e.getMessage());
                if (following.next().isEmpty()) {
                    return new RepeatedScans(ends.direction(), notes).run(ends.context());
                }
                following = following.next().get();
            }
            return next();
        }

        @Override
        public boolean mayPass(Exception e) {
            var isOver = e instanceof IOException && System.nanoTime() - openedNanos > OUTAGE.toNanos();
            return e instanceof ChangeFeed.Unsupported.Silent || Gap.of(e).isPresent() && !isOver;
        }

        void tell(Exception e) {
            Gap.of(e).ifPresent(gap -> {
                ends.context().progress().update(now -> new Progress.Reading("starting over: " + gap.getMessage(), 0, 0, 0, now.itemsTotal(), 0, -1));
                var note = "Changes may have been missed, so everything was compared again: " + gap.getMessage() + ".";
                if (notes.size() < 5 && !notes.contains(note)) {
                    notes.add(note);
                }
            });
        }
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

    private static WorkerReport finish(Ends ends, Following following, LiveSession session, List<String> notes) throws Exception {
        var context = ends.context();
        var started = System.nanoTime();
        session.drain();
        var drained = System.nanoTime();
        if (!session.unidentified().isEmpty()) {
            notes.add("The " + String.join(" and the ", session.unidentified()) + " does not tell which server answers (INFO lacks master_replid), so a failover could not be noticed,"
                    + " and all keys were compared while nobody wrote to it.");
        }
        var found = session.proveRest();
        if (!session.sameCount()) {
            notes.add("The two sides did not count the same number of keys, so cache that only the " + ends.written() + " has, which its own web processes wrote, was removed.");
            session.removeStrayCache();
        }
        if (!session.sameCount()) {
            notes.add("The two sides still did not count the same number of keys, so all were compared once more.");
            session.proveEach();
        }
        found.demandNone();
        session.session().markLoaded();
        var keys = session.session().count();
        context.progress().set(new Progress.Reading("drained", 0, 0, keys, keys, 0, 0));
        return WorkerReport.succeeded("Replicated " + keys + " keys to the " + ends.written() + " by following its changes (" + following
                + "); both sides are equal.", Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L, Figure.DRAIN_MILLISECONDS, (drained - started) / 1_000_000,
                        Figure.VERIFY_MILLISECONDS, (System.nanoTime() - drained) / 1_000_000), notes);
    }
}
