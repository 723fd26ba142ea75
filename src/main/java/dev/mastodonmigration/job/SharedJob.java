package dev.mastodonmigration.job;

import dev.mastodonmigration.worker.control.Tasks;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;

/**
 * Spreads a task over several pods, as an Indexed Job, where the pods share the work among themselves: one that dies is replaced and the others
 * go on meanwhile, one that refuses ends all at once, and what one reports in the end is true of all.
 */
final class SharedJob {
    /**
     * Of one pod's index, each after twice the pause of the one before (10 s, up to 10 min): hours. One that dies so often is given up, and the others go on.
     * (https://kubernetes.io/docs/concepts/workloads/controllers/job/#backoff-limit-per-index)
     */
    private static final int FAILURES_PER_INDEX = 20;

    private SharedJob() {}

    static boolean isShared(String task) {
        return Tasks.REPLICATE_POSTGRES.equals(task);
    }

    /** @param single the Job that does it with one pod */
    static Job spread(Job single, int pods) {
        return new JobBuilder(single).editSpec()
                .withCompletionMode("Indexed").withCompletions(pods).withParallelism(pods)
                .withBackoffLimitPerIndex(FAILURES_PER_INDEX)
                // Reached only when every index is given up; a Kubernetes before 1.29 knows this limit alone.
                .withBackoffLimit(FAILURES_PER_INDEX * pods)
                .endSpec().build();
    }
}
