package dev.mastodonmigration.worker.redis.mastodon;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;

/**
 * Who runs jobs, which jobs wait, and how many were done, as one look at Sidekiq's keys tells (Sidekiq 8: lib/sidekiq/launcher.rb, api.rb).
 *
 * @param processes those that live, by identity
 * @param served    the queues that they fetch from; empty where one of them does not tell its own
 * @param waiting   jobs by queue, the empty ones left out
 * @param due       jobs of the schedule and of the retries whose time has come
 * @param processed jobs ever taken, those that failed among them
 * @param failed    jobs ever failed
 */
record SidekiqState(Map<String, SidekiqHeartbeat> processes, Optional<Set<String>> served, Map<String, Long> waiting, long due, long processed, long failed) {
    static SidekiqState of(Jedis redis) {
        var processes = new LinkedHashMap<>(SidekiqHeartbeat.all(redis));
        // Only a heartbeat that is going to expire was made by a process: each sets it anew to 60 s.
        processes.keySet().removeIf(identity -> redis.pttl(identity) <= 0);
        var waiting = new TreeMap<String, Long>();
        redis.smembers("queues").forEach(queue -> waiting.put(queue, redis.llen("queue:" + queue)));
        waiting.values().removeIf(jobs -> jobs == 0);
        var now = Instant.now().toEpochMilli() / 1000.0;
        // Of one moment: read one after the other, jobs that fail in between would look like some that succeeded.
        var counts = redis.mget("stat:processed", "stat:failed").stream().map(count -> count == null ? 0 : Long.parseLong(count)).toList();
        return new SidekiqState(processes, SidekiqHeartbeat.queues(redis, processes.keySet()), waiting, redis.zcount("schedule", 0, now) + redis.zcount("retry", 0, now), counts.getFirst(), counts.getLast());
    }

    private long jobs() {
        return due + waiting.values().stream().mapToLong(Long::longValue).sum();
    }

    private List<String> unserved() {
        return waiting.keySet().stream().filter(queue -> served.filter(queues -> !queues.contains(queue)).isPresent()).toList();
    }

    /** Whether a process could take a job and there is one. */
    private boolean hasWork() {
        return processes.values().stream().anyMatch(process -> !process.quiet()) && (due > 0 || waiting.size() > unserved().size());
    }

    private long doneSince(SidekiqState before) {
        return (processed - failed) - (before.processed - before.failed);
    }

    /**
     * What keeps jobs from being done, a sentence or two each, with what to do.
     *
     * @param before an earlier look
     * @param name   of the Redis
     * @param within time between the two
     */
    List<String> faults(SidekiqState before, String name, Duration within) {
        if (processes.isEmpty()) {
            return List.of("No Sidekiq runs: " + name + " has no heartbeat of one, which each process renews every 10 s, and which is over after 60. Posts are not delivered, mail is not sent, and home timelines stand still;"
                    + " the jobs wait, and none is lost. Look at the log of Sidekiq: whether it starts, and whether that is the Redis that it uses.");
        }
        var faults = new ArrayList<String>();
        processes.forEach((identity, process) -> {
            if (process.quiet()) {
                faults.add("Sidekiq process " + identity + " is quiet: it was told to fetch no more jobs, and fetches none before it is restarted. Unless it is just being replaced, restart it.");
            }
        });
        if (!unserved().isEmpty()) {
            faults.add("Jobs wait in queues that no Sidekiq process serves: " + String.join(", ", unserved()) + ". They wait until one does. Have a process serve these queues, or delete the jobs if nobody needs them.");
        }
        if (hasWork() && doneSince(before) <= 0) {
            faults.add(processed > before.processed
                    ? "Every job that Sidekiq took within " + within.toSeconds() + " s failed. It tries them again later. Look at the log of Sidekiq for why."
                    : "Jobs wait (" + places() + "), Sidekiq runs, and within " + within.toSeconds() + " s it has finished none. It may be busy with long ones. Look at the log of Sidekiq, and at what is in hand in its web page, /sidekiq/busy.");
        }
        return List.copyOf(faults);
    }

    private String places() {
        var places = waiting.keySet().stream().map(queue -> "queue " + queue).collect(Collectors.toCollection(ArrayList::new));
        if (due > 0) {
            places.add("those that are due in the schedule or as retries");
        }
        return String.join(", ", places);
    }

    /** For an admin to whom nothing has to be said. @param before an earlier look */
    String words(SidekiqState before) {
        return "Sidekiq: " + processes.size() + (processes.size() == 1 ? " process runs, " : " processes run, ")
                + (doneSince(before) > 0 ? "and jobs are done; " : "") + (jobs() == 0 ? "no job waits." : jobs() + (jobs() == 1 ? " job waits." : " jobs wait."));
    }
}
