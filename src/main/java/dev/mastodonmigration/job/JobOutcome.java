package dev.mastodonmigration.job;

import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.List;
import java.util.Optional;

/** What Kubernetes knows of a Job. Read from its conditions and its workers' last words, never from its counters, which lie while pods are retried. */
sealed interface JobOutcome {
    /**
     * Under way.
     *
     * @param workers where its running workers listen; none before one has an address
     * @param heldUp  which of its pods does not run yet and why, such as an image that cannot be pulled
     */
    record Running(List<String> workers, Optional<String> heldUp) implements JobOutcome {}

    /** Done, with its worker's last words; of several that share the work, with the first one's. */
    record Succeeded(WorkerReport report) implements JobOutcome {}

    /** Failed; the report says why, or that the worker left no word. */
    record Failed(WorkerReport report) implements JobOutcome {}
}
