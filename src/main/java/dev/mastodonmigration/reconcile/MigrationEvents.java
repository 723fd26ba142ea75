package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigration;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/** Tells the admin what happened, one Event per transition, as {@code kubectl describe} shows them. */
@Singleton
class MigrationEvents {
    private static final int LONGEST_MESSAGE = 1000;
    private static final int LONGEST_PREFIX = 200;
    private final KubernetesClient client;

    MigrationEvents(KubernetesClient client) {
        this.client = client;
    }

    /** An Event to be sent once the status that it speaks of is written. */
    record Told(boolean warning, String reason, String message) {
        static Told normal(String reason, String message) {
            return new Told(false, reason, message);
        }

        static Told warning(String reason, String message) {
            return new Told(true, reason, message);
        }
    }

    void send(MastodonMigration migration, Told told) {
        var about = migration.getMetadata();
        var now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        var prefix = about.getName().substring(0, Math.min(about.getName().length(), LONGEST_PREFIX));
        client.v1().events().inNamespace(about.getNamespace()).resource(new EventBuilder()
                .withNewMetadata().withName(prefix + "." + UUID.randomUUID()).withNamespace(about.getNamespace()).endMetadata()
                .withNewInvolvedObject()
                    .withApiVersion(migration.getApiVersion()).withKind(migration.getKind())
                    .withName(about.getName()).withNamespace(about.getNamespace()).withUid(about.getUid())
                .endInvolvedObject()
                .withType(told.warning() ? "Warning" : "Normal")
                .withReason(told.reason())
                .withMessage(told.message().length() <= LONGEST_MESSAGE ? told.message() : told.message().substring(0, LONGEST_MESSAGE) + "…")
                .withFirstTimestamp(now).withLastTimestamp(now).withCount(1)
                .withNewSource().withComponent("mastodon-migration-operator").endSource()
                .build()).create();
    }
}
