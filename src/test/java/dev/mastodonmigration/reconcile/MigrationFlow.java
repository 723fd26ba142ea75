package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Heroku;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import dev.mastodonmigration.api.MastodonMigrationSpec.Source;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.EmbeddedApiServer;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.job.Jobs;
import dev.mastodonmigration.job.ProgressReader;
import dev.mastodonmigration.job.WorkerSecret;
import dev.mastodonmigration.phase.Inputs;
import dev.mastodonmigration.phase.Phase;
import dev.mastodonmigration.phase.PhaseContext;
import dev.mastodonmigration.phase.Phases;
import dev.mastodonmigration.phase.Rivals;
import dev.mastodonmigration.target.kubernetes.KubernetesCompute;
import dev.mastodonmigration.source.heroku.KeptToken;
import dev.mastodonmigration.worker.control.Progress;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** The operator in the process, against a real HTTP API server and the Heroku stub, with workers played from a script. */
final class MigrationFlow implements AutoCloseable {
    static final String NAMESPACE = "mastodon";
    /** As a worker names the Redis that it follows. */
    static final String SOURCE_REDIS = "source Redis (127.0.0.1:2, database 0)";
    static final String NAME = "example-social";
    static final Map<String, Integer> WEB_FORMATION = Map.of("web", 2, "worker", 1);
    static final Map<String, Integer> STOPPED = Map.of("web", 0, "worker", 0);
    final EmbeddedApiServer server = EmbeddedApiServer.start();
    final KubernetesClient client = server.client();
    final HerokuStub heroku = HerokuStub.start();
    final ScriptedJobs jobs = new ScriptedJobs(client, NAMESPACE);

    /** A quota, an admission webhook: the API server answers 403 to every new Job. */
    boolean refuseJobs;

    MigrationFlow() {
        heroku.delays(Duration.ZERO, Duration.ZERO);
        var web = heroku.createApp("example-web");
        web.config(Map.of("LOCAL_DOMAIN", "example.social", "SECRET_KEY_BASE", "s3cr3t-base", "DATABASE_URL", "postgres://u:p4ss@127.0.0.1:1/db", "REDIS_URL", "redis://:p4ss@127.0.0.1:2",
                "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "a", "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "b", "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", "c",
                "S3_ENABLED", "true"));
        web.config("S3_BUCKET", "media");
        web.formation("web", 2, "Standard-2X");
        web.formation("worker", 1, "Standard-1X");
        heroku.createApp("example-streaming").config(Map.of("LOCAL_DOMAIN", "example.social"));
        heroku.app("example-streaming").formation("web", 1, "Standard-1X");
        secret("heroku", "token", heroku.token());
        secret("target-postgres", "url", "postgres://u:p4ss@127.0.0.1:3/target");
        secret("target-redis", "url", "redis://:p4ss@127.0.0.1:4");
    }

