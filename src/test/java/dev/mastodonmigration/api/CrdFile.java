package dev.mastodonmigration.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.crdv2.generator.CRDGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.StreamSupport;

/** Makes crds/, and the copy in the chart, from the Java types: they are the only place where the resource is described. */
public final class CrdFile {
    static final Path PATH = Path.of("crds/mastodonmigrations.mastodonmigration.dev.yaml");
    /** The chart's copy: Helm reads no file outside its chart. */
    private static final Path CHART = Path.of("helm/mastodon-migration-operator/files/crd.yaml");
    private static final String HEADER = "# Generated from src/main/java/dev/mastodonmigration/api by `make crds`.\n";
    private static final List<String> COLUMNS = List.of("STEP", "PHASE", "STATUS", "DOWNTIME", "PROGRESS", "LAG", "AGE");
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER).enable(YAMLGenerator.Feature.MINIMIZE_QUOTES).disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS).build();

    private CrdFile() {}

    /** Writes crds/ and the chart's copy. */
    public static void main(String... args) throws IOException {
        for (var path : List.of(PATH, CHART)) {
            Files.createDirectories(path.getParent());
            Files.writeString(path, text());
        }
    }

    static String text() {
        try {
            return HEADER + YAML.writeValueAsString(tree());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static JsonNode read() throws IOException {
        return YAML.readTree(Files.readString(PATH));
    }

    private static JsonNode tree() throws IOException {
        var directory = Files.createTempDirectory("crd");
        try {
            new CRDGenerator().customResourceClasses(MastodonMigration.class).forCRDVersions("v1").inOutputDir(directory.toFile()).generate();
            try (var files = Files.list(directory)) {
                var crd = YAML.readTree(Files.readString(files.findFirst().orElseThrow()));
                removeRepeatedRules(crd);
                // The generator sees the spec as a type parameter, where nobody can say that it is required.
                ((ObjectNode) crd.at("/spec/versions/0/schema/openAPIV3Schema")).putArray("required").add("spec");
                orderColumns((ObjectNode) crd.at("/spec/versions/0"));
                return crd;
            }
        } finally {
            try (var files = Files.list(directory)) {
                for (var file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }

    /** The generator finds each rule of a record twice: on the component's field and on its accessor. */
    private static void removeRepeatedRules(JsonNode node) {
        if (node.get("x-kubernetes-validations") instanceof ArrayNode rules) {
            var distinct = new LinkedHashSet<JsonNode>();
            rules.forEach(distinct::add);
            rules.removeAll().addAll(distinct);
        }
        node.forEach(CrdFile::removeRepeatedRules);
    }

    private static void orderColumns(ObjectNode version) {
        var columns = (ArrayNode) version.get("additionalPrinterColumns");
        var sorted = StreamSupport.stream(columns.spliterator(), false)
                .sorted((one, other) -> Integer.compare(COLUMNS.indexOf(one.get("name").asText()), COLUMNS.indexOf(other.get("name").asText()))).toList();
        // The API server keeps no 0, so that a file with one never equals what the cluster has, as Argo CD tells for ever.
        sorted.stream().filter(column -> column.path("priority").asInt() == 0).forEach(column -> ((ObjectNode) column).remove("priority"));
        columns.removeAll().addAll(sorted);
    }
}
