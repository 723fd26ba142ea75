package dev.mastodonmigration.job;

import dev.mastodonmigration.api.BackupPlace;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretRef;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerContext;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The manifest of a worker's Job: restricted PodSecurity, no API token, credentials only as files of the migration's Secret. */
final class WorkerJob {
    static final String UID_LABEL = "mastodonmigration.dev/uid";
    private static final String SECRETS = "/etc/mastodon-migration/secrets";
    private static final String SCRATCH = "/var/lib/mastodon-migration";
    private static final String BACKUP = "/var/lib/mastodon-migration-backup";
    private static final String AWS = "/etc/mastodon-migration/aws";
    private static final String TERMINATION_LOG = "/dev/termination-log";
    private static final String CONTAINER = "worker";
    private static final long USER = 10001;
    private static final int LONGEST_NAME = 63;
    /** A pod of an Indexed Job has the Job's name and its index as host name, which must be a label value as well: 32 pods are the most. */
    private static final int LONGEST_INDEX = "-31".length();
    private static final int HASH_LENGTH = 8;

    /** Needed although the migration is being deleted, and started before it was. */
    private static final Set<String> OUTLIVING = Set.of(Tasks.REOPEN_SOURCE, Tasks.CLEAR_SOURCE, Tasks.WITHDRAW_OPENING, Tasks.OPEN_TARGET);

    private WorkerJob() {}

    /** {@code <migration>-<task>-<attempt>-<uid hash>}, cut so that it is a label value too. */
    static String name(MastodonMigration migration, String task, int attempt) {
        var tail = "-" + task + "-" + attempt + "-" + hash(migration.getMetadata().getUid());
        return prefix(migration, LONGEST_NAME - LONGEST_INDEX - tail.length()) + tail;
    }

    static String secretName(MastodonMigration migration) {
        var tail = "-worker-" + hash(migration.getMetadata().getUid());
        return prefix(migration, LONGEST_NAME - tail.length()) + tail;
    }

    private static String prefix(MastodonMigration migration, int length) {
        var name = migration.getMetadata().getName();
        return (name.length() <= length ? name : name.substring(0, length)).replaceAll("[.-]+$", "").replace('.', '-');
    }

