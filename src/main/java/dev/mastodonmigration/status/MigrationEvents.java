package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigration;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jboss.logging.Logger;

/** Tells the admin what happened, one Event per transition, as {@code kubectl describe} shows them, and one line in the operator's log. */
@Singleton
public class MigrationEvents {
    private static final Logger LOG = Logger.getLogger("dev.mastodonmigration.story");
    private static final int LONGEST_MESSAGE = 1000;
    private static final int LONGEST_PREFIX = 200;
    private final KubernetesClient client;

    public MigrationEvents(KubernetesClient client) {
        this.client = client;
    }

    /** An Event is best effort: status has all that matters, and a namespace that is being deleted takes none. */
    public void send(MastodonMigration migration, Told told) {
        LOG.log(told.type() == Told.Type.WARNING ? Logger.Level.WARN : Logger.Level.INFO,
                migration.getMetadata().getNamespace() + "/" + migration.getMetadata().getName() + " " + told.reason() + ": " + told.message());
        try {
            create(migration, told);
        } catch (KubernetesClientException e) {
            LOG.warnf("%s/%s: an Event could not be written: %s", migration.getMetadata().getNamespace(), migration.getMetadata().getName(), e.getMessage());
        }
    }

    private void create(MastodonMigration migration, Told told) {
        var about = migration.getMetadata();
        var now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        var prefix = about.getName().substring(0, Math.min(about.getName().length(), LONGEST_PREFIX));
        client.v1().events().inNamespace(about.getNamespace()).resource(new EventBuilder()
                .withNewMetadata().withName(prefix + "." + UUID.randomUUID()).withNamespace(about.getNamespace()).endMetadata()
                .withNewInvolvedObject()
                    .withApiVersion(migration.getApiVersion()).withKind(migration.getKind())
                    .withName(about.getName()).withNamespace(about.getNamespace()).withUid(about.getUid())
                .endInvolvedObject()
                .withType(told.type() == Told.Type.WARNING ? "Warning" : "Normal")
                .withReason(told.reason())
                .withMessage(told.message().length() <= LONGEST_MESSAGE ? told.message() : told.message().substring(0, LONGEST_MESSAGE) + "…")
                .withFirstTimestamp(now).withLastTimestamp(now).withCount(1)
                .withNewSource().withComponent("mastodon-migration-operator").endSource()
                .build()).create();
    }
}
