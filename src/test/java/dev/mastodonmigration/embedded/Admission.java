package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mastodonmigration.api.MastodonMigration;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What the API server refuses though it understands it: by the CRD, by rules of built-in kinds, by Pod Security, by a quota, by somebody's webhook. */
final class Admission {
    static final String ENFORCE = "pod-security.kubernetes.io/enforce";
    private static final List<String> FIXED_IN_A_JOB = List.of("template", "completionMode", "completions", "podFailurePolicy", "backoffLimitPerIndex", "selector");

    private final ObjectStore store;
    private final ServedCrd crd;
    /** Plural of a kind, and why nothing of it is admitted. */
    private final Map<String, String> refused = new ConcurrentHashMap<>();

    Admission(ObjectStore store, ServedCrd crd) {
        this.store = store;
        this.crd = crd;
    }

    void refuse(String plural, String why) {
        refused.put(plural, why);
    }

    void admitAgain(String plural) {
        refused.remove(plural);
    }

    void create(ApiPath path, ObjectNode object) throws ApiRefusal {
        var name = object.at("/metadata/name").asText();
        if (refused.containsKey(path.plural())) {
            throw ApiRefusal.forbidden(path.resource(), name, refused.get(path.plural()));
        }
        switch (path.plural()) {
            case "mastodonmigrations" -> crd.admit(object, Optional.empty());
            case "deployments" -> requireSelector(object, name);
            case "pods" -> {
                requirePodSecurity(path, object, name);
                requireQuota(path, name);
            }
            default -> { }
        }
    }

    void update(ApiPath path, ObjectNode object, JsonNode current) throws ApiRefusal {
        var name = object.at("/metadata/name").asText();
        switch (path.plural()) {
            case "mastodonmigrations" -> crd.admit(object, Optional.of(current));
            case "deployments" -> {
                requireSelector(object, name);
                requireSame("Deployment", path, object, current, "selector");
            }
            case "jobs" -> {
                for (var field : FIXED_IN_A_JOB) {
                    requireSame("Job", path, object, current, field);
                }
            }
            default -> { }
        }
    }

    private static void requireSame(String kind, ApiPath path, JsonNode object, JsonNode current, String field) throws ApiRefusal {
        if (!MastodonMigration.GROUP.equals(path.group()) && !object.at("/spec/" + field).equals(current.at("/spec/" + field))) {
            throw ApiRefusal.immutable(kind, path.group(), object.at("/metadata/name").asText(), "spec." + field);
        }
    }

    private static void requireSelector(JsonNode deployment, String name) throws ApiRefusal {
        var selector = deployment.at("/spec/selector/matchLabels");
        if (selector.isEmpty()) {
            throw ApiRefusal.invalid("Deployment", "apps", name, List.of(new StatusCause("spec.selector", "Required value", "FieldValueRequired")));
        }
        var labels = deployment.at("/spec/template/metadata/labels");
        if (selector.properties().stream().anyMatch(label -> !label.getValue().equals(labels.get(label.getKey())))) {
            throw ApiRefusal.invalid("Deployment", "apps", name, List.of(new StatusCause("spec.template.metadata.labels", "Invalid value: `selector` does not match template `labels`", "FieldValueInvalid")));
        }
    }

    private void requirePodSecurity(ApiPath path, JsonNode pod, String name) throws ApiRefusal {
        var level = path.namespace().flatMap(namespace -> store.find("/api/v1/namespaces/" + namespace)).map(namespace -> namespace.metadata().path("labels").path(ENFORCE).asText());
        if (level.filter("restricted"::equals).isEmpty()) {
            return;
        }
        var broken = PodSecurity.violations(Serialization.unmarshal(pod.get("spec").toString(), PodSpec.class));
        if (!broken.isEmpty()) {
            throw ApiRefusal.forbidden("pods", name, "violates PodSecurity \"restricted:latest\": " + String.join(", ", broken));
        }
    }

    private void requireQuota(ApiPath path, String name) throws ApiRefusal {
        var namespace = path.namespace().orElseThrow();
        var used = store.objects().stream().filter(object -> object.kind().equals("Pod") && object.namespace().equals(namespace))
                .filter(pod -> !List.of(Kubelet.SUCCEEDED, Kubelet.FAILED).contains(pod.json().at("/status/phase").asText())).count();
        for (var quota : store.objects().stream().filter(object -> object.kind().equals("ResourceQuota") && object.namespace().equals(namespace)).toList()) {
            var limit = quota.json().at("/spec/hard/pods").asText("");
            if (!limit.isEmpty() && used + 1 > Long.parseLong(limit)) {
                throw ApiRefusal.forbidden("pods", name, "exceeded quota: " + quota.name() + ", requested: pods=1, used: pods=" + used + ", limited: pods=" + limit);
            }
        }
    }
}
