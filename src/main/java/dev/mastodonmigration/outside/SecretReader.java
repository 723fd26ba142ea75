package dev.mastodonmigration.outside;

import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** Reads what the admin put into Secrets. Read at each use, kept nowhere: credentials rotate. */
@Singleton
public class SecretReader {
    private final KubernetesClient client;

    public SecretReader(KubernetesClient client) {
        this.client = client;
    }

    /**
     * The value of a key of a Secret, without surrounding space.
     *
     * @throws MissingInputException when there is no such Secret, or no such key in it
     */
    public String read(String namespace, SecretKeyRef ref) {
        Secret secret = KubernetesRefusals.asking(() -> client.secrets().inNamespace(namespace).withName(ref.name()).get());
        if (secret == null) {
            throw new MissingInputException("Secret " + namespace + "/" + ref.name() + " does not exist. Create it with the key \"" + ref.key() + "\".");
        }
        return Optional.ofNullable(secret.getData()).map(data -> data.get(ref.key()))
                .map(value -> new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8).strip())
                .filter(value -> !value.isEmpty())
                .orElseThrow(() -> new MissingInputException("Secret " + namespace + "/" + ref.name() + " has no key \"" + ref.key() + "\", or it is empty. Add it."));
    }
}
