package dev.mastodonmigration.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.MigrationEvents;
import dev.mastodonmigration.status.StatusLedger;
import dev.mastodonmigration.status.Story;
import dev.mastodonmigration.status.Told;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.util.List;

/** Writes status, with the resourceVersion that was read, so that nothing is overwritten, and not at all when nothing changed; then tells the facts behind it. */
@Singleton
class StatusReporter {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final KubernetesClient client;
    private final MigrationEvents events;

    StatusReporter(KubernetesClient client, MigrationEvents events) {
        this.client = client;
        this.events = events;
    }

    /** Whether the API server kept what it was sent. */
    enum Kept { ALL, NOT_ALL }

    /** Facts are put into status and told, in order, once the API server has them. */
    Kept report(List<Fact> facts, Observation seen, MastodonMigration migration) {
        JsonNode before = JSON.valueToTree(seen.status());
        var told = apply(facts, seen, migration.getStatus());
        JsonNode sent = JSON.valueToTree(migration.getStatus());
        if (before.equals(sent)) {
            return Kept.ALL;
        }
        var kept = client.resource(migration).updateStatus();
        var lost = LostFields.between(sent, JSON.valueToTree(kept.getStatus()));
        if (!lost.isEmpty()) {
            takeBack(before, new Fact.StatusPruned(lost), seen, kept);
            return Kept.NOT_ALL;
        }
        told.forEach(event -> events.send(migration, event));
        return Kept.ALL;
    }

    private static List<Told> apply(List<Fact> facts, Observation seen, MastodonMigrationStatus status) {
        var ledger = new StatusLedger(status, seen.now(), seen.generation());
        return facts.stream().flatMap(fact -> {
            var told = new Story(status).tell(fact);
            ledger.apply(fact);
            return told.stream();
        }).toList();
    }

    /** As if the operator had died before it wrote: the next look does the same again, and its status is kept once the CustomResourceDefinition is updated. */
    private void takeBack(JsonNode before, Fact.StatusPruned pruned, Observation seen, MastodonMigration kept) {
        var status = JSON.convertValue(before, MastodonMigrationStatus.class);
        var told = apply(List.of(pruned), seen, status);
        kept.setStatus(status);
        client.resource(kept).updateStatus();
        told.forEach(event -> events.send(kept, event));
    }

    /** Tells what a deleted migration leaves behind, while somebody still knows. */
    void farewell(Told told, MastodonMigration migration) {
        events.send(migration, told);
    }
}
