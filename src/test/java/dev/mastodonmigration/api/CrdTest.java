package dev.mastodonmigration.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CrdTest {
    private static final Set<String> FORBIDDEN = Set.of("$ref", "definitions", "deprecated", "discriminator", "id", "patternProperties", "readOnly", "writeOnly", "xml", "uniqueItems");

    @Test
    void theCommittedCrdIsWhatTheTypesSay() throws IOException {
        assertThat(Files.readString(CrdFile.PATH)).as("crds/ has drifted from the Java types: run `make crds` and commit").isEqualTo(CrdFile.text());
    }

    @Test
    void kubectlShowsWhereTheMigrationStands() throws IOException {
        var names = new ArrayList<String>();
        CrdFile.read().at("/spec/versions/0/additionalPrinterColumns").forEach(column -> names.add(column.get("name").asText()));
        assertThat(names).containsExactly("STEP", "PHASE", "STATUS", "DOWNTIME", "PROGRESS", "LAG", "AGE");
        assertThat(CrdFile.read().at("/spec/names/shortNames/0").asText()).isEqualTo("mmig");
        assertThat(CrdFile.read().at("/spec/versions/0/subresources/status").isObject()).isTrue();
    }

    @Test
    void theSchemaIsStructural() throws IOException {
        var problems = new ArrayList<String>();
        structural("", schema(), problems);
        assertThat(problems).isEmpty();
    }

    /** Whoever applies it with kubectl client-side has all of it in an annotation, which may have 262144 bytes. */
    @Test
    void theCrdCanBeAppliedByEveryMeans() throws IOException {
        assertThat(Files.size(CrdFile.PATH)).isLessThan(250_000);
    }

    @Test
    void whatAMigrationCannotDoWithoutIsRequired() throws IOException {
        assertThat(strings(schema().at("/required"))).containsExactly("spec");
        assertThat(strings(schema().at("/properties/spec/required"))).contains("instance", "source", "target");
        assertThat(strings(schema().at("/properties/spec/properties/instance/required"))).contains("localDomain", "image");
        assertThat(strings(schema().at("/properties/spec/properties/source/properties/heroku/required"))).contains("app", "apiTokenSecretRef");
    }

    @Test
    void noRuleIsWrittenTwice() throws IOException {
        for (var rules : schema().findValues("x-kubernetes-validations")) {
            assertThat(new HashSet<>(strings(rules))).hasSize(rules.size());
        }
    }

    @Test
    void everyFieldOfTheSpecIsDescribed() throws IOException {
        var undescribed = new ArrayList<String>();
        described("spec", schema().at("/properties/spec"), undescribed);
        assertThat(undescribed).isEmpty();
    }

    private static void described(String path, JsonNode schema, List<String> undescribed) {
        schema.path("properties").properties().forEach(field -> {
            if (field.getValue().path("description").asText().isBlank()) {
                undescribed.add(path + "." + field.getKey());
            }
            described(path + "." + field.getKey(), field.getValue(), undescribed);
        });
        if (schema.has("items")) {
            described(path + "[]", schema.get("items"), undescribed);
        }
    }

    /** As in "Specifying a structural schema" of the Kubernetes documentation of CustomResourceDefinitions. */
    private static void structural(String path, JsonNode schema, List<String> problems) {
        if (schema.path("type").asText().isEmpty() && !schema.path("x-kubernetes-int-or-string").asBoolean() && !schema.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
            problems.add(path + " has no type");
        }
        FORBIDDEN.stream().filter(schema::has).forEach(keyword -> problems.add(path + " uses " + keyword));
        if (schema.has("properties") && schema.has("additionalProperties")) {
            problems.add(path + " has properties and additionalProperties");
        }
        if (schema.path("type").asText().equals("array")) {
            structural(path + "[]", schema.path("items"), problems);
        }
        if (schema.has("additionalProperties")) {
            structural(path + "{}", schema.get("additionalProperties"), problems);
        }
        schema.path("properties").properties().forEach(field -> structural(path + "." + field.getKey(), field.getValue(), problems));
    }

    private static JsonNode schema() throws IOException {
        return CrdFile.read().at("/spec/versions/0/schema/openAPIV3Schema");
    }

    private static List<String> strings(JsonNode array) {
        var all = new ArrayList<String>();
        array.forEach(item -> all.add(item.isTextual() ? item.asText() : item.toString()));
        return all;
    }
}
