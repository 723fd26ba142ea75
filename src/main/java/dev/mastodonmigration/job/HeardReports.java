package dev.mastodonmigration.job;

import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Last words that workers were told are heard, by the uid of the Job: between that and the pod's status, one to two seconds, nobody else has them, and a
 * status that could not be written makes us look once more. An operator that was killed in between finds them in the termination message.
 */
final class HeardReports {
    private final Map<String, WorkerReport> byJob = new ConcurrentHashMap<>();

    Optional<WorkerReport> of(String jobUid) {
        return Optional.ofNullable(byJob.get(jobUid));
    }

    void keep(String jobUid, WorkerReport report) {
        byJob.put(jobUid, report);
    }

    void forget(String jobUid) {
        byJob.remove(jobUid);
    }
}
