package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mastodonmigration.api.MastodonMigration;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The resource as an admin handles it: a file, and edits of single fields by JSON pointer; an empty value takes a field away. */
final class Manifest {
    private static final Path EXAMPLE = Path.of("deploy/examples/migration.yaml");

    private Manifest() {}

    /** The example that the README shows, with these fields set. */
    static MastodonMigration example(Map<String, String> changes) {
        return example(EXAMPLE, UnaryOperator.identity(), changes);
    }

    /** @param fit what of its text has to be another here, before it is read */
    static MastodonMigration example(Path file, UnaryOperator<String> fit, Map<String, String> changes) {
        try {
            return edited(fit.apply(Files.readString(file)), changes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A copy with these fields set; true and false become booleans. */
    static MastodonMigration edited(MastodonMigration migration, Map<String, String> changes) {
        try {
            return edited(Serialization.asYaml(migration), changes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static MastodonMigration edited(String yaml, Map<String, String> changes) throws IOException {
        var tree = Serialization.yamlMapper().readTree(yaml);
        changes.forEach((pointer, value) -> set(tree, pointer, value));
        return Serialization.unmarshal(tree.toString(), MastodonMigration.class);
    }

    private static void set(JsonNode tree, String pointer, String value) {
        var slash = pointer.lastIndexOf('/');
        var parent = (ObjectNode) tree.withObject(pointer.substring(0, slash));
        if (value.isEmpty()) {
            parent.remove(pointer.substring(slash + 1));
        } else if (value.equals("true") || value.equals("false")) {
            parent.put(pointer.substring(slash + 1), Boolean.parseBoolean(value));
        } else {
            parent.put(pointer.substring(slash + 1), value);
        }
    }
}
