package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.mastodon.Feeds;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds every active user's home and list feeds from the database, as Mastodon does it itself. */
final class FeedsJob {
    private static final String COMPONENT = "feeds";
    /** Of the pod, each after twice the pause of the one before; what was built stays, and building it again does no harm. */
    private static final int FAILURES = 3;
    /** Longer than any soak: a Job that is gone before it was looked at would be taken for one that somebody deleted. */
    private static final int KEPT_SECONDS = 30 * 86_400;

    /** Reason of the condition Failed. */
    private static final String DEADLINE = "DeadlineExceeded";

    private FeedsJob() {}

    static String name(WorkloadNames names) {
        return names.of(COMPONENT);
    }

    /** @param environment that the instance runs with; of it only counts whether there are certificates */
    static Job of(WorkloadNames names, MastodonMigrationSpec spec, Map<String, String> environment) {
        var container = new ContainerBuilder().withName(COMPONENT).withImage(spec.instance().image())
                .withCommand(MastodonProcesses.feeds())
                .withResources(MastodonPod.resources("250m", 512, 2048));
        return new JobBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(name(names)).withLabels(names.labels(COMPONENT)).endMetadata()
                .withNewSpec()
                .withCompletions(1).withParallelism(1)
                .withBackoffLimit(FAILURES)
                .withActiveDeadlineSeconds(Feeds.LONGEST.toSeconds())
                .withTtlSecondsAfterFinished(KEPT_SECONDS)
                .withNewPodFailurePolicy()
                .addNewRule().withAction("Ignore").addNewOnPodCondition().withType("DisruptionTarget").withStatus("True").endOnPodCondition().endRule()
                .endPodFailurePolicy()
                .withTemplate(Workloads.overlaid(MastodonPod.of(names, COMPONENT, environment, container), names, COMPONENT,
                        Optional.ofNullable(spec.target().compute().kubernetes().podTemplate()), Optional.empty()))
                .editTemplate().editSpec().withRestartPolicy("Never").endSpec().endTemplate()
                .endSpec()
                .build();
    }

    static Feeds state(Optional<Job> job) {
        if (job.isEmpty()) {
            return Feeds.GONE;
        }
        var status = Optional.ofNullable(job.get().getStatus());
        var conditions = status.map(JobStatus::getConditions).orElse(List.of()).stream().filter(condition -> "True".equals(condition.getStatus())).toList();
        if (conditions.stream().anyMatch(condition -> condition.getType().equals("Complete"))) {
            return Feeds.ENDED;
        }
        var failed = conditions.stream().filter(condition -> condition.getType().equals("Failed")).findFirst();
        if (failed.isPresent()) {
            return DEADLINE.equals(failed.get().getReason()) ? Feeds.TIMED_OUT : Feeds.FAILED;
        }
        return status.map(JobStatus::getReady).filter(ready -> ready > 0).isPresent() ? Feeds.BUILDING : Feeds.WAITING;
    }
}
