package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.outside.KubernetesRefusals.asking;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps a migration's ledger of DNS in an object of its own. Nothing in it is secret; it is a Secret because the operator may write no other kind. It has no owner,
 * because a deletion in the foreground removes what a migration owns before the operator could put DNS back, and a finalizer, because so does the deletion of a namespace.
 */
final class DnsLedgers {
    private static final String KEY = "ledger.json";
    private static final String FINALIZER = "mastodonmigration.dev/dns";
    private static final ObjectMapper JSON = new ObjectMapper().registerModule(new Jdk8Module()).registerModule(new JavaTimeModule()).disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS);
    private final KubernetesClient client;
    private final AwsNames names;

    DnsLedgers(KubernetesClient client, AwsNames names) {
        this.client = client;
        this.names = names;
    }

    String name() {
        return names.name() + "-dns";
    }

    /** Empty before anything was kept. @throws OutsideException when what has its name is not ours */
    Optional<Kept> find() {
        return secret().map(secret -> {
            if (!isOurs(secret)) {
                throw new OutsideException("Secret " + names.namespace() + "/" + name() + " exists and lacks the label " + AwsNames.UID_TAG + "=" + names.uid()
                        + " of this migration, so it was left as it is, and DNS too. If it is this migration's, put the label back with kubectl label secret; if nobody needs it, rename it.", false);
            }
            return new Kept(secret, read(secret));
        });
    }

    /** Under the version that was read: what somebody wrote in between is not overwritten. */
    final class Kept {
        private final Secret secret;
        private final DnsLedger ledger;

        private Kept(Secret secret, DnsLedger ledger) {
            this.secret = secret;
            this.ledger = ledger;
        }

        DnsLedger ledger() {
            return ledger;
        }

        Kept write(DnsLedger changed) {
            var written = asking(() -> client.secrets().resource(new SecretBuilder(secret).withData(data(changed)).build()).lockResourceVersion(secret.getMetadata().getResourceVersion()).update());
            return new Kept(written, changed);
        }
    }

    void create(DnsLedger ledger) {
        asking(() -> client.secrets().resource(new SecretBuilder()
                .withNewMetadata()
                    .withName(name()).withNamespace(names.namespace())
                    .withLabels(Map.of("app.kubernetes.io/managed-by", "mastodon-migration-operator", AwsNames.UID_TAG, names.uid()))
                    .withFinalizers(FINALIZER)
                .endMetadata()
                .withType("Opaque").withData(data(ledger)).build()).create());
    }

    void remove() {
        secret().filter(this::isOurs).ifPresent(secret -> {
            asking(() -> client.secrets().resource(new SecretBuilder(secret).editMetadata().withFinalizers(List.of()).endMetadata().build()).update());
            asking(() -> client.secrets().inNamespace(names.namespace()).withName(name()).delete());
        });
    }

    private Optional<Secret> secret() {
        return Optional.ofNullable(asking(() -> client.secrets().inNamespace(names.namespace()).withName(name()).get()));
    }

    private boolean isOurs(Secret secret) {
        return Optional.ofNullable(secret.getMetadata().getLabels()).filter(labels -> names.uid().equals(labels.get(AwsNames.UID_TAG))).isPresent();
    }

    private static Map<String, String> data(DnsLedger ledger) {
        try {
            return Map.of(KEY, Base64.getEncoder().encodeToString(JSON.writeValueAsBytes(ledger)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a ledger that cannot be written", e);
        }
    }

    private DnsLedger read(Secret secret) {
        try {
            var data = Optional.ofNullable(secret.getData()).map(all -> all.get(KEY)).orElse("");
            return JSON.readValue(new String(Base64.getDecoder().decode(data), StandardCharsets.UTF_8), DnsLedger.class);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new OutsideException("Secret " + names.namespace() + "/" + name() + ", in which the operator keeps what DNS was before, cannot be read any more. DNS was left as it is. Restore the Secret"
                    + " from a backup; or put the records back by hand, as the findings of Preflight have them, and delete the Secret.", false);
        }
    }
}
