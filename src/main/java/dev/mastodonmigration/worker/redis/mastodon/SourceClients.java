package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.FirstFew;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Counts who is connected to the source's Redis besides us, and names some of them: a process of the instance that is just ending still is. Where the server does not tell its clients
 * to this user, Sidekiq's heartbeats are counted, which a process that ends in order takes along. The notes of its report are the identities of the Sidekiqs that
 * fetch no more jobs, one each.
 */
public final class SourceClients implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var clients = new ArrayList<String>();
        for (var side : RedisSide.sources(context)) {
            clients.addAll(clients(context, side));
        }
        return WorkerReport.succeeded(words(clients), Map.of(Figure.CLIENTS, (long) clients.size()), asleep(context));
    }

    private static String words(List<String> clients) {
        return switch (clients.size()) {
            case 0 -> "No client of another is left on the source's Redis.";
            case 1 -> "A client of another is still on the source's Redis: " + clients.getFirst() + ".";
            default -> clients.size() + " clients of others are still on the source's Redis: " + FirstFew.of(clients) + ".";
        };
    }

    private static List<String> asleep(WorkerContext context) throws Refusal, IOException {
        try (var jedis = RedisSide.ofSidekiq(context).open(context)) {
            return SidekiqHeartbeat.asleep(jedis);
        }
    }

    private static List<String> clients(WorkerContext context, RedisSide side) throws Refusal, IOException {
        try (var jedis = side.open(context)) {
            return clients(jedis, RedisSide.connectionName(context));
        }
    }

    private static List<String> clients(Jedis jedis, String ours) {
        try {
            return SourceClient.ofOthers(jedis, ours).stream().map(SourceClient::words).toList();
        } catch (JedisDataException notTold) {
            return SidekiqHeartbeat.all(jedis).keySet().stream().map(identity -> "Sidekiq process " + identity).toList();
        }
    }
}
