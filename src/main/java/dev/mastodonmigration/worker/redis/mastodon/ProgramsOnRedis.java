package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.FirstFew;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import redis.clients.jedis.exceptions.JedisDataException;

/** Names the programs on the source's Redis that are none of Mastodon's own, by the name that they gave their connection: a note each. One without a name cannot be told from Mastodon, and is not named. */
public final class ProgramsOnRedis implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var hosts = new TreeMap<String, TreeSet<String>>();
        for (var side : RedisSide.sources(context)) {
            try (var source = side.open(context)) {
                SourceClient.ofOthers(source, RedisSide.connectionName(context)).stream().filter(SourceClient::isOfAnotherProgram).forEach(client -> hosts.computeIfAbsent(client.name(), name -> new TreeSet<>()).add(client.host()));
            } catch (JedisDataException notTold) {
                return WorkerReport.succeeded("The source's Redis does not tell its clients.", Map.of());
            }
        }
        return WorkerReport.succeeded("", Map.of(), hosts.entrySet().stream().map(program -> program.getKey() + " is connected to the source's Redis (from " + FirstFew.of(program.getValue().stream().toList()) + ")").toList());
    }
}
