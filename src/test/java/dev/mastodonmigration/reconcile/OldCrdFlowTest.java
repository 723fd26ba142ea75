package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.EmbeddedApiServer;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.status.Conditions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An operator that was upgraded without its CustomResourceDefinition would forget what it did: nothing begins. */
class OldCrdFlowTest {
    @ParameterizedTest
    @ValueSource(strings = {"internal", "internal.workerImage", "internal.epoch", "plan"})
    void aFieldThatIsNotKeptStallsTheMigrationBeforeAnythingBegins(String missing) {
        try (var flow = new MigrationFlow(EmbeddedApiServer.startWithOlderCrd(missing))) {
            flow.apply(Specs.valid());
            flow.until(status -> flow.condition(Conditions.STALLED).startsWith("True OldCustomResourceDefinition"));
            for (int i = 0; i < 20; i++) {
                flow.look();
            }
            assertThat(flow.condition(Conditions.STALLED)).startsWith("True OldCustomResourceDefinition").contains("status." + missing, "kubectl replace -f crds/");
            assertThat(flow.jobsThatAreLeft()).isEmpty();
            assertThat(flow.jobs.ran).isEmpty();
            assertThat(flow.mutations()).isZero();
            assertThat(flow.events()).filteredOn(event -> event.startsWith("OldCustomResourceDefinition")).hasSize(1);
        }
    }

    @Test
    void aMigrationWhoseFieldsAreKeptDoesNotStall() {
        try (var flow = new MigrationFlow()) {
            flow.apply(Specs.valid());
            flow.until(status -> "Provision".equals(status.phase));
            assertThat(flow.condition(Conditions.STALLED)).isEmpty();
        }
    }
}
