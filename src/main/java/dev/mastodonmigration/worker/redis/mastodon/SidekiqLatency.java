package dev.mastodonmigration.worker.redis.mastodon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.time.Instant;
import java.util.TreeMap;
import redis.clients.jedis.Jedis;

/** Asks how long the oldest job of each queue has waited, as Sidekiq itself does (lib/sidekiq/api.rb, Queue#latency). Only reads; the figures of its report are seconds, by queue, and a queue without jobs has none. */
public final class SidekiqLatency implements WorkerTask {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Seconds with a fraction until Sidekiq 7, whole milliseconds since Sidekiq 8. */
    private static final double NO_SECONDS = 1e11;

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var side = context.has(RedisSide.TARGET.file()) ? RedisSide.TARGET : RedisSide.ofSidekiq(context);
        try (var redis = side.open(context)) {
            var latencies = new TreeMap<String, Long>();
            for (var queue : redis.smembers("queues")) {
                oldest(redis, queue, latencies);
            }
            return WorkerReport.succeeded("The oldest job in Sidekiq's queues has waited for " + latencies.values().stream().mapToLong(Long::longValue).max().orElse(0) + " s.", latencies);
        }
    }

    private static void oldest(Jedis redis, String queue, TreeMap<String, Long> latencies) throws IOException {
        // Jobs are pushed on the left and taken from the right.
        var job = redis.lindex("queue:" + queue, -1);
        if (job != null) {
            latencies.put(queue, Math.max(0, Instant.now().toEpochMilli() - enqueuedAt(queue, job)) / 1000);
        }
    }

    /** In milliseconds. */
    private static long enqueuedAt(String queue, String job) throws IOException {
        try {
            var at = JSON.readTree(job).path("enqueued_at");
            if (at.isNumber()) {
                return Math.round(at.asDouble() < NO_SECONDS ? at.asDouble() * 1000 : at.asDouble());
            }
        } catch (JsonProcessingException noJson) {
            // Its words would quote the job.
            throw new IOException("the oldest entry of queue " + queue + " is no job of Sidekiq's");
        }
        throw new IOException("the oldest job of queue " + queue + " does not say since when it waits");
    }
}
