package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.EmbeddedApiServer;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.job.Jobs;
import dev.mastodonmigration.job.WorkerSecret;
import dev.mastodonmigration.job.WorkersFactory;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.phase.Phase;
import dev.mastodonmigration.phase.Phases;
import dev.mastodonmigration.played.PlayedProbes;
import dev.mastodonmigration.source.heroku.HerokuSources;
import dev.mastodonmigration.source.heroku.KeptToken;
import dev.mastodonmigration.status.MigrationEvents;
import dev.mastodonmigration.target.aws.AwsClients;
import dev.mastodonmigration.target.aws.AwsConfig;
import dev.mastodonmigration.target.aws.AwsComputes;
import dev.mastodonmigration.target.aws.AwsDatabases;
import dev.mastodonmigration.target.aws.AwsDns;
import dev.mastodonmigration.target.aws.AwsPermissions;
import dev.mastodonmigration.target.aws.AwsPriceLists;
import dev.mastodonmigration.target.existing.ExistingDatabases;
import dev.mastodonmigration.target.kubernetes.KubernetesComputes;
import dev.mastodonmigration.target.kubernetes.KubernetesFronts;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** The operator in the process, against a real HTTP API server and the Heroku stub, with workers played from a script. */
final class MigrationFlow implements AutoCloseable {
    static final String NAMESPACE = "mastodon";
    /** As a worker names the Redis that it follows. */
    static final String SOURCE_REDIS = "source Redis (127.0.0.1:2, database 0)";
    static final String NAME = "example-social";
    static final Map<String, Integer> WEB_FORMATION = Map.of("web", 2, "worker", 1);
    static final Map<String, Integer> STOPPED = Map.of("web", 0, "worker", 0);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    final EmbeddedApiServer server;
    final KubernetesClient client;
    final HerokuStub heroku = HerokuStub.start();
    final ScriptedJobs jobs;
    private final OperatorConfig config = new FlowConfig(heroku.url().toString());
    private final ScriptedTasks tasks;
    private final ScriptedWorkerClient workerClient;
    private final AwsConfig awsConfig;
    private final AwsDatabases aws;
    private final AwsPriceLists prices;
    private final AwsDns dns;
    private final AwsPermissions permissions;
    private final AwsComputes machines;
    /** What is wrong with the load balancer in front of the target; nothing, until a test says so. */
    String frontFault = "";
    /** Who asks the instance what users ask. */
    final PlayedProbes probes = new PlayedProbes();
    private WorkersFactory workers;

    MigrationFlow() {
        this(EmbeddedApiServer.start());
    }

    MigrationFlow(EmbeddedApiServer server) {
        this(server, new FlowAws(Optional.empty()), Optional.empty());
    }

    /** With AWS behind this, whose credentials are in a Secret. */
    static MigrationFlow onAws(AwsFaultProxy proxy) {
        return onAws(proxy, Optional.empty());
    }

    /** @param nameServer the only one that is ever asked */
    static MigrationFlow onAws(AwsFaultProxy proxy, Optional<String> nameServer) {
        var flow = new MigrationFlow(EmbeddedApiServer.start(), new FlowAws(Optional.of(proxy.address())), nameServer);
        flow.awsCredentials("AKIAOPERATOR");
        return flow;
    }

