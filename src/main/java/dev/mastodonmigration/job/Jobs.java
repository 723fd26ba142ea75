package dev.mastodonmigration.job;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.worker.control.WorkerReport;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.inject.Singleton;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Creates a migration's Jobs, once each, and says what became of them. */
@Singleton
public class Jobs {
    private static final Duration PATIENCE_WITH_A_LOST_NODE = Duration.ofSeconds(30);
    private static final String JOB_NAME = "batch.kubernetes.io/job-name";
    private final KubernetesClient client;
    private final OperatorConfig config;

    public Jobs(KubernetesClient client, OperatorConfig config) {
        this.client = client;
        this.config = config;
    }

    public String name(MastodonMigration migration, String task, int attempt) {
        return WorkerJob.name(migration, task, attempt);
    }

    /**
     * Creates the Job of that record; finds it when an operator that was killed had created it already.
     *
     * @return the Job's uid
     */
    public String create(MastodonMigration migration, JobRecord record) {
        var job = WorkerJob.of(migration, record, config.workerImage(), config.workerImagePullSecrets().orElse(List.of()), config.workerPort());
        try {
            return client.batch().v1().jobs().resource(job).create().getMetadata().getUid();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            return own(migration, record).map(found -> found.getMetadata().getUid())
                    .orElseThrow(() -> new IllegalStateException("Job " + record.name + " exists and belongs to another owner. Delete it."));
        }
    }

    public JobOutcome outcome(MastodonMigration migration, JobRecord record) {
        var found = own(migration, record);
        if (found.isEmpty() || record.uid != null && !record.uid.equals(found.get().getMetadata().getUid())) {
            return record.uid == null ? new JobOutcome.Absent() : new JobOutcome.Lost();
        }
        return became(found.get(), record, pods(migration, record));
    }

    /** The word of a pod that succeeded is enough: Kubernetes takes a second or two to make a condition of it, and a pod that shares the work may still be replaced. */
    private JobOutcome became(Job job, JobRecord record, JobPods pods) {
        var success = pods.reports().filter(report -> report.outcome() == WorkerReport.Outcome.SUCCEEDED).findFirst();
        if (success.isPresent()) {
            return new JobOutcome.Succeeded(success.get());
        }
        if (hasCondition(job, "Complete")) {
            return new JobOutcome.Failed(WorkerReport.retryable("Job " + record.name + " is complete, but its pod and with it its report are gone."));
        }
        return hasCondition(job, "Failed")
                ? new JobOutcome.Failed(pods.failure().orElseGet(() -> WorkerReport.retryable("The worker of Job " + record.name + " died without a word" + pods.exit() + ".")))
                : new JobOutcome.Running(pods.addresses().map(ip -> "http://" + bracketed(ip) + ":" + config.workerPort()).toList(), pods.heldUp());
    }

    /** Deletes the Job with its pods; nothing when it is gone. */
    public void delete(MastodonMigration migration, JobRecord record) {
        if (own(migration, record).isPresent()) {
            client.batch().v1().jobs().inNamespace(migration.getMetadata().getNamespace()).withName(record.name)
                    .withPropagationPolicy(DeletionPropagation.BACKGROUND).delete();
        }
    }

    /** Whether a pod of that Job still runs. One on a node that no longer answers is not waited for: the databases' own locks hold it off. */
    public boolean hasRunningPod(MastodonMigration migration, JobRecord record, Instant now) {
        return pods(migration, record).unended()
                .anyMatch(pod -> pod.getMetadata().getDeletionTimestamp() == null
                        || now.isBefore(Instant.parse(pod.getMetadata().getDeletionTimestamp()).plus(PATIENCE_WITH_A_LOST_NODE)));
    }

    private Optional<Job> own(MastodonMigration migration, JobRecord record) {
        return Optional.ofNullable(client.batch().v1().jobs().inNamespace(migration.getMetadata().getNamespace()).withName(record.name).get())
                .filter(job -> job.getMetadata().getOwnerReferences().stream().anyMatch(owner -> migration.getMetadata().getUid().equals(owner.getUid())));
    }

    private static boolean hasCondition(Job job, String type) {
        return job.getStatus() != null && job.getStatus().getConditions() != null
                && job.getStatus().getConditions().stream().anyMatch(condition -> type.equals(condition.getType()) && "True".equals(condition.getStatus()));
    }

    private JobPods pods(MastodonMigration migration, JobRecord record) {
        return new JobPods(client.pods().inNamespace(migration.getMetadata().getNamespace()).withLabel(JOB_NAME, record.name).list().getItems());
    }

    private static String bracketed(String ip) {
        return ip.contains(":") ? "[" + ip + "]" : ip;
    }
}
