package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.KeptSecret;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Optional;

/**
 * A copy of the AWS credentials that the spec names, where what is created is to be deleted in an abort: who deletes the namespace deletes their Secret before the
 * operator could. They are used in a deletion alone: an admin who takes the Secret away at another time wants nothing done with them.
 */
record KeptCredentials(KubernetesClient client, SecretReader secrets, MastodonMigration migration) {
    /** Keeps those of now; nothing where the operator uses its own, or is to delete nothing. */
    void keep() {
        named().filter(name -> SpecDefaults.deletesFromAws(migration.getSpec()) && !migration.isMarkedForDeletion())
                .ifPresent(name -> kept().keep(secrets.readAll(migration.getMetadata().getNamespace(), name, SecretCredentials.WANTED)));
    }

    void forget() {
        kept().remove();
    }

    private Optional<String> named() {
        return Optional.ofNullable(migration.getSpec().aws()).map(aws -> aws.credentialsSecretRef()).map(ref -> ref.name());
    }

    private KeptSecret kept() {
        return new KeptSecret(client, migration.getMetadata().getNamespace(), nameFor(migration), migration.getMetadata().getUid());
    }

    static String nameFor(MastodonMigration migration) {
        return AwsNames.of(migration).name() + "-aws";
    }
}