    private static String hash(String uid) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(uid.getBytes(StandardCharsets.UTF_8))).substring(0, HASH_LENGTH);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    static Map<String, String> labels(MastodonMigration migration) {
        return Map.of("app.kubernetes.io/managed-by", "mastodon-migration-operator", "app.kubernetes.io/component", "worker", UID_LABEL, migration.getMetadata().getUid());
    }

    /** Whether we made that for this very migration: not for one of the same name that was deleted, nor for another. */
    static boolean isOf(MastodonMigration migration, HasMetadata object) {
        return Optional.ofNullable(object.getMetadata().getLabels()).map(labels -> labels.get(UID_LABEL)).filter(migration.getMetadata().getUid()::equals).isPresent();
    }

    /**
     * A foreground deletion, as Argo CD and {@code kubectl delete --cascade=foreground} ask for, makes Kubernetes delete everything that names the migration as its
     * owner at once, whether or not it blocks the owner, long before our finalizer lets the migration go
     * (kubernetes pkg/controller/garbagecollector: processTransitions, attemptToDeleteItem). What going back or opening still needs then has no owner; {@link Workers#removeAll}
     * finds it by its label. All else has one, so that it goes too where somebody took our finalizer off by hand.
     */
    private static List<OwnerReference> owners(MastodonMigration migration, JobRecord record) {
        return migration.isMarkedForDeletion() || OUTLIVING.contains(record.task) ? List.of() : List.of(owner(migration));
    }

    static OwnerReference owner(MastodonMigration migration) {
        return new OwnerReferenceBuilder()
                .withApiVersion(migration.getApiVersion()).withKind(migration.getKind())
                .withName(migration.getMetadata().getName()).withUid(migration.getMetadata().getUid())
                .withController(true).withBlockOwnerDeletion(false)
                .build();
    }

    /** One pod, tried once; or, where any number may share the work, as many as the spec asks for. */
    static Job of(MastodonMigration migration, JobRecord record, String image, List<String> pullSecrets, int port, Optional<URI> awsEndpoint) {
        var parallelism = SpecDefaults.parallelism(migration.getSpec());
        var job = SharedJob.isShared(record.task)
                ? SharedJob.spread(single(migration, record, image, pullSecrets, port, 1), parallelism)
                : single(migration, record, image, pullSecrets, port, parallelism);
        return BackupPlace.of(record).map(place -> switch (place) {
            case BackupPlace.Volume(var claim) -> withVolume(job, claim);
            case BackupPlace.Bucket(var url) -> withBucket(job, url, Optional.ofNullable(migration.getSpec().aws()), awsEndpoint);
        }).orElse(job);
    }

    /** The AWS identity goes to this worker alone, straight out of the admin's Secret: what is written there anew is read at the next call. */
    private static Job withBucket(Job job, String url, Optional<Aws> aws, Optional<URI> awsEndpoint) {
        var variables = new TreeMap<>(Map.of(WorkerContext.ENV_BUCKET, url));
        aws.ifPresent(chosen -> variables.put(WorkerContext.ENV_AWS_REGION, chosen.region()));
        awsEndpoint.ifPresent(endpoint -> variables.put(WorkerContext.ENV_AWS_ENDPOINT, endpoint.toString()));
        var secret = aws.map(Aws::credentialsSecretRef).map(SecretRef::name);
        secret.ifPresent(name -> variables.put(WorkerContext.ENV_AWS_CREDENTIALS, AWS));
        var environment = variables.entrySet().stream().map(variable -> literal(variable.getKey(), variable.getValue())).toList();
        var told = new JobBuilder(job).editSpec().editTemplate().editSpec().editFirstContainer().addAllToEnv(environment).endContainer().endSpec().endTemplate().endSpec().build();
        return secret.map(name -> new JobBuilder(told).editSpec().editTemplate().editSpec()
                .editFirstContainer().addNewVolumeMount().withName("aws").withMountPath(AWS).withReadOnly(true).endVolumeMount().endContainer()
                .addNewVolume().withName("aws").withNewSecret().withSecretName(name).withDefaultMode(0440).endSecret().endVolume()
                .endSpec().endTemplate().endSpec().build()).orElse(told);
    }

    /** The admin's volume. What is on it already is given to our group once, and not at each start of a pod: on a large volume that takes hours. */
    private static Job withVolume(Job job, String claim) {
        return new JobBuilder(job).editSpec().editTemplate().editSpec()
                .editSecurityContext().withFsGroupChangePolicy("OnRootMismatch").endSecurityContext()
                .editFirstContainer()
                    .addNewVolumeMount().withName("backup").withMountPath(BACKUP).endVolumeMount()
                    .addNewEnv().withName(WorkerContext.ENV_BACKUP).withValue(BACKUP).endEnv()
                .endContainer()
                .addNewVolume().withName("backup").withNewPersistentVolumeClaim().withClaimName(claim).withReadOnly(false).endPersistentVolumeClaim().endVolume()
                .endSpec().endTemplate().endSpec().build();
    }

    private static Job single(MastodonMigration migration, JobRecord record, String image, List<String> pullSecrets, int port, int threads) {
        var scratch = Map.of("cpu", new Quantity("100m"), "memory", new Quantity("256Mi"));
        return new JobBuilder()
                .withNewMetadata()
                    .withName(record.name).withNamespace(migration.getMetadata().getNamespace())
                    .withLabels(labels(migration)).withOwnerReferences(owners(migration, record))
                .endMetadata()
                .withNewSpec()
                    .withBackoffLimit(0)
                    .withNewPodFailurePolicy()
                        .addNewRule().withAction("Ignore")
                            .addNewOnPodCondition().withType("DisruptionTarget").withStatus("True").endOnPodCondition()
                        .endRule()
                        .addNewRule().withAction("FailJob")
                            .withNewOnExitCodes().withContainerName(CONTAINER).withOperator("In").withValues(Worker.REFUSED).endOnExitCodes()
                        .endRule()
                    .endPodFailurePolicy()
                    .withNewTemplate()
                        .withNewMetadata().withLabels(labels(migration)).endMetadata()
                        .withNewSpec()
                            .withRestartPolicy("Never")
                            .withAutomountServiceAccountToken(false)
                            .withEnableServiceLinks(false)
                            .withTerminationGracePeriodSeconds(10L)
                            .withImagePullSecrets(pullSecrets.stream().map(LocalObjectReference::new).toList())
                            .withTolerations(leavingALostNode("node.kubernetes.io/not-ready"), leavingALostNode("node.kubernetes.io/unreachable"))
                            .withNewSecurityContext()
                                .withRunAsNonRoot(true).withRunAsUser(USER).withRunAsGroup(USER).withFsGroup(USER)
                                .withNewSeccompProfile().withType("RuntimeDefault").endSeccompProfile()
                            .endSecurityContext()
                            .addNewContainer()
                                .withName(CONTAINER).withImage(image).withArgs("worker", record.task)
                                .withEnv(environment(migration, record, port, threads))
                                .withTerminationMessagePath(TERMINATION_LOG).withTerminationMessagePolicy("File")
                                .addNewPort().withName("progress").withContainerPort(port).withProtocol("TCP").endPort()
                                .withNewResources().withRequests(scratch).withLimits(Map.of("memory", new Quantity(WorkerMemory.of(record.task).limit()))).endResources()
                                .withNewSecurityContext()
                                    .withAllowPrivilegeEscalation(false).withReadOnlyRootFilesystem(true).withRunAsNonRoot(true)
                                    .withNewCapabilities().withDrop("ALL").endCapabilities()
                                    .withNewSeccompProfile().withType("RuntimeDefault").endSeccompProfile()
                                .endSecurityContext()
                                .addNewVolumeMount().withName("secrets").withMountPath(SECRETS).withReadOnly(true).endVolumeMount()
                                .addNewVolumeMount().withName("scratch").withMountPath(SCRATCH).endVolumeMount()
                                .addNewVolumeMount().withName("tmp").withMountPath("/tmp").endVolumeMount()
                            .endContainer()
                            .addNewVolume().withName("secrets").withNewSecret().withSecretName(secretName(migration)).withDefaultMode(0440).endSecret().endVolume()
                            .addNewVolume().withName("scratch").withNewEmptyDir().endEmptyDir().endVolume()
                            .addNewVolume().withName("tmp").withNewEmptyDir().endEmptyDir().endVolume()
                        .endSpec()
                    .endTemplate()
                .endSpec()
                .build();
    }

    /** Five minutes, the default, would be most of a freeze. */
    private static Toleration leavingALostNode(String taint) {
        return new TolerationBuilder().withKey(taint).withOperator("Exists").withEffect("NoExecute").withTolerationSeconds(30L).build();
    }

    private static List<EnvVar> environment(MastodonMigration migration, JobRecord record, int port, int threads) {
        var variables = new TreeMap<>(told(migration, Optional.ofNullable(record.standbyEpoch).orElse(migration.getStatus().internal.epoch), threads));
        variables.putAll(Map.of(
                WorkerContext.ENV_STANDBY, String.valueOf(record.standbyEpoch != null),
                WorkerContext.ENV_SECRETS, SECRETS,
                WorkerContext.ENV_SCRATCH, SCRATCH,
                "HOME", SCRATCH,
                "JAVA_TOOL_OPTIONS", WorkerMemory.of(record.task).jvmOptions(),
                WorkerContext.ENV_PORT, String.valueOf(port),
                WorkerContext.ENV_TERMINATION_LOG, TERMINATION_LOG));
        var environment = new ArrayList<EnvVar>();
        variables.forEach((name, value) -> environment.add(literal(name, value)));
        environment.add(new EnvVarBuilder().withName(WorkerContext.ENV_POD_IP)
                .withNewValueFrom().withNewFieldRef().withApiVersion("v1").withFieldPath("status.podIP").endFieldRef().endValueFrom().build());
        return environment;
    }

    /** What a worker is told of its migration, wherever it runs. */
    static Map<String, String> told(MastodonMigration migration, long epoch, int threads) {
        return Map.of(
                WorkerContext.ENV_UID, migration.getMetadata().getUid(),
                WorkerContext.ENV_NAME, migration.getMetadata().getNamespace() + "/" + migration.getMetadata().getName(),
                WorkerContext.ENV_EPOCH, String.valueOf(epoch),
                WorkerContext.ENV_PARALLELISM, String.valueOf(threads),
                WorkerContext.ENV_REDIS_SCOPE, SpecDefaults.rebuildsRedis(migration.getSpec()) ? WorkerContext.ONLY_JOBS : WorkerContext.EVERY_KEY,
                WorkerContext.ENV_SIDEKIQ_QUEUES, String.join(",", SpecDefaults.sidekiqQueues(migration.getSpec())),
                WorkerContext.ENV_REHEARSAL, String.valueOf(SpecDefaults.rehearsalEnabled(migration.getSpec())));
    }

    private static EnvVar literal(String name, String value) {
        return new EnvVarBuilder().withName(name).withValue(value).build();
    }
}
