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
 * The Secret that holds a database's password, made by us and written before the database is created, so that no answer that is lost loses it; and, once the
 * database is ready, where it is. It has no owner: the instance of Mastodon needs it for as long as it runs on this database, and so longer than the migration.
 */
abstract sealed class DatabaseSecret implements DatabasePart permits RdsSecret, ElastiCacheSecret {
    static final String HOST = "host";
    static final String PORT = "port";
    private static final String UID_LABEL = AwsNames.UID_TAG;
    /** RDS allows 8 to 128 characters, and not / " @ nor space; ElastiCache 16 to 128, and few that are no letters or digits. */
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final int LENGTH = 40;
    private static final SecureRandom RANDOM = new SecureRandom();
    private final KubernetesClient client;
    private final AwsNames names;
    private final String name;

    DatabaseSecret(KubernetesClient client, AwsNames names, String name) {
        this.client = client;
        this.names = names;
        this.name = name;
    }

    /** What a new one holds. */
    abstract Map<String, String> made(String password);

    /** Of what it holds once the database is ready; all of it has letters, digits and underscores alone. */
    abstract String url(Map<String, String> values);

    /** What it is of, as "RDS instance". */
    abstract String what();

    /** The part of the spec that asked for it, as "spec.target.postgres.rds". */
    abstract String field();

    /** How the admin makes it again when it is lost after Provision, in words that follow a semicolon. */
    abstract String repair();

    String name() {
        return name;
    }

    @Override
    public Optional<Provisioned> ensure() {
        if (find().isPresent()) {
            return Optional.empty();
        }
        asking(() -> client.secrets().resource(new SecretBuilder()
                .withNewMetadata()
                    .withName(name).withNamespace(names.namespace())
                    .withLabels(Map.of("app.kubernetes.io/managed-by", "mastodon-migration-operator", UID_LABEL, names.uid()))
                .endMetadata()
                .withType("Opaque").withData(encoded(made(newPassword()))).build()).create());
        return Optional.of(new Provisioned.Working("a password for the " + what() + " was made and written to Secret " + name));
    }

    /** Values by key; empty while there is none. @throws OutsideException when the Secret of that name is not ours */
    Optional<Map<String, String>> find() {
        return secret().map(secret -> {
            if (!isOurs(secret)) {
                throw new OutsideException("Secret " + names.namespace() + "/" + name + " exists and lacks the label " + UID_LABEL + "=" + names.uid()
                        + " of this migration, so it was left as it is. If it is this migration's, restored without its label, put the label back with kubectl label secret; if nobody needs it, rename it.", false);
            }
            return decoded(secret);
        });
    }

    /** Writes where the database is: from then on workers and Mastodon are given its URL. */
    Optional<Provisioned> located(String host, int port) {
        var secret = secret().filter(this::isOurs).orElseThrow(() -> new OutsideException("Secret " + names.namespace() + "/" + name + " was deleted just now. The operator makes it again.", true));
        var values = decoded(secret);
        if (host.equals(values.get(HOST)) && String.valueOf(port).equals(values.get(PORT))) {
            return Optional.empty();
        }
        values.put(HOST, host);
        values.put(PORT, String.valueOf(port));
        write(secret, values);
        return Optional.of(new Provisioned.Working("its address was written to Secret " + name));
    }

    /** Takes the address out again before the database goes, so that nobody looks for what is deleted. */
    Optional<Provisioned> forgetLocation() {
        return secret().filter(this::isOurs).filter(secret -> decoded(secret).containsKey(HOST)).map(secret -> {
            var values = decoded(secret);
            values.remove(HOST);
            values.remove(PORT);
            write(secret, values);
            return new Provisioned.Working("its address was taken out of Secret " + name);
        });
    }

    @Override
    public String named() {
        return "Secret " + names.namespace() + "/" + name;
    }

    @Override
    public Optional<String> standing() {
        return secret().filter(this::isOurs).map(secret -> named() + " with its login");
    }

    @Override
    public Optional<Provisioned> release() {
        return secret().filter(this::isOurs).map(secret -> {
            asking(() -> client.secrets().inNamespace(names.namespace()).withName(name).delete());
            return new Provisioned.Working("Secret " + name + " was removed");
        });
    }

    private void write(Secret found, Map<String, String> values) {
        asking(() -> client.secrets().resource(new SecretBuilder(found).withData(encoded(values)).build()).update());
    }

    private Optional<Secret> secret() {
        return Optional.ofNullable(asking(() -> client.secrets().inNamespace(names.namespace()).withName(name).get()));
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
