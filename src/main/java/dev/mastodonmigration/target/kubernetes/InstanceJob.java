package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A command of Mastodon's that runs once on the target, with the instance's image and environment. */
record InstanceJob(String component, List<String> command) {
    /** Builds every active user's home and list feeds from the database. */
    static final InstanceJob FEEDS = new InstanceJob("feeds", MastodonProcesses.feeds());
    /** Fills the search index from the database. */
    static final InstanceJob SEARCH = new InstanceJob("search", MastodonProcesses.search());
    /** Of the pod, each after twice the pause of the one before; what was built stays, and building it again does no harm. */
    private static final int FAILURES = 3;
    /** Longer than any soak: a Job that is gone before it was looked at would be taken for one that somebody deleted. */
    private static final int KEPT_SECONDS = 30 * 86_400;

    /** Reason of the condition Failed. */
    private static final String DEADLINE = "DeadlineExceeded";

    String name(WorkloadNames names) {
        return names.of(component);
    }

    /** @param environment that the instance runs with; of it only counts whether there are certificates */
    Job of(WorkloadNames names, MastodonMigrationSpec spec, Map<String, String> environment) {
        var container = new ContainerBuilder().withName(component).withImage(spec.instance().image())
                .withCommand(command)
                .withResources(MastodonPod.resources("250m", 512, 2048));
        return new JobBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(name(names)).withLabels(names.labels(component)).endMetadata()
                .withNewSpec()
                .withCompletions(1).withParallelism(1)
                .withBackoffLimit(FAILURES)
                .withActiveDeadlineSeconds(Building.LONGEST.toSeconds())
                .withTtlSecondsAfterFinished(KEPT_SECONDS)
                .withNewPodFailurePolicy()
                .addNewRule().withAction("Ignore").addNewOnPodCondition().withType("DisruptionTarget").withStatus("True").endOnPodCondition().endRule()
                .endPodFailurePolicy()
                .withTemplate(Workloads.overlaid(MastodonPod.of(names, component, environment, container), names, component,
                        Optional.ofNullable(spec.target().compute().kubernetes().podTemplate()), Optional.empty()))
                .editTemplate().editSpec().withRestartPolicy("Never").endSpec().endTemplate()
                .endSpec()
                .build();
    }

    static Building state(Optional<Job> job) {
        if (job.isEmpty()) {
            return Building.GONE;
        }
        var status = Optional.ofNullable(job.get().getStatus());
        var conditions = status.map(JobStatus::getConditions).orElse(List.of()).stream().filter(condition -> "True".equals(condition.getStatus())).toList();
        if (conditions.stream().anyMatch(condition -> condition.getType().equals("Complete"))) {
            return Building.ENDED;
        }
        var failed = conditions.stream().filter(condition -> condition.getType().equals("Failed")).findFirst();
        if (failed.isPresent()) {
            return DEADLINE.equals(failed.get().getReason()) ? Building.TIMED_OUT : Building.FAILED;
        }
        return status.map(JobStatus::getReady).filter(ready -> ready > 0).isPresent() ? Building.BUILDING : Building.WAITING;
    }
}
