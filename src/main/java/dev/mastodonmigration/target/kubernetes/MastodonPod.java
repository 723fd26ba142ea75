package dev.mastodonmigration.target.kubernetes;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.util.List;
import java.util.Map;

/** The part that all of Mastodon's pods share: its environment, and what restricted PodSecurity demands. */
final class MastodonPod {
    /** uid and gid of the user {@code mastodon} in its images (Dockerfile). Numeric, so that the kubelet can prove it is not root. */
    private static final long MASTODON = 991L;
    private static final String ENVIRONMENT_ANNOTATION = "mastodonmigration.dev/environment";
    /** Mastodon writes its pid, its cache and Sidekiq's readiness file here. */
    static final String TMP = "/opt/mastodon/tmp";

    private MastodonPod() {}

    /**
     * Wraps one container into a pod.
     *
     * @param environmentHash rolls the pods when the environment's Secret changes, which running processes would not notice
     */
    static PodTemplateSpec of(WorkloadNames names, String component, String environmentHash, ContainerBuilder container) {
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .withLabels(names.labels(component))
                .addToAnnotations(ENVIRONMENT_ANNOTATION, environmentHash)
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
                .addNewVolume().withName("mastodon-tmp").withNewEmptyDir().endEmptyDir().endVolume()
                .addNewVolume().withName("tmp").withNewEmptyDir().endEmptyDir().endVolume()
                .endSpec()
                .build();
    }

    /** Uploads and media processing go through /tmp, everything else that Mastodon writes through its own tmp: so the root can be read-only. */
    private static ContainerBuilder restricted(ContainerBuilder container, WorkloadNames names) {
        return container
                .addNewEnvFrom().withNewSecretRef().withName(names.environment()).endSecretRef().endEnvFrom()
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false).withReadOnlyRootFilesystem(true).withRunAsNonRoot(true)
                .withNewCapabilities().addToDrop("ALL").endCapabilities()
                .endSecurityContext()
                .addNewVolumeMount().withName("mastodon-tmp").withMountPath(TMP).endVolumeMount()
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
