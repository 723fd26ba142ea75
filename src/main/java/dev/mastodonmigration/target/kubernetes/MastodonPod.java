package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The part that all of Mastodon's pods share: its environment, and what restricted PodSecurity demands. */
final class MastodonPod {
    /** Numeric, so that the kubelet can prove it is not root. */
    private static final long MASTODON = MastodonProcesses.USER;
    private static final String ENVIRONMENT_ANNOTATION = "mastodonmigration.dev/environment";
    private static final String TMP_VOLUME = "mastodon-tmp";
    static final String CA_VOLUME = "migration-ca";
    /** Those that a podTemplate may replace or mount again. */
    static final Set<String> VOLUMES = Set.of(TMP_VOLUME, "tmp");

    private MastodonPod() {}

    /**
     * Wraps one container into a pod.
     *
     * @param environment its digest rolls the pods when a Secret changes, which running processes would not notice; certificates in it become a file
     */
    static PodTemplateSpec of(WorkloadNames names, String component, Map<String, String> environment, ContainerBuilder container) {
        var template = new PodTemplateSpecBuilder()
                .withNewMetadata()
                .withLabels(names.labels(component))
                .addToAnnotations(ENVIRONMENT_ANNOTATION, Digest.of(environment))
                .endMetadata()
                .withNewSpec()
                .withAutomountServiceAccountToken(false)
                // Else a Service named redis or db would put REDIS_PORT=tcp://… or DB_PORT=tcp://… into Mastodon's environment.
                .withEnableServiceLinks(false)
                .withNewSecurityContext()
                .withRunAsNonRoot(true).withRunAsUser(MASTODON).withRunAsGroup(MASTODON).withFsGroup(MASTODON)
                .withNewSeccompProfile().withType("RuntimeDefault").endSeccompProfile()
                .endSecurityContext()
                .addToContainers(restricted(container, names).build())
                .addNewVolume().withName(TMP_VOLUME).withNewEmptyDir().endEmptyDir().endVolume()
                .addNewVolume().withName("tmp").withNewEmptyDir().endEmptyDir().endVolume()
                .endSpec();
        return (environment.containsKey(MastodonEnvironment.CA_CERTIFICATES) ? withCertificates(template, names) : template).build();
    }

    private static PodTemplateSpecBuilder withCertificates(PodTemplateSpecBuilder template, WorkloadNames names) {
        var directory = Path.of(MastodonEnvironment.CA_FILE).getParent().toString();
        return template.editSpec()
                .addNewVolume().withName(CA_VOLUME).withNewSecret().withSecretName(names.certificates()).endSecret().endVolume()
                .editFirstContainer().addNewVolumeMount().withName(CA_VOLUME).withMountPath(directory).withReadOnly(true).endVolumeMount().endContainer()
                .endSpec();
    }

    /** Uploads and media processing go through /tmp, everything else that Mastodon writes through its own tmp: so the root can be read-only. */
    private static ContainerBuilder restricted(ContainerBuilder container, WorkloadNames names) {
        return container
                .addNewEnvFrom().withNewSecretRef().withName(names.environment()).endSecretRef().endEnvFrom()
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false).withReadOnlyRootFilesystem(true).withRunAsNonRoot(true)
                .withNewCapabilities().addToDrop("ALL").endCapabilities()
                .endSecurityContext()
                .addNewVolumeMount().withName(TMP_VOLUME).withMountPath(MastodonProcesses.TMP).endVolumeMount()
                .addNewVolumeMount().withName("tmp").withMountPath("/tmp").endVolumeMount();
    }

    /** No CPU limit: throttling would slow the instance in the very hour of its queues' backlog. */
    static ResourceRequirements resources(String cpu, long requestMebibytes, long limitMebibytes) {
        return new ResourceRequirementsBuilder()
                .withRequests(Map.of("cpu", new Quantity(cpu), "memory", new Quantity(requestMebibytes + "Mi")))
                .withLimits(Map.of("memory", new Quantity(limitMebibytes + "Mi")))
                .build();
    }

    static List<EnvVar> env(Map<String, String> values) {
        return values.entrySet().stream().sorted(Map.Entry.comparingByKey())
                .map(entry -> new EnvVarBuilder().withName(entry.getKey()).withValue(entry.getValue()).build()).toList();
    }
}
