package dev.mastodonmigration.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Optional;

/**
 * What an API server makes of a custom resource before it checks it: fields that the schema does not know go without a word, so do nulls, and defaults are filled in
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning).
 */
public final class SchemaShape {
    private SchemaShape() {}

    /** Changes the value in place. */
    public static void apply(JsonNode schema, JsonNode value) {
        if (value instanceof ObjectNode object) {
            prune(schema, object);
            fillIn(schema, object);
            object.properties().forEach(field -> of(schema, field.getKey()).ifPresent(of -> apply(of, field.getValue())));
        } else if (value.isArray() && schema.has("items")) {
            value.forEach(item -> apply(schema.get("items"), item));
        }
    }

    private static void prune(JsonNode schema, ObjectNode object) {
        for (var name : new ArrayList<>(object.properties().stream().map(field -> field.getKey()).toList())) {
            var of = of(schema, name);
            if (of.isEmpty() && !keepsUnknown(schema) || object.get(name).isNull() && !of.map(known -> known.path("nullable").asBoolean()).orElse(true)) {
                object.remove(name);
            }
        }
    }

    private static void fillIn(JsonNode schema, ObjectNode object) {
        schema.path("properties").properties().stream().filter(field -> field.getValue().has("default") && !object.has(field.getKey()))
                .forEach(field -> object.set(field.getKey(), field.getValue().get("default").deepCopy()));
    }

    private static Optional<JsonNode> of(JsonNode schema, String field) {
        return Optional.ofNullable(schema.path("properties").get(field)).or(() -> Optional.ofNullable(schema.get("additionalProperties")));
    }

    static boolean keepsUnknown(JsonNode schema) {
        return schema.path("x-kubernetes-preserve-unknown-fields").asBoolean();
    }
}