    private MigrationFlow(EmbeddedApiServer server, AwsConfig awsConfig, Optional<String> nameServer) {
        this.server = server;
        this.client = server.client();
        this.jobs = new ScriptedJobs(client, NAMESPACE);
        this.tasks = new ScriptedTasks(jobs);
        this.workerClient = new ScriptedWorkerClient(jobs);
        this.awsConfig = awsConfig;
        this.workers = newWorkers();
        // What it remembers is how often in a row something was ready: an operator that is restarted only waits longer.
        var clients = new AwsClients(awsConfig, new SecretReader(client));
        this.aws = new AwsDatabases(clients, new SecretReader(client), client);
        this.prices = new AwsPriceLists(clients);
        this.dns = new AwsDns(clients, client, nameServer, InstantSource.system());
        this.permissions = new AwsPermissions(clients);
        this.machines = new AwsComputes(clients, new SecretReader(client), client);
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
                .withData(Map.of(key, base64(value))).build()).createOr(resource -> resource.update());
    }

    /** What the admin writes into the Secret that spec.aws.credentialsSecretRef names. */
    void awsCredentials(String keyId) {
        client.secrets().inNamespace(NAMESPACE).resource(new SecretBuilder().withNewMetadata().withName(FlowSpec.AWS_SECRET).withNamespace(NAMESPACE).endMetadata().withType("Opaque")
                .withData(Map.of("AWS_ACCESS_KEY_ID", base64(keyId), "AWS_SECRET_ACCESS_KEY", base64("aws-s3cret"))).build()).createOr(resource -> resource.update());
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    MastodonMigration apply(MastodonMigrationSpec spec) {
        return apply(NAME, spec);
    }

    MastodonMigration apply(String name, MastodonMigrationSpec spec) {
        var migration = new MastodonMigration();
        migration.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace(NAMESPACE).build());
        migration.setSpec(spec);
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
        migration.setSpec(spec);
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

    /** A new operator process knows nothing but what the API server does; one that has just begun a task itself lives on until the next look. */
    MastodonMigrationReconciler operator() {
        if (!tasks.begunSinceLastAsked()) {
            workers = newWorkers();
        }
        var ports = new Ports(new HerokuSources(new SecretReader(client), new KeptToken(client), config), new ExistingDatabases(new SecretReader(client)),
                aws, prices, dns, permissions, (front, domain, path) -> Optional.of(frontFault).filter(fault -> !fault.isEmpty()), probes, (entrance, questions) -> List.of(), new KubernetesComputes(client), machines, new KubernetesFronts(client, config), workers, new Rivals(client));
        var executor = new Executor(Phases.all().stream().collect(Collectors.toMap(Phase::id, phase -> phase)));
        return new MastodonMigrationReconciler(client, ports, executor, new StatusReporter(client, new MigrationEvents(client)));
    }

    private WorkersFactory newWorkers() {
        return new WorkersFactory(new Jobs(client, config, awsConfig), new WorkerSecret(client), workerClient, tasks);
    }

    /** A quota, an admission webhook: the API server answers 403 to every new Job. */
    void refuseJobs() {
        server.refuse("jobs", "exceeded quota: jobs");
    }

    void admitJobs() {
        server.admitAgain("jobs");
    }

    /** Reconciles, each time with a restarted operator, until the status is as wanted. */
    void until(Predicate<MastodonMigrationStatus> wanted) {
        until(NAME, wanted);
    }

    void until(String name, Predicate<MastodonMigrationStatus> wanted) {
        within(() -> {
            look(name);
            var status = read(name).getStatus();
            return status != null && wanted.test(status);
        });
    }

    /** One look of a restarted operator, and what follows from it in the cluster. */
    void look() {
        look(NAME);
    }

    private void look(String name) {
        operator().reconcile(read(name), null);
        jobs.play();
    }

    /** One look of a restarted operator at the deleted resource, and what follows from it. */
    void lookAtDeleted() {
        operator().cleanup(read(), null);
        jobs.play();
    }

    /** Cleans up, each time with a restarted operator, until it lets the deleted resource go. */
    void untilTheFinalizerGoes() {
        within(() -> {
            operator().cleanup(read(), null);
            jobs.play();
            return read() == null;
        });
    }

    private void within(Callable<Boolean> look) {
        try {
            Awaitility.await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5)).until(look);
        } catch (ConditionTimeoutException e) {
            throw new AssertionError("not reached: " + describe(), e);
        }
    }

    private String describe() {
        var now = Optional.ofNullable(read()).map(MastodonMigration::getStatus);
        return now.map(status -> status.phase + ", " + status.summary + status.phases.stream().map(MigrationFlow::words).collect(Collectors.joining("\n  ", "\n  ", ""))).orElse("no status")
                + events().stream().collect(Collectors.joining("\n  ", "\nevents:\n  ", "")) + "\nran: " + jobs.ran;
    }

    private static String words(PhaseRecord record) {
        return record.name + " " + record.state + " " + record.attempts + " " + record.message;
    }

    PhaseRecord phase(String name) {
        return record(name).orElseThrow(() -> new AssertionError("no phase " + name + ": " + describe()));
    }

    Optional<PhaseRecord> record(String phase) {
        return status().phases.stream().filter(record -> record.name.equals(phase)).findFirst();
    }

    /** Whether that phase runs and says so. */
    boolean says(String phase, String words) {
        return phase.equals(status().phase) && record(phase).filter(record -> record.message.contains(words)).isPresent();
    }

    /** Whether that phase runs and a system outside does not answer it. */
    boolean isBlocked(String phase) {
        return phase.equals(status().phase) && record(phase).filter(record -> record.blockedSince != null).isPresent();
    }

    boolean isWaitingForApproval() {
        return condition("AwaitingApproval").startsWith("True");
    }

    List<Job> jobsThatAreLeft() {
        return client.batch().v1().jobs().inNamespace(NAMESPACE).list().getItems();
    }

    /** Which hold credentials of ours: the admin's own and what the instance runs on are not among them. */
    List<Secret> secretsOfOurs() {
        return client.secrets().inNamespace(NAMESPACE).list().getItems().stream().filter(secret -> secret.getMetadata().getName().startsWith(NAME + "-source-")
                || secret.getMetadata().getName().contains("-worker-")).toList();
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
