package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.redis.wire.RedisInfo;
import java.util.List;
import java.util.Map;
import redis.clients.jedis.Jedis;

/**
 * A client of another on a Redis of the source's, as CLIENT LIST tells.
 *
 * @param name    by CLIENT SETNAME; empty where it has none, as Mastodon's own
 * @param library by CLIENT SETINFO, since Redis 7.2; empty where it has none
 * @param address with its port
 * @param seconds since its last command
 * @param command its last, without what it was given
 */
record SourceClient(String name, String library, String address, String seconds, String command) {
    /** Sidekiq's before 7 (lib/sidekiq/redis_connection.rb). Mastodon's web, Sidekiq 7 and later, and streaming (streaming/redis.js) set none. */
    private static final String SIDEKIQS = "Sidekiq-";
    /** A replica and its primary are servers. */
    private static final String SERVERS = "SM";

    /** @param ours the name of our own connections */
    static List<SourceClient> ofOthers(Jedis source, String ours) {
        return RedisInfo.clients(source).stream().filter(client -> isAnothers(client, ours))
                .map(client -> new SourceClient(Redaction.strike(client.getOrDefault("name", "")), Redaction.strike(client.getOrDefault("lib-name", "")), client.getOrDefault("addr", ""), client.getOrDefault("idle", ""), client.getOrDefault("cmd", ""))).toList();
    }

    private static boolean isAnothers(Map<String, String> client, String ours) {
        return !ours.equals(client.get("name")) && client.getOrDefault("flags", "").chars().noneMatch(flag -> SERVERS.indexOf(flag) >= 0);
    }

    /** Whether its name says that it is no process of the instance. One without a name may be anybody's. */
    boolean isOfAnotherProgram() {
        return !name.isEmpty() && !name.startsWith(SIDEKIQS);
    }

    /** Where it is, without the port, which changes with each connection. */
    String host() {
        return address.replaceAll(":\\d+$", "");
    }

    String words() {
        return (!name.isEmpty() ? name : library.isEmpty() ? "one without a name" : "one by " + library) + (address.isEmpty() ? "" : " from " + address) + (seconds.isEmpty() ? "" : ", idle for " + seconds + " s")
                + (command.isEmpty() ? "" : ", last command " + command);
    }
}
