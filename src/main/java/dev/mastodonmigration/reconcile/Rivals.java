package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.SpecDefaults;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Optional;

/** Finds another migration that already has one of our source's apps: the older one goes on, the younger is refused. */
@Singleton
class Rivals {
    private static final Comparator<MastodonMigration> BY_AGE = Comparator
            .comparing((MastodonMigration migration) -> migration.getMetadata().getCreationTimestamp())
            .thenComparing(migration -> migration.getMetadata().getUid());
    private final KubernetesClient client;

    Rivals(KubernetesClient client) {
        this.client = client;
    }

    /** The sentence that names the older migration of the same source in this namespace; empty when there is none. */
    Optional<String> olderOf(MastodonMigration migration) {
        return client.resources(MastodonMigration.class).inNamespace(migration.getMetadata().getNamespace()).list().getItems().stream()
                .filter(other -> !other.getMetadata().getUid().equals(migration.getMetadata().getUid()))
                .filter(Rivals::unended)
                .filter(other -> sameSource(other, migration))
                .filter(other -> BY_AGE.compare(other, migration) < 0)
                .min(BY_AGE)
                .map(other -> "MastodonMigration " + other.getMetadata().getName() + " already migrates Heroku app " + migration.getSpec().source().heroku().app()
                        + ". One source has one migration: delete this one, or that one.");
    }

    private static boolean unended(MastodonMigration other) {
        var phase = other.getStatus() == null ? null : other.getStatus().phase;
        return !MastodonMigrationStatus.COMPLETED.equals(phase) && !MastodonMigrationStatus.ABORTED.equals(phase) && !MastodonMigrationStatus.ROLLED_BACK.equals(phase);
    }

    private static boolean sameSource(MastodonMigration one, MastodonMigration other) {
        if (one.getSpec() == null || one.getSpec().source() == null || one.getSpec().source().heroku() == null || one.getSpec().source().heroku().app() == null) {
            return false;
        }
        var shared = new HashSet<>(SpecDefaults.apps(one.getSpec()));
        shared.retainAll(SpecDefaults.apps(other.getSpec()));
        return !shared.isEmpty();
    }
}
