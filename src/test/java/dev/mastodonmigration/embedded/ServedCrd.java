package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mastodonmigration.api.CrdFile;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SchemaCheck;
import dev.mastodonmigration.api.SchemaShape;
import io.fabric8.kubernetes.api.model.StatusCause;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** The CRD of {@code crds/}, as an API server has it: each object is pruned, defaulted, and checked against schema and CEL rules. */
final class ServedCrd {
    private static final List<String> OF_EVERY_OBJECT = List.of("apiVersion", "kind", "metadata");

    private final JsonNode schema;

    private ServedCrd(JsonNode schema) {
        this.schema = schema;
    }

    static ServedCrd ofThisVersion() {
        return older(List.of());
    }

    /**
     * The CRD of an older release, left behind by an upgrade of the operator alone.
     *
     * @param missing fields of the status that it does not know, such as {@code downtime.targetWritableAt}
     */
    static ServedCrd older(List<String> missing) {
        try {
            var schema = CrdFile.read().at("/spec/versions/0/schema/openAPIV3Schema");
            missing.forEach(field -> remove(schema.at("/properties/status"), field));
            return new ServedCrd(schema);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void remove(JsonNode of, String field) {
        var names = List.of(field.split("\\."));
        var parent = of;
        for (var name : names.subList(0, names.size() - 1)) {
            parent = parent.path("properties").path(name);
            parent = parent.has("items") ? parent.get("items") : parent;
        }
        if (!(parent.path("properties") instanceof ObjectNode properties) || properties.remove(names.getLast()) == null) {
            throw new IllegalArgumentException("the CRD has no field status." + field);
        }
    }

    /** Makes of the object what would be stored, or says why it is not. */
    void admit(ObjectNode object, Optional<JsonNode> old) throws ApiRefusal {
        var metadata = object.get("metadata");
        var content = apart(object);
        SchemaShape.apply(schema, content);
        var findings = SchemaCheck.findings(schema, content, old.map(ServedCrd::apart));
        if (!findings.isEmpty()) {
            throw ApiRefusal.invalid(MastodonMigration.KIND, MastodonMigration.GROUP, metadata.path("name").asText(), findings.stream().map(ServedCrd::cause).toList());
        }
        object.retain(OF_EVERY_OBJECT);
        object.setAll(content);
    }

    /** apiVersion, kind and metadata are the API server's own: its schema for them is not in the CRD. */
    private static ObjectNode apart(JsonNode object) {
        return ((ObjectNode) object.deepCopy()).remove(OF_EVERY_OBJECT);
    }

    private static StatusCause cause(SchemaCheck.Finding finding) {
        var words = finding.words().replaceFirst("^:? ", "");
        var message = switch (finding.reason()) {
            case FieldValueRequired -> "Required value";
            case FieldValueNotSupported -> "Unsupported value: " + words;
            case FieldValueTypeInvalid, FieldValueInvalid -> "Invalid value: " + words;
        };
        return new StatusCause(finding.path().isEmpty() ? "<nil>" : finding.path().substring(1), message, finding.reason().name());
    }
}
