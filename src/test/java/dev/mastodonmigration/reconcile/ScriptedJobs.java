package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
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
    private static final String RUNS_ON_IP = "10.0.1.1";
    private static final Map<String, Long> FIGURES = Map.of(Figure.TABLES, 3L, Figure.ROWS, 30L, Figure.KEYS, 7L, Figure.DIFFERENCES, 0L, Figure.COPY_MILLISECONDS, 1500L);

    private final KubernetesClient client;
    private final String namespace;
    private final Map<String, Function<Integer, WorkerReport>> script = new HashMap<>();
    private final Map<String, WorkerReport> evicted = new HashMap<>();
    private final Map<String, Integer> runs = new HashMap<>();
    private final Map<String, String> standing = new HashMap<>();
    private final Set<String> answering = new HashSet<>(Set.of("http://" + RUNS_ON_IP + ":" + PORT));
    private final Set<String> called = new HashSet<>();
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
            if (job.getStatus() == null && isStandby(job)) {
                standBy(job);
            } else if (job.getStatus() == null) {
                run(job);
            } else if (!busy.contains(task(job)) && called.remove(job.getMetadata().getName())) {
                runAgain(job);
            }
        }
        client.apps().deployments().inNamespace(namespace).list().getItems().forEach(this::makeReady);
    }

    /** The Job of that task that was left running, if there is one, ends well. */
    void finish(String task) {
        script(task, run -> succeeded());
        client.batch().v1().jobs().inNamespace(namespace).list().getItems().stream().filter(job -> task(job).equals(task)).forEach(this::runAgain);
    }

    private void runAgain(Job job) {
        client.pods().inNamespace(namespace).withLabel("batch.kubernetes.io/job-name", job.getMetadata().getName()).delete();
        run(job);
    }

    /** What the worker at that address says of itself; empty from one that does not run. */
    Optional<Progress.Reading> reading(String worker) {
        return Optional.ofNullable(standing.get(worker)).map(job -> Progress.Reading.STANDING_BY)
                .or(() -> Optional.of(new Progress.Reading("in sync", 0, 0, 0, 0, 0, 0).withLag(0, 0, true)).filter(reading -> inSync && worker.contains(RUNS_ON_IP))
                        .map(reading -> reading.ofRedis(redis)));
    }

    /** {@code POST /drain}: heard by a worker that stands by, which then runs as scripted, and by one that already does. */
    boolean call(String worker) {
        Optional.ofNullable(standing.remove(worker)).ifPresent(called::add);
        return answering.contains(worker);
    }

    /** Its pods stand there and do not answer, as on a node that is lost. */
    void silence(String task) {
        standing.values().removeIf(job -> job.contains("-" + task + "-"));
        answering.clear();
    }

    private static boolean isStandby(Job job) {
        return job.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv().stream().anyMatch(variable -> variable.getName().equals(WorkerContext.ENV_STANDBY) && "true".equals(variable.getValue()));
    }

    /** Of a Job that is no worker's, its command. */
    private static String task(Job job) {
        var container = job.getSpec().getTemplate().getSpec().getContainers().getFirst();
        return container.getArgs().isEmpty() ? String.join(" ", container.getCommand()) : container.getArgs().getLast();
    }

    private void standBy(Job job) {
        started.add(task(job));
        if (held.contains(task(job))) {
            client.pods().inNamespace(namespace).resource(pod(job).withNewStatus().withPhase("Pending").addNewCondition().withType("PodScheduled").withStatus("False").withReason("Unschedulable")
                    .withMessage("0/3 nodes are available").endCondition().endStatus().build()).create();
        } else {
            var ip = "10.0.0." + started.size();
            var worker = "http://" + ip + ":" + PORT;
            client.pods().inNamespace(namespace).resource(pod(job).withNewStatus().withPhase("Running").withPodIP(ip).endStatus().build()).create();
            standing.put(worker, job.getMetadata().getName());
            answering.add(worker);
        }
        client.batch().v1().jobs().inNamespace(namespace).resource(new JobBuilder(job).withNewStatus().withActive(1).endStatus().build()).updateStatus();
    }

    private void run(Job job) {
        var task = task(job);
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

    private static PodBuilder pod(Job job) {
        return new PodBuilder()
                .withNewMetadata().withName(job.getMetadata().getName() + "-pod").withNamespace(job.getMetadata().getNamespace()).addToLabels("batch.kubernetes.io/job-name", job.getMetadata().getName())
                    .addNewOwnerReference().withApiVersion("batch/v1").withKind("Job").withName(job.getMetadata().getName()).withUid(job.getMetadata().getUid()).endOwnerReference()
                .endMetadata()
                .withSpec(job.getSpec().getTemplate().getSpec());
    }

    private Pod pod(Job job, boolean over, boolean good, WorkerReport report) {
        if (!over) {
            return pod(job).withNewStatus().withPhase("Running").withPodIP(RUNS_ON_IP).endStatus().build();
        }
        return pod(job).withNewStatus().withPhase(good ? "Succeeded" : "Failed")
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
        return List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET, Tasks.REHEARSE_POSTGRES, Tasks.CAPACITY, Tasks.MARK_SOURCE, Tasks.QUIET_SIDEKIQ, Tasks.CLOSE_SOURCE, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS,
                Tasks.VERIFY_POSTGRES, Tasks.VERIFY_REDIS, Tasks.OPEN_TARGET, Tasks.RELEASE);
    }
}
