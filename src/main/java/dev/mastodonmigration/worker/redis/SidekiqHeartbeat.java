package dev.mastodonmigration.worker.redis;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;

/**
 * What one Sidekiq process last said of itself: up to 10 s old (Sidekiq 8: lib/sidekiq/launcher.rb, heartbeat).
 *
 * @param beatSeconds Unix time of the heartbeat, by the process's clock
 * @param quiet       fetches no more
 * @param busy        jobs in hand
 */
record SidekiqHeartbeat(double beatSeconds, boolean quiet, long busy) {
    private static final Pattern JOB_CLASS = Pattern.compile("\\\\?\"class\\\\?\":\\s*\\\\?\"([^\"\\\\]+)");
    private static final int NAMED = 5;

    /** By identity, those whose heartbeat has not expired (60 s). */
    static Map<String, SidekiqHeartbeat> all(Jedis redis) {
        var all = new LinkedHashMap<String, SidekiqHeartbeat>();
        for (var identity : redis.smembers("processes")) {
            var hash = redis.hgetAll(identity);
            if (hash.containsKey("beat")) {
                var work = redis.hlen(identity + ":work");
                all.put(identity, new SidekiqHeartbeat(number(hash.get("beat")), "true".equals(hash.get("quiet")), Math.max(work, (long) number(hash.getOrDefault("busy", "0")))));
            }
        }
        return all;
    }

    /** The identities of those that fetch no more jobs: nothing but a restart wakes them. */
    static List<String> asleep(Jedis redis) {
        return all(redis).entrySet().stream().filter(process -> process.getValue().quiet()).map(Map.Entry::getKey).toList();
    }

    boolean isIdle() {
        return quiet && busy == 0;
    }

    /** The classes of the jobs in hand, for an admin. */
    static String jobs(Jedis redis, String identity) {
        var work = redis.hvals(identity + ":work");
        var classes = work.stream().limit(NAMED).map(job -> {
            var found = JOB_CLASS.matcher(job);
            return found.find() ? found.group(1) : "unknown";
        }).collect(Collectors.joining(", "));
        return work.isEmpty() ? "none told" : classes + (work.size() > NAMED ? " and " + (work.size() - NAMED) + " more" : "");
    }

    private static double number(String text) {
        return text.matches("\\d+(\\.\\d+)?([eE]\\+?\\d+)?") ? Double.parseDouble(text) : 0;
    }
}