    void secret(String name, String key, String value) {
        client.secrets().inNamespace(NAMESPACE).resource(new SecretBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata().withType("Opaque")
                .withData(Map.of(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8)))).build()).createOr(resource -> resource.update());
    }

    /** The same spec, with the stub as Heroku. */
    MastodonMigrationSpec atStub(MastodonMigrationSpec spec) {
        var there = spec.source() == null || spec.source().heroku() == null ? spec.source()
                : new Source(new Heroku(spec.source().heroku().app(), spec.source().heroku().streamingApp(), new SecretKeyRef("heroku", "token")), null);
        return new MastodonMigrationSpec(spec.instance(), there, spec.target(), spec.aws(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state());
    }

    MastodonMigration apply(MastodonMigrationSpec spec) {
        return apply(NAME, spec);
    }

    MastodonMigration apply(String name, MastodonMigrationSpec spec) {
        var migration = new MastodonMigration();
        migration.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace(NAMESPACE).build());
        migration.setSpec(atStub(spec));
        return client.resource(migration).create();
    }

    /** As the SDK has it before the operator sees it, so that a deleted one stays until {@link #untilTheFinalizerGoes}. */
    void applyWithFinalizer(MastodonMigrationSpec spec) {
        var created = apply(spec);
        created.addFinalizer(MastodonMigrationReconciler.FINALIZER);
        client.resource(created).update();
    }

    /** What {@code kubectl edit} does. */
    void edit(MastodonMigrationSpec spec) {
        var migration = read();
        migration.setSpec(atStub(spec));
        client.resource(migration).update();
    }

    MastodonMigration read() {
        return read(NAME);
    }

    MastodonMigration read(String name) {
        return client.resources(MastodonMigration.class).inNamespace(NAMESPACE).withName(name).get();
    }

    MastodonMigrationStatus status() {
        return read().getStatus();
    }

    /** A new operator process knows nothing but what the API server does. */
    MastodonMigrationReconciler operator() {
        var config = new OperatorConfig() {
            @Override
            public String workerImage() {
                return "worker:test";
            }

            @Override
            public Optional<List<String>> workerImagePullSecrets() {
                return Optional.empty();
            }

            @Override
            public int workerPort() {
                return ScriptedJobs.PORT;
            }

            @Override
            public String herokuApiUrl() {
                return heroku.url().toString();
            }
        };
        var outside = new PhaseContext.Outside(new Inputs(client, new KeptToken(client), config), jobs(config), new WorkerSecret(client), workers(), new KubernetesCompute(client), new Rivals(client));
        var phases = Phases.all().stream().collect(Collectors.toMap(Phase::id, phase -> phase));
        return new MastodonMigrationReconciler(client, new Executor(phases, outside), new StatusReporter(client, new MigrationEvents(client)));
    }

    private ProgressReader workers() {
        return new ProgressReader() {
            @Override
            public Optional<Progress.Reading> read(String worker, String token) {
                return jobs.reading(worker);
            }

            @Override
            public int drain(List<String> workers, String token) {
                return (int) workers.stream().filter(jobs::call).count();
            }
        };
    }

    private Jobs jobs(OperatorConfig config) {
        return new Jobs(client, config) {
            @Override
            public String create(MastodonMigration migration, MastodonMigrationStatus.JobRecord record) {
                if (refuseJobs) {
                    throw new KubernetesClientException(new StatusBuilder().withCode(403).withMessage("jobs.batch \"" + record.name + "\" is forbidden: exceeded quota").build());
                }
                return super.create(migration, record);
            }
        };
    }

    /** Reconciles, each time with a restarted operator, until the status is as wanted. */
    void until(Predicate<MastodonMigrationStatus> wanted) {
        until(NAME, wanted);
    }

    void until(String name, Predicate<MastodonMigrationStatus> wanted) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5))
                .until(() -> {
                    var migration = read(name);
                    operator().reconcile(migration, null);
                    jobs.play();
                    var status = read(name).getStatus();
                    return status != null && wanted.test(status);
                });
    }

    /** Cleans up, each time with a restarted operator, until it lets the deleted resource go. */
    void untilTheFinalizerGoes() {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            operator().cleanup(read(), null);
            jobs.play();
            return read() == null;
        });
    }

    static boolean stalled(MastodonMigrationStatus status) {
        return !status.phases.isEmpty() && status.phases.getLast().state == MastodonMigrationStatus.PhaseState.Stalled;
    }

    /** Of the Deployment of that part of the instance. */
    int replicas(String part) {
        return client.apps().deployments().inNamespace(NAMESPACE).withName(NAME + "-" + part).get().getSpec().getReplicas();
    }

    List<String> events() {
        return client.v1().events().inNamespace(NAMESPACE).list().getItems().stream().map(event -> event.getReason() + ": " + event.getMessage()).toList();
    }

    String condition(String type) {
        return status().conditions.stream().filter(condition -> condition.getType().equals(type)).map(condition -> condition.getStatus() + " " + condition.getReason() + " " + condition.getMessage()).findFirst().orElse("");
    }

    int mutations() {
        return heroku.app("example-web").mutations() + heroku.app("example-streaming").mutations();
    }

    @Override
    public void close() {
        heroku.close();
        server.close();
    }
}
