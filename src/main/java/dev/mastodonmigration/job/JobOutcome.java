package dev.mastodonmigration.job;

import dev.mastodonmigration.worker.control.WorkerReport;

/** What became of a Job. Read from its conditions, never from its counters, which lie while pods are retried. */
public sealed interface JobOutcome {
    /** Not there and never seen: to be created. */
    record Absent() implements JobOutcome {}

    /** Under way. */
    record Running() implements JobOutcome {}

    /** Complete, with its worker's last words; of several that share the work, with the first one's. */
    record Succeeded(WorkerReport report) implements JobOutcome {}

    /** Failed; the report says why, or that the worker left no word. */
    record Failed(WorkerReport report) implements JobOutcome {}

    /** It was seen once and is gone. */
    record Lost() implements JobOutcome {}
}
