package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.outside.KubernetesRefusals.asking;

import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The Secret that holds the instance's password, made by us and written before the instance is created, so that no answer that is lost loses it; and, once the
 * instance is ready, where it is. It has no owner: the instance of Mastodon needs it for as long as it runs on this database, and so longer than the migration.
 */
final class RdsSecret implements Part {
    private static final String UID_LABEL = AwsNames.UID_TAG;
    static final String USERNAME = "username";
    static final String PASSWORD = "password";
    static final String DATABASE = "database";
    static final String HOST = "host";
    static final String PORT = "port";
    /** RDS allows 8 to 128 characters, and not / " @ nor space. */
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final int LENGTH = 40;
    private static final String USER = "mastodon";
    private static final String DATABASE_NAME = "mastodon_production";
    private static final SecureRandom RANDOM = new SecureRandom();
    private final KubernetesClient client;
    private final AwsNames names;

    RdsSecret(KubernetesClient client, AwsNames names) {
        this.client = client;
        this.names = names;
    }

    String name() {
        return names.name() + "-rds";
    }

    @Override
    public Optional<Provisioned> ensure() {
        if (find().isPresent()) {
            return Optional.empty();
        }
        var values = new TreeMap<>(Map.of(USERNAME, USER, PASSWORD, newPassword(), DATABASE, DATABASE_NAME));
        asking(() -> client.secrets().resource(new SecretBuilder()
                .withNewMetadata()
                    .withName(name()).withNamespace(names.namespace())
                    .withLabels(Map.of("app.kubernetes.io/managed-by", "mastodon-migration-operator", UID_LABEL, names.uid()))
                .endMetadata()
                .withType("Opaque").withData(encoded(values)).build()).create());
        return Optional.of(new Provisioned.Working("a password for the RDS instance was made and written to Secret " + name()));
    }

    /** Values by key; empty while there is none. @throws OutsideException when the Secret of that name is not ours */
    Optional<Map<String, String>> find() {
        return secret().map(secret -> {
            if (!isOurs(secret)) {
                throw new OutsideException("Secret " + names.namespace() + "/" + name() + " exists and was not made by this migration (its label " + UID_LABEL
                        + " says so). It was left as it is. Delete or rename it if nobody needs it.", false);
            }
            return decoded(secret);
        });
    }

    /** Writes where the instance is: from then on workers and Mastodon are given its URL. */
    Optional<Provisioned> located(String host, int port) {
        var secret = secret().filter(this::isOurs).orElseThrow(() -> new OutsideException("Secret " + names.namespace() + "/" + name() + " was deleted just now. The operator makes it again.", true));
        var values = decoded(secret);
        if (host.equals(values.get(HOST)) && String.valueOf(port).equals(values.get(PORT))) {
            return Optional.empty();
        }
        values.put(HOST, host);
        values.put(PORT, String.valueOf(port));
        write(secret, values);
        return Optional.of(new Provisioned.Working("its address was written to Secret " + name()));
    }

    /** Takes the address out again before the instance goes, so that nobody looks for what is deleted. */
    Optional<Provisioned> forgetLocation() {
        return secret().filter(this::isOurs).filter(secret -> decoded(secret).containsKey(HOST)).map(secret -> {
            var values = decoded(secret);
            values.remove(HOST);
            values.remove(PORT);
            write(secret, values);
            return new Provisioned.Working("its address was taken out of Secret " + name());
        });
    }

    @Override
    public Optional<Provisioned> release() {
        return secret().filter(this::isOurs).map(secret -> {
            asking(() -> client.secrets().inNamespace(names.namespace()).withName(name()).delete());
            return new Provisioned.Working("Secret " + name() + " was removed");
        });
    }

    private void write(Secret found, Map<String, String> values) {
        asking(() -> client.secrets().resource(new SecretBuilder(found).withData(encoded(values)).build()).update());
    }

    private Optional<Secret> secret() {
        return Optional.ofNullable(asking(() -> client.secrets().inNamespace(names.namespace()).withName(name()).get()));
    }

    private boolean isOurs(Secret secret) {
        return Optional.ofNullable(secret.getMetadata().getLabels()).filter(labels -> names.uid().equals(labels.get(UID_LABEL))).isPresent();
    }

    private static String newPassword() {
        return RANDOM.ints(LENGTH, 0, ALPHABET.length()).mapToObj(i -> ALPHABET.substring(i, i + 1)).reduce("", String::concat);
    }

    private static Map<String, String> encoded(Map<String, String> values) {
        var data = new TreeMap<String, String>();
        values.forEach((key, value) -> data.put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return data;
    }

    private static Map<String, String> decoded(Secret secret) {
        var values = new TreeMap<String, String>();
        Optional.ofNullable(secret.getData()).orElse(Map.of()).forEach((key, value) -> values.put(key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
        return values;
    }
}
