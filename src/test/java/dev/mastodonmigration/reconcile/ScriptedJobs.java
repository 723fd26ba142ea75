package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Plays the controllers of Jobs and Deployments, with worker reports that a test has written beforehand. */
final class ScriptedJobs {
    /** A Job that is left running. */
    static final WorkerReport RUNS_ON = WorkerReport.retryable("runs on");
    static final int PORT = 8089;
    /** The two halves of the smoke test, as their Jobs are labelled. */
    static final String SMOKE_TEST = "smoke-web";
    static final String SMOKE_TEST_OF_STREAMING = "smoke-streaming";
    private static final String COMPONENT = "app.kubernetes.io/component";
    private static final String JOB_NAME = "batch.kubernetes.io/job-name";
    private static final Map<String, Long> FIGURES = Map.of(Figure.TABLES, 3L, Figure.ROWS, 30L, Figure.KEYS, 7L, Figure.DIFFERENCES, 0L, Figure.COPY_MILLISECONDS, 1500L,
            Figure.CLIENTS, 0L, Figure.OPENED, 0L);

    private final KubernetesClient client;
    private final String namespace;
    private final Map<String, Function<Integer, WorkerReport>> script = new HashMap<>();
    private final Map<String, WorkerReport> evicted = new HashMap<>();
    private final Map<String, Integer> runs = new HashMap<>();
    private final ScriptedWorkers workers = new ScriptedWorkers();
    /** What the Jobs that are left running say of themselves. */
    boolean inSync;
    String redis = MigrationFlow.SOURCE_REDIS;
    /** Tasks whose pods, on standby, find no node. */
    final Set<String> held = new HashSet<>();
    /** Tasks whose workers, once asked, take as long as they stand here. */
    final Set<String> busy = new HashSet<>();
    /** Tasks whose workers stood by, in the order in which they were started. */
    final List<String> started = new ArrayList<>();
    final List<String> ran = new ArrayList<>();
    /** What the operator did itself. */
    final List<String> ranHere = new ArrayList<>();
    /** Deployments, by what their names end with, whose pods are not ready. */
    final Set<String> late = new HashSet<>();

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
        for (var job : client.batch().v1().jobs().inNamespace(namespace).list().getItems()) {
            var name = job.getMetadata().getName();
            if (job.getStatus() == null && isStandby(job)) {
                standBy(job);
            } else if (job.getStatus() == null) {
                run(job, next(task(job)));
            } else if (!busy.contains(task(job)) && workers.begins(name)) {
                var report = next(task(job));
                if (report == RUNS_ON || !workers.speaks(name, report)) {
                    replacePod(job, report);
                }
            } else {
                workers.ends(name).ifPresent(report -> replacePod(job, report));
            }
        }
        client.apps().deployments().inNamespace(namespace).list().getItems().forEach(this::makeReady);
    }

    private WorkerReport next(String task) {
        ran.add(task);
        return report(task);
    }

    private WorkerReport report(String task) {
        return script.getOrDefault(task, run -> succeeded()).apply(runs.merge(task, 1, Integer::sum));
    }

    /** What the task reports that the operator runs itself. */
    WorkerReport here(String task) {
        ranHere.add(task);
        return report(task);
    }

    /** The Job of that task that was left running, if there is one, ends well. */
    void finish(String task) {
        script(task, run -> succeeded());
        client.batch().v1().jobs().inNamespace(namespace).list().getItems().stream().filter(job -> task(job).equals(task)).forEach(job -> replacePod(job, next(task)));
    }

    private void replacePod(Job job, WorkerReport report) {
        client.pods().inNamespace(namespace).withLabel(JOB_NAME, job.getMetadata().getName()).delete();
        run(job, report);
    }

    /** What the worker at that address says of itself; empty from one that does not run. */
    Optional<Progress.Reading> reading(String worker) {
        return workers.standing(worker).map(job -> Progress.Reading.STANDING_BY)
                .or(() -> Optional.of(ScriptedWorkers.inSync(redis)).filter(reading -> inSync && worker.contains(ScriptedWorkers.RUNS_ON_IP)));
    }

    Optional<WorkerReport> lastWords(String worker) {
        return workers.lastWords(worker);
    }

    boolean call(String worker) {
        return workers.call(worker);
    }

    void acknowledge(String worker) {
        workers.acknowledge(worker);
    }

    void silence(String task) {
        workers.silence(task);
    }

    private static boolean isStandby(Job job) {
        return job.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv().stream().anyMatch(variable -> variable.getName().equals(WorkerContext.ENV_STANDBY) && "true".equals(variable.getValue()));
    }

    /** Of a Job of the smoke test, which half it is; of another that is no worker's, its command. */
    private static String task(Job job) {
        if (isSmokeTest(job)) {
            return job.getMetadata().getLabels().get(COMPONENT);
        }
        var container = job.getSpec().getTemplate().getSpec().getContainers().getFirst();
        return container.getArgs().isEmpty() ? String.join(" ", container.getCommand()) : container.getArgs().getLast();
    }

    private static boolean isSmokeTest(Job job) {
        return Optional.ofNullable(job.getMetadata().getLabels()).map(labels -> labels.getOrDefault(COMPONENT, "")).filter(component -> component.startsWith("smoke-")).isPresent();
    }

    private void standBy(Job job) {
        started.add(task(job));
        if (held.contains(task(job))) {
            client.pods().inNamespace(namespace).resource(pod(job).withNewStatus().withPhase("Pending").addNewCondition().withType("PodScheduled").withStatus("False").withReason("Unschedulable")
                    .withMessage("0/3 nodes are available").endCondition().endStatus().build()).create();
        } else {
            var ip = "10.0.0." + started.size();
            client.pods().inNamespace(namespace).resource(pod(job).withNewStatus().withPhase("Running").withPodIP(ip).endStatus().build()).create();
            workers.standBy(ip, job.getMetadata().getName());
        }
        client.batch().v1().jobs().inNamespace(namespace).resource(new JobBuilder(job).withNewStatus().withActive(1).endStatus().build()).updateStatus();
    }

    private void run(Job job, WorkerReport report) {
        var task = task(job);
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

    private static Map<String, String> labels(Job job) {
        return Optional.ofNullable(job.getSpec().getTemplate().getMetadata()).map(ObjectMeta::getLabels).orElse(Map.of());
    }

    private static PodBuilder pod(Job job) {
        return new PodBuilder()
                .withNewMetadata().withName(job.getMetadata().getName() + "-pod").withNamespace(job.getMetadata().getNamespace())
                    .addToLabels(labels(job)).addToLabels(JOB_NAME, job.getMetadata().getName())
                    .addNewOwnerReference().withApiVersion("batch/v1").withKind("Job").withName(job.getMetadata().getName()).withUid(job.getMetadata().getUid()).endOwnerReference()
                .endMetadata()
                .withSpec(job.getSpec().getTemplate().getSpec());
    }

    private Pod pod(Job job, boolean over, boolean good, WorkerReport report) {
        if (!over) {
            return pod(job).withNewStatus().withPhase("Running").withPodIP(ScriptedWorkers.RUNS_ON_IP).endStatus().build();
        }
        return pod(job).withNewStatus().withPhase(good ? "Succeeded" : "Failed")
                .addNewContainerStatus().withName(job.getSpec().getTemplate().getSpec().getContainers().getFirst().getName()).withNewState().withNewTerminated()
                .withExitCode(good ? 0 : 1).withMessage(isSmokeTest(job) ? report.message() : report.toJson()).endTerminated().endState().endContainerStatus()
                .endStatus().build();
    }

    private void makeReady(Deployment deployment) {
        var isLate = late.stream().anyMatch(name -> deployment.getMetadata().getName().endsWith(name));
        var replicas = deployment.getSpec().getReplicas();
        var ready = isLate ? Integer.valueOf(0) : replicas;
        var status = deployment.getStatus();
        if (status == null || !ready.equals(status.getReadyReplicas()) || !deployment.getMetadata().getGeneration().equals(status.getObservedGeneration())) {
            client.apps().deployments().inNamespace(namespace).resource(new DeploymentBuilder(deployment).withNewStatus()
                    .withObservedGeneration(deployment.getMetadata().getGeneration()).withReplicas(replicas).withReadyReplicas(ready).withUpdatedReplicas(replicas).withAvailableReplicas(ready)
                    .endStatus().build()).updateStatus();
        }
    }

    long count(String task) {
        return ran.stream().filter(task::equals).count();
    }

    static List<String> everyTask() {
        return List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET, Tasks.REHEARSE_POSTGRES, Tasks.MARK_SOURCE, Tasks.CAPACITY, SMOKE_TEST, SMOKE_TEST_OF_STREAMING, Tasks.QUIET_SIDEKIQ, Tasks.CLOSE_SOURCE, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS,
                Tasks.VERIFY_POSTGRES, Tasks.VERIFY_REDIS, Tasks.OPEN_TARGET, Tasks.RELEASE);
    }
}
