package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Counts who is connected to the source's Redis besides us: a process of the instance that is just ending still is. Where the server does not tell its clients
 * to this user, Sidekiq's heartbeats are counted, which a process that ends in order takes along. The notes of its report are the identities of the Sidekiqs that
 * fetch no more jobs, one each.
 */
public final class SourceClients implements WorkerTask {
    private static final Pattern NAME = Pattern.compile("(?:^| )name=(\\S*)");
    private static final Pattern FLAGS = Pattern.compile("(?:^| )flags=(\\S*)");

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var clients = 0L;
        for (var side : RedisSide.sources(context)) {
            clients += count(context, side);
        }
        return WorkerReport.succeeded(clients == 0 ? "No client of another is left on the source's Redis." : clients + " clients of others are still on the source's Redis.", Map.of(Figure.CLIENTS, clients), asleep(context));
    }

    private static long count(WorkerContext context, RedisSide side) throws Refusal, IOException {
        try (var jedis = side.open(context)) {
            return clients(jedis, RedisSide.connectionName(context));
        }
    }

    private static List<String> asleep(WorkerContext context) throws Refusal, IOException {
        try (var jedis = RedisSide.ofSidekiq(context).open(context)) {
            return SidekiqHeartbeat.asleep(jedis);
        }
    }

    private static long clients(Jedis jedis, String ours) {
        try {
            return jedis.clientList().lines().filter(client -> isAnothers(client, ours)).count();
        } catch (JedisDataException notTold) {
            return SidekiqHeartbeat.all(jedis).size();
        }
    }

    /** A replica and its primary (flags S, M) are servers. */
    private static boolean isAnothers(String client, String ours) {
        return !group(NAME, client).equals(ours) && group(FLAGS, client).chars().noneMatch(flag -> flag == 'S' || flag == 'M');
    }

    private static String group(Pattern pattern, String client) {
        var match = pattern.matcher(client);
        return match.find() ? match.group(1) : "";
    }
}
