package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a namespace that enforces the restricted Pod Security Standard refuses
 * (https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted), and what a quota refuses: containers without
 * requests and limits.
 */
public final class PodSecurity {
    private static final Set<String> SECCOMP = Set.of("RuntimeDefault", "Localhost");

    private PodSecurity() {}

    /** The rules that the pod breaks, each in words; empty when it would be admitted. */
    public static List<String> violations(PodSpec pod) {
        var found = new ArrayList<String>();
        var context = Optional.ofNullable(pod.getSecurityContext());
        if (isTrue(pod.getHostNetwork()) || isTrue(pod.getHostPID()) || isTrue(pod.getHostIPC())) {
            found.add("the pod uses a host namespace");
        }
        for (var volume : pod.getVolumes()) {
            if (!isAllowed(volume)) {
                found.add("volume " + volume.getName() + " is of a forbidden type");
            }
        }
        Stream.concat(pod.getInitContainers().stream(), pod.getContainers().stream()).forEach(container -> check(container, context, found));
        return found;
    }

    /** What is asked of pods of Jobs beyond {@link #violations}: no API token, and each attempt is one pod. */
    static List<String> beyondTheStandard(PodSpec pod) {
        var found = new ArrayList<String>();
        if (!Boolean.FALSE.equals(pod.getAutomountServiceAccountToken())) {
            found.add("automountServiceAccountToken is not false");
        }
        if (!"Never".equals(pod.getRestartPolicy())) {
            found.add("restartPolicy is not Never");
        }
        return found;
    }

    private static void check(Container container, Optional<PodSecurityContext> pod, List<String> found) {
        var name = "container " + container.getName() + ": ";
        var own = Optional.ofNullable(container.getSecurityContext());
        if (!isTrue(either(own, SecurityContext::getRunAsNonRoot, pod, PodSecurityContext::getRunAsNonRoot))) {
            found.add(name + "runAsNonRoot is not true");
        }
        if (Long.valueOf(0).equals(either(own, SecurityContext::getRunAsUser, pod, PodSecurityContext::getRunAsUser))) {
            found.add(name + "runAsUser is 0");
        }
        if (!Boolean.FALSE.equals(own.map(SecurityContext::getAllowPrivilegeEscalation).orElse(null))) {
            found.add(name + "allowPrivilegeEscalation is not false");
        }
        if (own.map(SecurityContext::getPrivileged).orElse(false)) {
            found.add(name + "privileged");
        }
        if (!own.map(SecurityContext::getCapabilities).map(capabilities -> capabilities.getDrop().contains("ALL")).orElse(false)) {
            found.add(name + "capabilities do not drop ALL");
        }
        if (own.map(SecurityContext::getCapabilities).stream().flatMap(c -> c.getAdd().stream()).anyMatch(added -> !added.equals("NET_BIND_SERVICE"))) {
            found.add(name + "adds capabilities");
        }
        var seccomp = either(own, SecurityContext::getSeccompProfile, pod, PodSecurityContext::getSeccompProfile);
        if (!SECCOMP.contains(Optional.ofNullable(seccomp).map(SeccompProfile::getType).orElse(""))) {
            found.add(name + "seccompProfile is not RuntimeDefault");
        }
        var resources = Optional.ofNullable(container.getResources());
        if (resources.map(r -> r.getRequests() == null || r.getRequests().isEmpty() || r.getLimits() == null || r.getLimits().isEmpty()).orElse(true)) {
            found.add(name + "requests or limits are missing");
        }
    }

    private static boolean isAllowed(Volume volume) {
        return volume.getHostPath() == null && volume.getNfs() == null
                && Stream.of(volume.getConfigMap(), volume.getCsi(), volume.getDownwardAPI(), volume.getEmptyDir(), volume.getEphemeral(),
                        volume.getPersistentVolumeClaim(), volume.getProjected(), volume.getSecret()).anyMatch(Objects::nonNull);
    }

    private static <T> T either(Optional<SecurityContext> own, Function<SecurityContext, T> ofContainer,
            Optional<PodSecurityContext> pod, Function<PodSecurityContext, T> ofPod) {
        return own.map(ofContainer).or(() -> pod.map(ofPod)).orElse(null);
    }

    private static boolean isTrue(Boolean value) {
        return Boolean.TRUE.equals(value);
    }
}
