package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpecBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Commands of the instance that the spec wants run by the clock, as Heroku Scheduler did. Most of them delete, in the database and in the bucket that both sides share: so they exist only once the target
 * takes writes, and none but those that the spec names. Like Deployments they have no owner: the instance goes on with them when the migration is gone.
 */
final class CronJobs {
    private static final String ZONE = "Etc/UTC";
    /** What could not be started in time, because the control plane was away, waits for its next turn. */
    private static final long LATEST_START_SECONDS = 3600;
    /** One that hangs would keep all later ones from running: they never run side by side. */
    private static final long LONGEST_SECONDS = 86_400;
    /** Of the pod, each after twice the pause of the one before. */
    private static final int FAILURES = 2;
    private static final int KEPT = 3;

    private final OwnedObjects objects;
    private final WorkloadNames names;
    private final MastodonMigrationSpec spec;

    CronJobs(OwnedObjects objects, MastodonMigration migration) {
        this.objects = objects;
        this.names = WorkloadNames.of(migration);
        this.spec = migration.getSpec();
    }

    private static List<MastodonMigrationSpec.CronJob> entries(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().compute().kubernetes().cronJobs()).orElse(List.of());
    }

    private static String component(MastodonMigrationSpec.CronJob entry) {
        return "cron-" + entry.name();
    }

    /** Of those that the spec names. */
    List<String> wanted() {
        return entries(spec).stream().map(entry -> names.of(component(entry))).toList();
    }

    /**
     * Makes those that the spec names as it names them, and deletes ours that have left it.
     *
     * @param environment that the instance runs with
     * @throws ForeignObjectException when one of that name is not ours
     */
    void ensure(Map<String, String> environment) {
        removeBut(wanted());
        entries(spec).forEach(entry -> objects.ensure(CronJob.class, of(entry, environment), (found, intent) -> {}));
    }

    /** What they have started goes with them. */
    void remove() {
        removeBut(List.of());
    }

    private void removeBut(List<String> wanted) {
        objects.cronJobs().stream().map(found -> found.getMetadata().getName()).filter(name -> !wanted.contains(name)).forEach(name -> objects.delete(CronJob.class, name));
    }

    private CronJob of(MastodonMigrationSpec.CronJob entry, Map<String, String> environment) {
        var component = component(entry);
        return new CronJobBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(names.of(component)).withLabels(names.labels(component)).endMetadata()
                .withNewSpec()
                .withSchedule(entry.schedule()).withTimeZone(ZONE)
                .withConcurrencyPolicy("Forbid")
                .withStartingDeadlineSeconds(LATEST_START_SECONDS)
                .withSuspend(false)
                .withSuccessfulJobsHistoryLimit(KEPT).withFailedJobsHistoryLimit(KEPT)
                .withNewJobTemplate()
                .withNewMetadata().withLabels(names.labels(component)).endMetadata()
                .withSpec(job(component, entry.command(), environment))
                .endJobTemplate()
                .endSpec()
                .build();
    }

    private JobSpec job(String component, List<String> command, Map<String, String> environment) {
        var container = new ContainerBuilder().withName(component).withImage(spec.instance().image()).withCommand(command).withResources(MastodonPod.resources("100m", 512, 2048));
        return new JobSpecBuilder()
                .withCompletions(1).withParallelism(1)
                .withBackoffLimit(FAILURES)
                .withActiveDeadlineSeconds(LONGEST_SECONDS)
                .withNewPodFailurePolicy()
                .addNewRule().withAction("Ignore").addNewOnPodCondition().withType("DisruptionTarget").withStatus("True").endOnPodCondition().endRule()
                .endPodFailurePolicy()
                .withTemplate(Workloads.overlaid(MastodonPod.of(names, component, environment, container), names, component,
                        Optional.ofNullable(spec.target().compute().kubernetes().podTemplate()), Optional.empty()))
                .editTemplate().editSpec().withRestartPolicy("Never").endSpec().endTemplate()
                .build();
    }
}
