package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedPostgres.class)
class MarkSourceTest {
    @Test
    void aMarkedSourceGoesOnBeingWrittenToAndIsMarkedOnce() throws Exception {
        var world = TwoDatabases.between(15, 15);
        assertThat(world.run(new MarkSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(world.run(new MarkSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        world.onSource("UPDATE settings SET value = 'still live' WHERE var = 'empty'");
        assertThat(state(world)).contains(Marker.State.MARKED);
        world.run(new CloseSource());
        assertThat(world.run(new MarkSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(state(world)).as("marking again does not forget the gate").contains(Marker.State.CLOSED);
    }

    @Test
    void aSecondMigrationOfTheSameSourceIsToldOfTheFirst() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new MarkSource());
        assertThatThrownBy(() -> new MarkSource().run(world.context("77777777-other", 1))).isInstanceOf(Refusal.class)
                .hasMessageContaining("source database belongs to migration mastodon/" + world.uid);
        assertThatThrownBy(() -> new CloseSource().run(world.context("77777777-other", 1))).isInstanceOf(Refusal.class);
        world.onSource("UPDATE settings SET value = 'still live' WHERE var = 'empty'");
    }

    @Test
    void aWorkerThatWasAsleepDoesNotCloseASourceThatWasGivenBack() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.closeSource();
        world.run(new ReopenSource());
        assertThatThrownBy(() -> world.run(new CloseSource())).isInstanceOf(Refusal.class).hasMessageContaining("given back");
        world.onSource("UPDATE settings SET value = 'live again' WHERE var = 'empty'");
        assertThat(state(world)).isEmpty();
    }

    @Test
    void aTargetIsNotTakenForASource() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        var mixedUp = world.secret(WorkerContext.SOURCE_POSTGRES_URL, world.targetServer.url(world.target, TwoDatabases.TARGET_OWNER));
        assertThatThrownBy(() -> mixedUp.run(new MarkSource())).isInstanceOf(Refusal.class).hasMessageContaining("mixed up");
    }

    @Test
    void aSourceIsNotTakenForATarget() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new MarkSource());
        var mixedUp = world.secret(WorkerContext.TARGET_POSTGRES_URL, world.sourceServer.url(world.source, TwoDatabases.OWNER));
        assertThatThrownBy(() -> mixedUp.run(new ResetTarget())).isInstanceOf(Refusal.class).hasMessageContaining("mixed up");
        try (var source = world.source()) {
            assertThat(Query.number(source, "SELECT count(*) FROM statuses")).isEqualTo(TwoDatabases.STATUSES);
        }
    }

    private static Optional<Marker.State> state(TwoDatabases world) throws Exception {
        try (var source = world.source()) {
            return Marker.read(source).map(Marker::state);
        }
    }
}
