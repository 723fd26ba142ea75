package dev.mastodonmigration.outside;

import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
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
        return Optional.ofNullable(readAll(namespace, ref.name(), "the key \"" + ref.key() + "\"").get(ref.key()))
                .orElseThrow(() -> new MissingInputException("Secret " + namespace + "/" + ref.name() + " has no key \"" + ref.key() + "\", or it is empty. Add it."));
    }

    /**
     * All that a Secret holds, without surrounding space and without what is empty.
     *
     * @param wanted what it should hold, for the message
     * @throws MissingInputException when there is no such Secret
     */
    public Map<String, String> readAll(String namespace, String name, String wanted) {
        Secret secret = KubernetesRefusals.asking(() -> client.secrets().inNamespace(namespace).withName(name).get());
        if (secret == null) {
            throw new MissingInputException("Secret " + namespace + "/" + name + " does not exist. Create it with " + wanted + ".");
        }
        var values = new HashMap<String, String>();
        Optional.ofNullable(secret.getData()).orElse(Map.of()).forEach((key, value) -> values.put(key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8).strip()));
        values.values().removeIf(String::isEmpty);
        return values;
    }
}
