package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The way back, ready before it may be needed. */
@ExtendWith(SharedPostgres.class)
class ReopenSourceTest {
    private final ReopenSource reopen = new ReopenSource();

    @Test
    void onStandbyItLooksAndChangesNothingBeforeTheSourceIsClosedAndAfter() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new MarkSource());
        var before = markers(world);
        reopen.standBy(world.context());
        assertThat(markers(world)).isEqualTo(before);
        world.onSource("UPDATE settings SET value = 'users write on'");

        world.closeSource();
        reopen.standBy(world.context());
        assertThatThrownBy(() -> world.onSource("UPDATE settings SET value = 'late'")).hasMessageContaining("refused");
        assertThat(reopen.run(world.context()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        world.onSource("UPDATE settings SET value = 'users write again'");
    }

    @Test
    void itStandsByAndReopensAlthoughTheTargetIsGone() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.closeSource();
        world.secret(WorkerContext.TARGET_POSTGRES_URL, "postgres://u:p@127.0.0.1:1/gone");
        reopen.standBy(world.context());
        assertThat(reopen.run(world.context()).notes()).singleElement().asString().contains("could not be seen");
        world.onSource("UPDATE settings SET value = 'users write again'");
    }

    @Test
    void anotherMigrationsSourceIsFoundOutWhileThereIsTime() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new MarkSource());
        assertThatThrownBy(() -> reopen.standBy(world.context("another", 1))).isInstanceOf(Refusal.class).hasMessageContaining("belongs to migration");
    }

    private static List<String> markers(TwoDatabases world) throws Exception {
        try (var source = world.source()) {
            return Query.strings(source, "SELECT m::text FROM mastodon_migration.marker m");
        }
    }
}
