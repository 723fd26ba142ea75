package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Plays the controllers of Jobs and Deployments, with worker reports that a test has written beforehand. */
final class ScriptedJobs {
    /** A Job that is left running. */
    static final WorkerReport RUNS_ON = WorkerReport.retryable("runs on");
    private static final Map<String, Long> FIGURES = Map.of(Figure.TABLES, 3L, Figure.ROWS, 30L, Figure.KEYS, 7L, Figure.DIFFERENCES, 0L, Figure.COPY_MILLISECONDS, 1500L);

    private final KubernetesClient client;
    private final String namespace;
    private final Map<String, Function<Integer, WorkerReport>> script = new HashMap<>();
    private final Map<String, WorkerReport> evicted = new HashMap<>();
    private final Map<String, Integer> runs = new HashMap<>();
    final List<String> ran = new ArrayList<>();

    ScriptedJobs(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    /** What a task reports in its nth run, from 1. */
    void script(String task, Function<Integer, WorkerReport> report) {
        script.put(task, report);
    }

    /** Beside the pod that ends as scripted, one stands that was evicted before it, last in name order. */
    void alsoEvicted(String task, WorkerReport report) {
        evicted.put(task, report);
    }

    static WorkerReport succeeded() {
        return WorkerReport.succeeded("done.", FIGURES);
    }

    void play() {
        client.batch().v1().jobs().inNamespace(namespace).list().getItems().stream().filter(job -> job.getStatus() == null).forEach(this::run);
        client.apps().deployments().inNamespace(namespace).list().getItems().forEach(this::makeReady);
    }

    private void run(Job job) {
        var task = job.getSpec().getTemplate().getSpec().getContainers().getFirst().getArgs().getLast();
        var report = script.getOrDefault(task, run -> succeeded()).apply(runs.merge(task, 1, Integer::sum));
        ran.add(task);
        var over = report != RUNS_ON;
        var good = report.outcome() == WorkerReport.Outcome.SUCCEEDED;
        client.pods().inNamespace(namespace).resource(pod(job, over, good, report)).create();
        if (evicted.containsKey(task)) {
            var other = pod(job, true, false, evicted.get(task));
            other.getMetadata().setName(job.getMetadata().getName() + "-zzz");
            client.pods().inNamespace(namespace).resource(other).create();
        }
        var started = new JobBuilder(job).withNewStatus().withActive(over ? 0 : 1).endStatus().build();
        if (over) {
            started = new JobBuilder(started).editStatus().addNewCondition().withType(good ? "Complete" : "Failed").withStatus("True").endCondition().endStatus().build();
        }
        client.batch().v1().jobs().inNamespace(namespace).resource(started).updateStatus();
    }

    private Pod pod(Job job, boolean over, boolean good, WorkerReport report) {
        var pod = new PodBuilder()
                .withNewMetadata().withName(job.getMetadata().getName() + "-pod").withNamespace(namespace).addToLabels("batch.kubernetes.io/job-name", job.getMetadata().getName())
                    .addNewOwnerReference().withApiVersion("batch/v1").withKind("Job").withName(job.getMetadata().getName()).withUid(job.getMetadata().getUid()).endOwnerReference()
                .endMetadata()
                .withSpec(job.getSpec().getTemplate().getSpec());
        if (!over) {
            return pod.withNewStatus().withPhase("Running").endStatus().build();
        }
        return pod.withNewStatus().withPhase(good ? "Succeeded" : "Failed")
                .addNewContainerStatus().withName("worker").withNewState().withNewTerminated().withExitCode(good ? 0 : 1).withMessage(report.toJson()).endTerminated().endState().endContainerStatus()
                .endStatus().build();
    }

    private void makeReady(Deployment deployment) {
        var replicas = deployment.getSpec().getReplicas();
        var status = deployment.getStatus();
        if (status == null || !replicas.equals(status.getReadyReplicas())) {
            client.apps().deployments().inNamespace(namespace).resource(new DeploymentBuilder(deployment).withNewStatus()
                    .withObservedGeneration(deployment.getMetadata().getGeneration()).withReplicas(replicas).withReadyReplicas(replicas).withUpdatedReplicas(replicas).withAvailableReplicas(replicas)
                    .endStatus().build()).updateStatus();
        }
    }

    long count(String task) {
        return ran.stream().filter(task::equals).count();
    }

    static List<String> everyTask() {
        return List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET, Tasks.REHEARSE_POSTGRES, Tasks.CAPACITY, Tasks.MARK_SOURCE, Tasks.CLOSE_SOURCE, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS,
                Tasks.VERIFY_POSTGRES, Tasks.VERIFY_REDIS, Tasks.OPEN_TARGET, Tasks.RELEASE);
    }
}
