package dev.mastodonmigration.worker.redis.mastodon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    private static final ObjectMapper JSON = new ObjectMapper();

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

    /** The queues that these processes fetch from; empty where one of them does not tell its own. */
    static Optional<Set<String>> queues(Jedis redis, Set<String> identities) {
        var served = new HashSet<String>();
        for (var identity : identities) {
            var queues = queues(redis.hget(identity, "info"));
            if (queues.isEmpty()) {
                return Optional.empty();
            }
            served.addAll(queues);
        }
        return Optional.of(served);
    }

    private static List<String> queues(String info) {
        try {
            var names = new ArrayList<String>();
            JSON.readTree(info == null ? "{}" : info).path("queues").forEach(queue -> names.add(queue.asText()));
            return names;
        } catch (JsonProcessingException untold) {
            return List.of();
        }
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

    /**
     * Two successive heartbeats, both idle and both later than the first quiet one by more than a fetch can take: a job popped just before
     * would be seen on the second.
     *
     * @param quietSinceSeconds first heartbeat that said quiet, 0 before
     * @param lastBeatSeconds   the newest seen
     * @param idleBeats         idle ones in a row
     */
    record IdleProof(double quietSinceSeconds, double lastBeatSeconds, int idleBeats) {
        static final IdleProof NONE = new IdleProof(0, 0, 0);
        private static final int NEEDED = 2;
        /** Sidekiq's BRPOP waits so long (lib/sidekiq/fetch.rb, TIMEOUT). */
        private static final double FETCH_SECONDS = 2;

        IdleProof seen(SidekiqHeartbeat beat) {
            if (!beat.quiet) {
                return new IdleProof(0, beat.beatSeconds, 0);
            }
            var since = quietSinceSeconds == 0 ? beat.beatSeconds : quietSinceSeconds;
            var counts = beat.beatSeconds > lastBeatSeconds && beat.beatSeconds >= since + FETCH_SECONDS;
            return new IdleProof(since, beat.beatSeconds, beat.busy > 0 ? 0 : counts ? idleBeats + 1 : idleBeats);
        }

        boolean isComplete() {
            return idleBeats >= NEEDED;
        }
    }
}
