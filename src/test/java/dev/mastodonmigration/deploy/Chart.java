package dev.mastodonmigration.deploy;

import com.marcnuri.helm.Helm;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The chart as real Helm renders it. */
public record Chart(List<HasMetadata> objects) {
    static final Path DIRECTORY = Path.of("helm/mastodon-migration-operator");

    /** Renders into the namespace {@code mastodon}; settings are name, value, name, value. Helm's refusal comes as an IllegalStateException. */
    public static Chart rendered(String... settings) {
        var command = new Helm(DIRECTORY).template().withName("mover").withNamespace("mastodon").withKubeVersion("1.31.0");
        for (int i = 0; i < settings.length; i += 2) {
            command.set(settings[i], settings[i + 1]);
        }
        return of(command.call());
    }

    static Chart renderedWith(Path values) {
        return of(new Helm(DIRECTORY).template().withName("mover").withNamespace("mastodon").withKubeVersion("1.31.0").withValuesFile(values).call());
    }

    private static Chart of(String manifests) {
        return new Chart(Arrays.stream(manifests.split("(?m)^---\\s*$"))
                .filter(document -> document.lines().anyMatch(line -> !line.isBlank() && !line.startsWith("#")))
                .map(document -> (HasMetadata) Serialization.unmarshal(document)).toList());
    }

    public <T extends HasMetadata> T only(Class<T> kind) {
        return find(kind).orElseThrow(() -> new AssertionError("the chart renders no " + kind.getSimpleName() + ", but " + objects.stream().map(HasMetadata::getKind).toList()));
    }

    <T extends HasMetadata> List<T> all(Class<T> kind) {
        return objects.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    <T extends HasMetadata> Optional<T> find(Class<T> kind) {
        return all(kind).stream().findFirst();
    }
}
