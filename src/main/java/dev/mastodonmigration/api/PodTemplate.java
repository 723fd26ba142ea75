package dev.mastodonmigration.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;

/**
 * What an admin sets on Mastodon's pods. Its fields are those of a Kubernetes pod, flattened, because each of our pods has one container of Mastodon's.
 * Small ones are checked by the schema; what is deep in Kubernetes (an affinity, a volume's source) is passed on as it is, and checked by the compute that makes pods of it.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PodTemplate(
        @JsonPropertyDescription("Labels added to the pods. Those that the operator sets cannot be changed.") Map<String, String> labels,
        @JsonPropertyDescription("Annotations added to the pods.") Map<String, String> annotations,
        @JsonPropertyDescription("Requests and limits of Mastodon's container. A resource that is named here, in either, has only what is said here.") Resources resources,
        @Size(max = 100) @JsonPropertyDescription("Variables of Mastodon's container. One with the name of the operator's replaces it; what makes the instance itself (LOCAL_DOMAIN, keys) cannot be set here.") List<Variable> env,
        @Size(max = 32) @JsonPropertyDescription("Volumes of the pods, as in a pod's spec.volumes. One with the name of the operator's (mastodon-tmp, tmp) replaces it.") List<JsonNode> volumes,
        @Size(max = 32) @JsonPropertyDescription("Where Mastodon's container sees them. One at the path of the operator's replaces it.") List<Mount> volumeMounts,
        @JsonPropertyDescription("Labels that a node must have.") Map<String, String> nodeSelector,
        @Size(max = 32) @JsonPropertyDescription("Taints of nodes that the pods tolerate.") List<Toleration> tolerations,
        @JsonPropertyDescription("As in a pod's spec.affinity.") JsonNode affinity,
        @Size(max = 16) @JsonPropertyDescription("As in a pod's spec.topologySpreadConstraints; one without a labelSelector counts the pods of its own process. Replaces the operator's, which spreads pods over nodes and zones where it can.") List<JsonNode> topologySpreadConstraints,
        @Size(min = 1) @JsonPropertyDescription("ServiceAccount of the pods, as an AWS role for the bucket needs it. Its token is not mounted.") String serviceAccountName,
        @Size(max = 16) @JsonPropertyDescription("Secrets with which the images are pulled.") List<PullSecret> imagePullSecrets,
        @JsonPropertyDescription("As in a pod's spec.securityContext. Fields that are given replace the operator's.") JsonNode securityContext) {

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Resources(
            @JsonPropertyDescription("What a node must have left, for example {cpu: 500m, memory: 2Gi}.") Map<String, Quantity> requests,
            @JsonPropertyDescription("What the container may use at most.") Map<String, Quantity> limits) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Variable(
            @Required @Pattern("^[A-Za-z_][A-Za-z0-9_]*$") @JsonPropertyDescription("Name of the variable.") String name,
            @JsonPropertyDescription("Its value.") String value,
            @JsonPropertyDescription("Or where it is read from, as in a container's env[].valueFrom.") JsonNode valueFrom) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Mount(
            @Required @Size(min = 1) @JsonPropertyDescription("Name of the volume.") String name,
            @Required @Size(min = 1) @JsonPropertyDescription("Path in the container.") String mountPath,
            @JsonPropertyDescription("Path in the volume.") String subPath,
            @JsonPropertyDescription("Default: false.") Boolean readOnly) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Toleration(
            @JsonPropertyDescription("Key of the taint. Left out with Exists: every taint.") String key,
            @JsonPropertyDescription("Exists or Equal. Default: Equal.") Operator operator,
            @JsonPropertyDescription("Value of the taint.") String value,
            @JsonPropertyDescription("Left out: every effect.") Effect effect,
            @JsonPropertyDescription("With NoExecute: how long it is tolerated.") Long tolerationSeconds) {
        public enum Operator { Exists, Equal }

        public enum Effect { NoSchedule, PreferNoSchedule, NoExecute }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record PullSecret(@Required @Size(min = 1) @JsonPropertyDescription("Name of a Secret in the migration's namespace.") String name) {}
}
