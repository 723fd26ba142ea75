package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Opens the target Redis for users. Before that it sets the source's jobs aside, so that from then on one side alone has any to run, and brings those that came
 * late. Run again, it goes on: an open target gets no job any more, because its Sidekiq has run some since.
 */
public final class OpenRedis implements WorkerTask {
    private List<RedisKey> queues = List.of();

    @Override
    public WorkerReport run(WorkerContext context) throws Refusal, IOException {
        var closed = stillClosed(context);
        var side = RedisSide.ofSidekiq(context);
        Jedis source;
        try {
            source = side.open(context);
        } catch (IOException gone) {
            if (gone.getCause() instanceof JedisDataException said && ReplicationLanes.mayPass(said)) {
                throw gone;
            }
            // The instance is down: it must not stay so because the old host's Redis is already gone.
            return open(context, List.of("The " + side.title() + " could not be asked for jobs that came after its last changes were taken (" + gone.getMessage()
                    + "). If a one-off dyno ran during the freeze, look there for jobs that it pushed. All its jobs kept their names: if Sidekiq starts on the source again, it runs"
                    + " them a second time."));
        }
        try (source) {
            return open(context, source, new JobsAside(source, context, side.title()), closed);
        }
    }

    private WorkerReport open(WorkerContext context, Jedis source, JobsAside aside, Optional<Marker> closed) throws Refusal, IOException {
        var keys = new LinkedHashSet<>(JobKeys.on(source));
        keys.addAll(JobsAside.names(source));
        keys.addAll(queues);
        var notes = new ArrayList<String>();
        var refused = aside.set(keys);
        refused.ifPresent(notes::add);
        if (closed.isPresent()) {
            notes.addAll(LateJobs.carryOver(context, source, keys, closed.get()));
        }
        var opened = RedisTarget.open(context);
        if (refused.isEmpty()) {
            aside.pushedSince(keys).ifPresent(notes::add);
        }
        return WorkerReport.succeeded(opened.message(), opened.figures(), notes);
    }

    private static WorkerReport open(WorkerContext context, List<String> notes) throws Refusal, IOException {
        var opened = RedisTarget.open(context);
        return WorkerReport.succeeded(opened.message(), opened.figures(), notes);
    }

    /** Its marker while it is copied and not open; empty when it is open. */
    private static Optional<Marker> stillClosed(WorkerContext context) throws Refusal, IOException {
        try (var target = RedisSide.TARGET.open(context)) {
            var marked = new MarkedTarget(target, context, RedisSide.TARGET.name(RedisSide.TARGET.url(context)));
            var open = marked.marker().filter(marker -> marker.belongsTo(context) && marker.state() == Marker.State.OPENED).isPresent();
            return open ? Optional.empty() : Optional.of(marked.loaded());
        }
    }

    /** Of the target it only reads the marker: raising its epoch would fence off the workers that still copy. */
    @Override
    public void standBy(WorkerContext context) throws Refusal, IOException {
        try (var target = RedisSide.TARGET.open(context); var source = RedisSide.ofSidekiq(context).open(context)) {
            Marker.read(target);
            queues = JobKeys.queues(source);
        }
    }
}
