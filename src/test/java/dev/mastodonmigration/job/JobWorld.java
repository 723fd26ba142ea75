package dev.mastodonmigration.job;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.embedded.EmbeddedApiServer;
import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.target.aws.AwsConfig;
import dev.mastodonmigration.worker.control.TaskSource;
import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerTask;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** An API server, a migration, and workers that run in threads of this process at addresses of their own, while what their pods' status says is the test's to write. */
final class JobWorld implements AutoCloseable {
    static final String NAMESPACE = "mastodon";
    static final Map<String, String> FILES = Map.of(WorkerContext.SOURCE_POSTGRES_URL, "postgres://u:p@s/d", WorkerContext.TARGET_POSTGRES_URL, "postgres://u:p@t/d");
    final EmbeddedApiServer server = EmbeddedApiServer.start();
    final KubernetesClient client = server.client();
    final MastodonMigration migration = migration("6f0a2c1e");
    final int port = FreePort.find();
    private final Path home;
    private int pods;

    /** A worker in its pod. */
    record Started(Pod pod, CompletableFuture<Integer> exit, Path terminationLog) {}

    JobWorld(Path home) {
        this.home = home;
    }

    static MastodonMigration migration(String uid) {
        var migration = new MastodonMigration();
        migration.setMetadata(new ObjectMetaBuilder().withName("example-social").withNamespace(NAMESPACE).withUid(uid).build());
        migration.setSpec(Specs.valid());
        migration.setStatus(new MastodonMigrationStatus());
        migration.getStatus().internal.epoch = 1L;
        return migration;
    }

    /** An operator process: it knows nothing but what the API server does. */
    Workers operator() {
        return operator(migration, () -> FILES, new WorkerClient(), (task, environment) -> Optional.empty());
    }

    Workers operator(MastodonMigration of, Supplier<Map<String, String>> files, WorkerClient workerClient, TaskSource tasks) {
        return new WorkersFactory(new Jobs(client, config(), new RealAws()), new WorkerSecret(client), workerClient, tasks).of(of, files);
    }

    /** The settings of an operator that has no stand-in for AWS. */
    private record RealAws() implements AwsConfig {
        @Override
        public Optional<URI> endpoint() {
            return Optional.empty();
        }

        @Override
        public Duration looksApart() {
            return Duration.ZERO;
        }
    }

    private OperatorConfig config() {
        return new OperatorConfig() {
            @Override
            public String workerImage() {
                return "worker:of-the-operator";
            }

            @Override
            public Optional<List<String>> workerImagePullSecrets() {
                return Optional.empty();
            }

            @Override
            public Optional<String> nameServer() {
                return Optional.empty();
            }

            @Override
            public Optional<String> herokuRouterUrl() {
                return Optional.empty();
            }

            @Override
            public Optional<String> frontUrl() {
                return Optional.empty();
            }

            @Override
            public String herokuApiUrl() {
                return "https://api.heroku.com";
            }

            @Override
            public int workerPort() {
                return port;
            }
        };
    }

    static JobRecord record(MastodonMigration of, String task) {
        var record = new JobRecord();
        record.task = task;
        record.name = WorkerJob.name(of, task, 1);
        return record;
    }

    JobRecord record(String task) {
        return record(migration, task);
    }

    /** As the status has it once the Job was seen. */
    JobRecord seen(Workers operator, String task) {
        var record = record(task);
        record.uid = operator.look(List.of(record)).get(task).uid().orElseThrow();
        return record;
    }

    Job job(JobRecord record) {
        return client.batch().v1().jobs().inNamespace(NAMESPACE).withName(record.name).get();
    }

    /** A pod of that Job whose status says Running, with a worker in it. */
    Started start(JobRecord record, WorkerTask task) {
        var ip = "127.0.0." + (10 + ++pods);
        var log = home.resolve("termination-log-" + pods);
        var environment = new HashMap<>(WorkerJob.told(migration, 1, 1));
        environment.putAll(Map.of(WorkerContext.ENV_SECRETS, secrets().toString(), WorkerContext.ENV_SCRATCH, home.toString(), WorkerContext.ENV_POD_IP, ip,
                WorkerContext.ENV_PORT, String.valueOf(port), WorkerContext.ENV_TERMINATION_LOG, log.toString()));
        var exit = CompletableFuture.supplyAsync(() -> Worker.run(record.task, task, environment), run -> Thread.ofPlatform().daemon().start(run));
        return new Started(pod(record, "Running", ip, new ContainerStateBuilder().withNewRunning().endRunning().build()), exit, log);
    }

    private Path secrets() {
        try {
            var token = new WorkerSecret(client).token(migration).orElseThrow();
            Files.writeString(home.resolve(WorkerContext.PROGRESS_TOKEN), token);
            return home;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Pod pod(JobRecord record, String phase, String ip, ContainerState state) {
        var job = job(record);
        return client.pods().inNamespace(NAMESPACE).resource(new PodBuilder()
                .withNewMetadata().withName(record.name + "-" + ++pods).withNamespace(NAMESPACE).addToLabels("batch.kubernetes.io/job-name", record.name).endMetadata()
                .withSpec(job.getSpec().getTemplate().getSpec())
                .withNewStatus().withPhase(phase).withPodIP(ip).addNewContainerStatus().withName("worker").withState(state).endContainerStatus().endStatus().build()).create();
    }

    /** What the kubelet writes when it has noticed, later. */
    void noticed(Started worker) throws IOException {
        var code = worker.exit().join();
        var message = Files.readString(worker.terminationLog());
        client.pods().inNamespace(NAMESPACE).resource(new PodBuilder(client.resource(worker.pod()).get()).editStatus().withPhase(code == 0 ? "Succeeded" : "Failed")
                .editFirstContainerStatus().withNewState().withNewTerminated().withExitCode(code).withMessage(message).withFinishedAt(now()).endTerminated().endState().endContainerStatus()
                .endStatus().build()).updateStatus();
    }

    void condition(JobRecord record, String type, String reason) {
        client.resource(new JobBuilder(job(record)).withNewStatus().addNewCondition().withType(type).withStatus("True").withReason(reason).withMessage("said Kubernetes").endCondition().endStatus().build())
                .updateStatus();
    }

    void warning(String uid, String reason, String message) {
        client.v1().events().inNamespace(NAMESPACE).resource(new EventBuilder().withNewMetadata().withName(reason.toLowerCase() + "-" + ++pods).withNamespace(NAMESPACE).endMetadata()
                .withNewInvolvedObject().withUid(uid).endInvolvedObject().withType("Warning").withReason(reason).withMessage(message).withLastTimestamp(now()).build()).create();
    }

    static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    @Override
    public void close() {
        server.close();
    }
}
