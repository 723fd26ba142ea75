package dev.mastodonmigration.job;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.target.aws.AwsConfig;
import dev.mastodonmigration.worker.control.WorkerReport;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.inject.Singleton;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A migration's Jobs in the API server: each is created once, and what Kubernetes knows of it is read. */
@Singleton
public class Jobs {
    private static final Duration PATIENCE_WITH_A_LOST_NODE = Duration.ofSeconds(30);
    /** Before that, events are not asked for: a pod takes a moment to be made. */
    private static final Duration TIME_TO_START = Duration.ofSeconds(3);
    private static final String JOB_NAME = "batch.kubernetes.io/job-name";
    private final KubernetesClient client;
    private final OperatorConfig config;
    private final AwsConfig aws;
    private final JobEvents events;

    public Jobs(KubernetesClient client, OperatorConfig config, AwsConfig aws) {
        this.client = client;
        this.config = config;
        this.aws = aws;
        this.events = new JobEvents(client);
    }

    public String name(MastodonMigration migration, String task, int attempt) {
        return WorkerJob.name(migration, task, attempt);
    }

    /** Which workers a migration that starts now gets: pinned in its status then, so that an operator that is upgraded meanwhile does not mix two versions. */
    String image() {
        return config.workerImage();
    }

    /**
     * Creates the Job of that record; finds it when an operator that was killed had created it already.
     *
     * @return the Job's uid
     */
    public String create(MastodonMigration migration, JobRecord record) {
        var image = Optional.ofNullable(migration.getStatus().internal.workerImage).orElse(config.workerImage());
        var job = WorkerJob.of(migration, record, image, config.workerImagePullSecrets().orElse(List.of()), config.workerPort(), aws.endpoint());
        try {
            return client.batch().v1().jobs().resource(job).create().getMetadata().getUid();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            return find(migration, record).map(found -> found.getMetadata().getUid())
                    .orElseThrow(() -> new IllegalStateException("Job " + record.name + " exists and belongs to another migration. Delete it."));
        }
    }

    /** The Job of that name, if it is this very migration's: one that was created again does not adopt an old Job. */
    Optional<Job> find(MastodonMigration migration, JobRecord record) {
        return Optional.ofNullable(client.batch().v1().jobs().inNamespace(migration.getMetadata().getNamespace()).withName(record.name).get())
                .filter(job -> WorkerJob.isOf(migration, job));
    }

    /** The word of a pod that succeeded is enough: Kubernetes takes a second or two to make a condition of it, and a pod that shares the work may still be replaced. */
    JobOutcome outcome(Job job, Instant now) {
        var pods = pods(job.getMetadata().getNamespace(), job.getMetadata().getName());
        var name = job.getMetadata().getName();
        var success = pods.reports().filter(report -> report.outcome() == WorkerReport.Outcome.SUCCEEDED).findFirst();
        if (success.isPresent()) {
            return new JobOutcome.Succeeded(success.get());
        }
        if (condition(job, "Complete").isPresent()) {
            return new JobOutcome.Failed(WorkerReport.retryable("Job " + name + " is complete, but its pod and with it its report are gone."));
        }
        var failed = condition(job, "Failed");
        if (failed.isPresent()) {
            return new JobOutcome.Failed(pods.failure().orElseGet(() -> WorkerReport.retryable(
                    "The worker of Job " + name + " ended without a report: " + pods.death().orElseGet(() -> failed.get().getReason() + ": " + failed.get().getMessage()) + ".")));
        }
        if (pods.areLost(now, PATIENCE_WITH_A_LOST_NODE)) {
            return new JobOutcome.Failed(WorkerReport.retryable("The worker of Job " + name + " was told to end and does not: its node does not answer."));
        }
        var addresses = pods.addresses().map(ip -> "http://" + (ip.contains(":") ? "[" + ip + "]" : ip) + ":" + config.workerPort()).toList();
        return new JobOutcome.Running(addresses, pods.heldUp().or(() -> heldUp(job, pods, now)));
    }

    /** What stands in no pod's status. */
    private Optional<String> heldUp(Job job, JobPods pods, Instant now) {
        var created = job.getMetadata().getCreationTimestamp();
        if (created != null && now.isBefore(Instant.parse(created).plus(TIME_TO_START))) {
            return Optional.empty();
        }
        var wanted = JobPods.wanted(job);
        var missing = wanted - pods.unended().count();
        return missing > 0 ? missing(job, pods, missing == wanted ? "Kubernetes creates no pod" : missing + " of " + wanted + " pods are not created")
                : pods.pending().map(pod -> events.warning(pod.getMetadata().getNamespace(), pod.getMetadata().getUid(), Instant.MIN))
                        .flatMap(Optional::stream).findFirst().map(why -> "its pod waits: " + why);
    }

    private Optional<String> missing(Job job, JobPods pods, String words) {
        return events.warning(job.getMetadata().getNamespace(), job.getMetadata().getUid(), pods.lastEnd().orElse(Instant.MIN)).map(why -> words + ": " + why)
                .or(() -> pods.death().map(death -> "a pod of it ended (" + death + "), and Kubernetes starts another"));
    }

    /** Deletes the Job with its pods; nothing when it is gone. */
    public void delete(MastodonMigration migration, JobRecord record) {
        find(migration, record).ifPresent(this::delete);
    }

    /** Deletes every Job of the migration's workers, also those that no record names; answers their uids. */
    List<String> deleteAll(MastodonMigration migration) {
        var found = client.batch().v1().jobs().inNamespace(migration.getMetadata().getNamespace()).withLabels(WorkerJob.labels(migration)).list().getItems();
        found.forEach(this::delete);
        return found.stream().map(job -> job.getMetadata().getUid()).toList();
    }

    private void delete(Job job) {
        client.resource(job).withPropagationPolicy(DeletionPropagation.BACKGROUND).delete();
    }

    /** Whether a pod of that Job still runs. One on a node that no longer answers is not waited for: the databases' own locks hold it off. */
    public boolean hasRunningPod(MastodonMigration migration, JobRecord record, Instant now) {
        return pods(migration.getMetadata().getNamespace(), record.name).unended()
                .anyMatch(pod -> pod.getMetadata().getDeletionTimestamp() == null
                        || now.isBefore(Instant.parse(pod.getMetadata().getDeletionTimestamp()).plus(PATIENCE_WITH_A_LOST_NODE)));
    }

    private static Optional<JobCondition> condition(Job job, String type) {
        return job.getStatus() == null || job.getStatus().getConditions() == null ? Optional.empty()
                : job.getStatus().getConditions().stream().filter(condition -> type.equals(condition.getType()) && "True".equals(condition.getStatus())).findFirst();
    }

    private JobPods pods(String namespace, String job) {
        return new JobPods(client.pods().inNamespace(namespace).withLabel(JOB_NAME, job).list().getItems());
    }
}
