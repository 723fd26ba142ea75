package dev.mastodonmigration.worker.redis;

import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** What an admin should know about Sidekiq's jobs on the source before any of them moves. Changes nothing. */
final class JobsPreflight {
    private final Jedis source;
    private final String name;

    JobsPreflight(Jedis source, String name) {
        this.source = source;
        this.name = name;
    }

    void check(List<String> blockers, List<String> notes) {
        try {
            JobsAside.leftover(source, name).ifPresent(blockers::add);
            JobsAside.forbidden(source, name).ifPresent(notes::add);
        } catch (JedisException e) {
            blockers.add(name + " does not tell of its jobs (" + e.getMessage() + "). Allow this user to read all keys.");
        }
    }
}
