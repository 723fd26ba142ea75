package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the workers at their addresses say, and what they hear. The operator asks many at once. */
final class ScriptedWorkers {
    /** Of all whose Job is left running. */
    static final String RUNS_ON_IP = "10.0.1.1";
    private final Map<String, String> jobs = new HashMap<>();
    private final Set<String> standing = new HashSet<>();
    private final Set<String> asked = new HashSet<>();
    private final Set<String> silent = new HashSet<>();
    private final Map<String, WorkerReport> lastWords = new HashMap<>();
    private final Set<String> acknowledged = new HashSet<>();

    private static String address(String ip) {
        return "http://" + ip + ":" + ScriptedJobs.PORT;
    }

    synchronized void standBy(String ip, String job) {
        jobs.put(address(ip), job);
        standing.add(job);
    }

    /** Its Job, where it stands by. */
    synchronized Optional<String> standing(String worker) {
        return Optional.ofNullable(jobs.get(worker)).filter(job -> standing.contains(job) && !silent.contains(job));
    }

    /** Heard by a worker that stands by, which then begins, and by one that already does. */
    synchronized boolean call(String worker) {
        var job = jobs.get(worker);
        if (job != null && !silent.contains(job) && standing.remove(job)) {
            asked.add(job);
        }
        return worker.equals(address(RUNS_ON_IP)) || job != null && !silent.contains(job);
    }

    /** True once for a Job whose worker was asked to begin. */
    synchronized boolean begins(String job) {
        return asked.remove(job);
    }

    /** Whether it serves its last words: one that nobody can reach just ends. */
    synchronized boolean speaks(String job, WorkerReport report) {
        if (silent.contains(job)) {
            return false;
        }
        jobs.forEach((worker, of) -> {
            if (of.equals(job)) {
                lastWords.put(worker, report);
            }
        });
        return true;
    }

    synchronized Optional<WorkerReport> lastWords(String worker) {
        return Optional.ofNullable(lastWords.get(worker)).filter(words -> !silent.contains(jobs.get(worker)));
    }

    synchronized void acknowledge(String worker) {
        Optional.ofNullable(jobs.get(worker)).ifPresent(acknowledged::add);
    }

    /** True once for a Job whose worker was heard: it ends. */
    synchronized Optional<WorkerReport> ends(String job) {
        return acknowledged.remove(job) ? lastWords.entrySet().stream().filter(words -> jobs.get(words.getKey()).equals(job)).map(Map.Entry::getValue).findFirst() : Optional.empty();
    }

    /** The workers of that task's Jobs do not answer any more, as on a node that is lost. */
    synchronized void silence(String task) {
        jobs.values().stream().filter(job -> job.contains("-" + task + "-")).forEach(silent::add);
    }

    static Progress.Reading inSync(String redis) {
        return new Progress.Reading("in sync", 0, 0, 0, 0, 0, 0).withLag(0, 0, true).ofRedis(redis);
    }
}
