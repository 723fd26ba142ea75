package dev.mastodonmigration.target.kubernetes;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mastodonmigration.api.MastodonMigrationSpec.Kubernetes;
import dev.mastodonmigration.api.PodTemplate;
import dev.mastodonmigration.mastodon.InstanceFindings;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds in a spec's podTemplates what the schema lets through: the parts that are Kubernetes' own, and what would make pods of another instance. */
final class PodTemplateRules {
    /** Refuses what it does not know: Kubernetes' classes keep it, and an API server would drop it without a word. */
    private static final JsonMapper STRICT = JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).annotationIntrospector(new JacksonAnnotationIntrospector() {
        private static final long serialVersionUID = 1L;

        @Override
        public Boolean hasAnySetter(Annotated a) {
            return false;
        }
    }).build();
    private static final String FIELD = "spec.target.compute.kubernetes.";

    private final List<String> violations = new ArrayList<>();

    private PodTemplateRules() {}

    static List<String> violations(Kubernetes spec) {
        var rules = new PodTemplateRules();
        rules.check(FIELD, spec.podTemplate(), Optional.empty());
        var all = Optional.ofNullable(spec.podTemplate());
        Optional.ofNullable(spec.web()).ifPresent(web -> rules.check(FIELD + "web.", web.podTemplate(), all));
        Optional.ofNullable(spec.streaming()).ifPresent(streaming -> rules.check(FIELD + "streaming.", streaming.podTemplate(), all));
        Optional.ofNullable(spec.sidekiq()).orElse(List.of()).forEach(entry -> rules.check(FIELD + "sidekiq \"" + entry.name() + "\" ", entry.podTemplate(), all));
        return rules.violations;
    }

    private void check(String at, PodTemplate template, Optional<PodTemplate> ofAll) {
        if (template == null) {
            return;
        }
        var field = at + "podTemplate.";
        list(template.volumes()).forEach(volume -> volume(field + "volumes", volume));
        list(template.topologySpreadConstraints()).forEach(constraint -> read(field + "topologySpreadConstraints[]", constraint, TopologySpreadConstraint.class));
        PodOverlay.given(template.affinity()).ifPresent(affinity -> read(field + "affinity", affinity, Affinity.class));
        PodOverlay.given(template.securityContext()).ifPresent(context -> read(field + "securityContext", context, PodSecurityContext.class));
        list(template.env()).forEach(variable -> variable(field + "env", variable));
        list(template.volumeMounts()).forEach(mount -> mount(field + "volumeMounts", mount, volumes(template, ofAll)));
        Optional.ofNullable(template.labels()).orElse(Map.of()).keySet().stream().filter(WorkloadNames.OWN_LABELS::contains)
                .forEach(label -> violations.add(field + "labels: " + label + " is the operator's own, by which pods are found. Remove it."));
        Optional.ofNullable(template.resources()).ifPresent(resources -> Stream.of(resources.requests(), resources.limits()).flatMap(quantities -> Optional.ofNullable(quantities).stream())
                .forEach(quantities -> quantities.forEach((name, quantity) -> quantity(field + "resources: " + name, quantity))));
    }

    private void volume(String field, JsonNode volume) {
        var name = volume.path("name").asText();
        if (name.isEmpty()) {
            violations.add(field + ": each needs a name.");
        } else if (name.equals(MastodonPod.CA_VOLUME)) {
            violations.add(field + ": " + name + " is the operator's own, with the certificates of the target. Take another name.");
        }
        read(field + " \"" + name + "\"", volume, Volume.class);
    }

    private void variable(String field, PodTemplate.Variable variable) {
        if (InstanceFindings.IDENTITY.contains(variable.name())) {
            violations.add(field + ": " + variable.name() + " makes the instance itself and is carried over from the source. Remove it.");
        }
        if (variable.value() != null && PodOverlay.given(variable.valueFrom()).isPresent()) {
            violations.add(field + ": " + variable.name() + " has both value and valueFrom. Remove one.");
        }
        PodOverlay.given(variable.valueFrom()).ifPresent(from -> read(field + " \"" + variable.name() + "\".valueFrom", from, EnvVarSource.class));
    }

    private void mount(String field, PodTemplate.Mount mount, Set<String> volumes) {
        if (!mount.mountPath().startsWith("/") || mount.mountPath().contains(":")) {
            violations.add(field + ": " + mount.mountPath() + " must be an absolute path without a colon.");
        }
        if (!volumes.contains(mount.name())) {
            violations.add(field + ": there is no volume " + mount.name() + ". Add it to volumes.");
        }
    }

    private static Set<String> volumes(PodTemplate template, Optional<PodTemplate> ofAll) {
        var names = new HashSet<>(MastodonPod.VOLUMES);
        Stream.concat(Stream.of(template), ofAll.stream()).flatMap(each -> list(each.volumes())).forEach(volume -> names.add(volume.path("name").asText()));
        return names;
    }

    private void quantity(String field, Quantity quantity) {
        try {
            quantity.getNumericalAmount();
        } catch (ArithmeticException | IllegalArgumentException notOne) {
            violations.add(field + ": " + quantity.getAmount() + " is no quantity such as 500m or 2Gi.");
        }
    }

    private void read(String field, JsonNode value, Class<?> type) {
        try {
            STRICT.treeToValue(value, type);
        } catch (UnrecognizedPropertyException unknown) {
            violations.add(field + ": a Kubernetes " + type.getSimpleName() + " has no field " + path(unknown) + ".");
        } catch (com.fasterxml.jackson.core.JsonProcessingException wrong) {
            var where = wrong instanceof JsonMappingException mapping ? path(mapping) : "";
            violations.add(field + ": " + (where.isEmpty() ? "this" : where) + " is not as a Kubernetes " + type.getSimpleName() + " has it.");
        }
    }

    private static String path(JsonMappingException e) {
        return e.getPath().stream().map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : step.getFieldName()).collect(Collectors.joining("."));
    }

    private static <T> Stream<T> list(List<T> values) {
        return Optional.ofNullable(values).stream().flatMap(List::stream);
    }
}
