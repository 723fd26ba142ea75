package dev.mastodonmigration.job;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.KeyScope;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The manifest of a worker's Job: restricted PodSecurity, no API token, credentials only as files of the migration's Secret. */
final class WorkerJob {
    static final String UID_LABEL = "mastodonmigration.dev/uid";
    private static final String SECRETS = "/etc/mastodon-migration/secrets";
    private static final String SCRATCH = "/var/lib/mastodon-migration";
    private static final String TERMINATION_LOG = "/dev/termination-log";
    private static final String CONTAINER = "worker";
    private static final long USER = 10001;
    private static final int LONGEST_NAME = 63;
    /** A pod of an Indexed Job has the Job's name and its index as host name, which must be a label value as well: 32 pods are the most. */
    private static final int LONGEST_INDEX = "-31".length();
    private static final int HASH_LENGTH = 8;

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
        return Map.of("app.kubernetes.io/managed-by", "mastodon-migration-operator", UID_LABEL, migration.getMetadata().getUid());
    }

    static OwnerReference owner(MastodonMigration migration) {
        return new OwnerReferenceBuilder()
                .withApiVersion(migration.getApiVersion()).withKind(migration.getKind())
                .withName(migration.getMetadata().getName()).withUid(migration.getMetadata().getUid())
                .withController(true).withBlockOwnerDeletion(false)
                .build();
    }

    /** One pod, tried once; or, where any number may share the work, as many as the spec asks for. */
    static Job of(MastodonMigration migration, JobRecord record, String image, List<String> pullSecrets, int port) {
        var parallelism = SpecDefaults.parallelism(migration.getSpec());
        return SharedJob.isShared(record.task)
                ? SharedJob.spread(single(migration, record, image, pullSecrets, port, 1), parallelism)
                : single(migration, record, image, pullSecrets, port, parallelism);
    }

    private static Job single(MastodonMigration migration, JobRecord record, String image, List<String> pullSecrets, int port, int hands) {
        var scratch = Map.of("cpu", new Quantity("100m"), "memory", new Quantity("256Mi"));
        return new JobBuilder()
                .withNewMetadata()
                    .withName(record.name).withNamespace(migration.getMetadata().getNamespace())
                    .withLabels(labels(migration)).withOwnerReferences(owner(migration))
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
                                .withEnv(environment(migration, record, port, hands))
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

    private static List<EnvVar> environment(MastodonMigration migration, JobRecord record, int port, int hands) {
        return List.of(
                literal(WorkerContext.ENV_UID, migration.getMetadata().getUid()),
                literal(WorkerContext.ENV_NAME, migration.getMetadata().getNamespace() + "/" + migration.getMetadata().getName()),
                literal(WorkerContext.ENV_EPOCH, String.valueOf(Optional.ofNullable(record.standbyEpoch).orElse(migration.getStatus().epoch))),
                literal(WorkerContext.ENV_STANDBY, String.valueOf(record.standbyEpoch != null)),
                literal(WorkerContext.ENV_PARALLELISM, String.valueOf(hands)),
                literal(KeyScope.ENV, (SpecDefaults.rebuildsRedis(migration.getSpec()) ? KeyScope.JOBS : KeyScope.ALL).name()),
                literal("MIGRATION_REHEARSAL", String.valueOf(SpecDefaults.rehearsalEnabled(migration.getSpec()))),
                literal(WorkerContext.ENV_SECRETS, SECRETS),
                literal(WorkerContext.ENV_SCRATCH, SCRATCH),
                literal("HOME", SCRATCH),
                literal("JAVA_TOOL_OPTIONS", WorkerMemory.of(record.task).jvmOptions()),
                literal(WorkerContext.ENV_PORT, String.valueOf(port)),
                literal(WorkerContext.ENV_TERMINATION_LOG, TERMINATION_LOG),
                new EnvVarBuilder().withName(WorkerContext.ENV_POD_IP)
                        .withNewValueFrom().withNewFieldRef().withApiVersion("v1").withFieldPath("status.podIP").endFieldRef().endValueFrom().build());
    }

    private static EnvVar literal(String name, String value) {
        return new EnvVarBuilder().withName(name).withValue(value).build();
    }
}
