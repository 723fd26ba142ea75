package dev.mastodonmigration.target.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mastodonmigration.api.PodTemplate;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Lays what the admin wants of pods over ours. The admin's wins, except for what makes a pod one of ours: its labels, the digests in its annotations, its
 * command and the Secret with its environment, none of which a {@link PodTemplate} can name.
 */
final class PodOverlay {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PodOverlay() {}

    /** @param component whose pods these are: a spread constraint without a selector counts them */
    static PodTemplateSpec on(PodTemplateSpec ours, PodTemplate admins, WorkloadNames names, String component) {
        var template = new PodTemplateSpecBuilder(ours).build();
        template.getMetadata().setLabels(over(admins.labels(), ours.getMetadata().getLabels()));
        template.getMetadata().setAnnotations(over(admins.annotations(), ours.getMetadata().getAnnotations()));
        pod(template.getSpec(), admins, names, component);
        var container = template.getSpec().getContainers().getFirst();
        container.setEnv(merged(container.getEnv(), variables(admins), EnvVar::getName));
        container.setVolumeMounts(merged(container.getVolumeMounts(), mounts(admins), VolumeMount::getMountPath));
        Optional.ofNullable(admins.resources()).ifPresent(wanted -> container.setResources(resources(container.getResources(), wanted)));
        return template;
    }

    private static void pod(PodSpec pod, PodTemplate admins, WorkloadNames names, String component) {
        pod.setVolumes(merged(pod.getVolumes(), all(admins.volumes(), Volume.class), Volume::getName));
        pod.setNodeSelector(over(pod.getNodeSelector(), admins.nodeSelector()));
        pod.setTolerations(concat(pod.getTolerations(), list(admins.tolerations()).map(PodOverlay::toleration).toList()));
        pod.setImagePullSecrets(concat(pod.getImagePullSecrets(), list(admins.imagePullSecrets()).map(secret -> new LocalObjectReference(secret.name())).toList()));
        Optional.ofNullable(admins.serviceAccountName()).ifPresent(pod::setServiceAccountName);
        given(admins.affinity()).ifPresent(affinity -> pod.setAffinity(as(affinity, Affinity.class)));
        given(admins.securityContext()).ifPresent(context -> pod.setSecurityContext(as(over(JSON.valueToTree(pod.getSecurityContext()), context), PodSecurityContext.class)));
        if (admins.topologySpreadConstraints() != null) {
            pod.setTopologySpreadConstraints(all(admins.topologySpreadConstraints(), TopologySpreadConstraint.class));
            pod.getTopologySpreadConstraints().stream().filter(constraint -> constraint.getLabelSelector() == null)
                    .forEach(constraint -> constraint.setLabelSelector(new LabelSelectorBuilder().withMatchLabels(names.selector(component)).build()));
        }
    }

    /** Ours of a resource goes when the admin's says anything of it: a request of theirs above a limit of ours would be refused. */
    private static ResourceRequirements resources(ResourceRequirements ours, PodTemplate.Resources wanted) {
        var requests = map(wanted.requests());
        var limits = map(wanted.limits());
        ours.setRequests(quantities(ours.getRequests(), requests, limits));
        ours.setLimits(quantities(ours.getLimits(), limits, requests));
        return ours;
    }

    private static Map<String, Quantity> quantities(Map<String, Quantity> ours, Map<String, Quantity> wanted, Map<String, Quantity> other) {
        var all = new TreeMap<>(map(ours));
        all.keySet().removeAll(other.keySet());
        all.putAll(wanted);
        return all;
    }

    private static List<EnvVar> variables(PodTemplate admins) {
        return list(admins.env()).map(variable -> {
            var built = new EnvVarBuilder().withName(variable.name()).withValue(variable.value());
            given(variable.valueFrom()).ifPresent(from -> built.withValueFrom(as(from, EnvVarSource.class)));
            return built.build();
        }).toList();
    }

    private static List<VolumeMount> mounts(PodTemplate admins) {
        return list(admins.volumeMounts()).map(mount -> new VolumeMountBuilder()
                .withName(mount.name()).withMountPath(mount.mountPath()).withSubPath(mount.subPath()).withReadOnly(mount.readOnly()).build()).toList();
    }

    private static Toleration toleration(PodTemplate.Toleration wanted) {
        return new TolerationBuilder().withKey(wanted.key()).withValue(wanted.value()).withTolerationSeconds(wanted.tolerationSeconds())
                .withOperator(Optional.ofNullable(wanted.operator()).map(Enum::name).orElse(null))
                .withEffect(Optional.ofNullable(wanted.effect()).map(Enum::name).orElse(null)).build();
    }

    /** Left out, or an explicit null. */
    static Optional<JsonNode> given(JsonNode value) {
        return Optional.ofNullable(value).filter(node -> !node.isNull());
    }

    private static JsonNode over(JsonNode base, JsonNode top) {
        return ((ObjectNode) base).setAll((ObjectNode) top);
    }

    private static Map<String, String> over(Map<String, String> base, Map<String, String> top) {
        var all = new TreeMap<>(map(base));
        all.putAll(map(top));
        return all;
    }

    /** In the order of ours, those with new keys behind. */
    private static <T> List<T> merged(List<T> ours, List<T> theirs, Function<T, String> key) {
        var all = new LinkedHashMap<String, T>();
        Stream.concat(ours.stream(), theirs.stream()).forEach(item -> all.put(key.apply(item), item));
        return new ArrayList<>(all.values());
    }

    private static <T> List<T> concat(List<T> ours, List<T> theirs) {
        return Stream.concat(ours.stream(), theirs.stream()).distinct().toList();
    }

    private static <T> List<T> all(List<JsonNode> values, Class<T> type) {
        return list(values).map(value -> as(value, type)).toList();
    }

    private static <T> T as(JsonNode value, Class<T> type) {
        return JSON.convertValue(value, type);
    }

    private static <T> Stream<T> list(List<T> values) {
        return Optional.ofNullable(values).stream().flatMap(List::stream);
    }

    private static <V> Map<String, V> map(Map<String, V> values) {
        return Optional.ofNullable(values).orElse(Map.of());
    }
}
