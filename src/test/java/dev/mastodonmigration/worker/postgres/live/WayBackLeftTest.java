package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.ClearSource;
import dev.mastodonmigration.worker.postgres.CloseTarget;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.ReleaseTarget;
import dev.mastodonmigration.worker.postgres.ReopenSource;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.SuspendedEffects;
import dev.mastodonmigration.worker.postgres.Transaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A way back that is left in the midst, because the source has to be opened now: it has its foreign keys, triggers and rules, or says which not. */
@ExtendWith(SharedPostgres.class)
class WayBackLeftTest {
    @Test
    void theSourceIsNotOpenedWhileTheTargetHasWhatItLacks() throws Exception {
        var world = MovedInstance.open(MovedInstance.closed());
        world.run(new CloseTarget());
        assertThatThrownBy(() -> world.run(new ReopenSource())).isInstanceOf(Refusal.class).hasMessageContaining("may hold posts that were not brought back yet");
        assertThatThrownBy(() -> world.run(new ReleaseTarget())).isInstanceOf(Refusal.class).hasMessageContaining("closed for writing to go back").hasMessageNotContaining("closed_again")
                .hasMessageNotContaining("backup");
    }

    @Test
    void aSourceThatHasToBeOpenedWithoutItsTargetHasItsForeignKeysAndTriggers() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        MovedInstance.open(world);
        try (var copy = LiveCopy.back(world).awaitInSync(); var source = world.source()) {
            assertThat(Query.isTrue(source, MovedInstance.OUT)).isTrue();
        }
        world.secret(WorkerContext.TARGET_POSTGRES_URL, "postgres://app:secret@127.0.0.1:1/gone");
        world.run(new ReopenSource());
        world.onSource("DELETE FROM people WHERE id = 12");
        world.run(new ClearSource());
        assertThat(MovedInstance.definitions(world)).containsExactlyElementsOf(before);
        try (var source = world.source()) {
            assertThat(Query.isTrue(source, "SELECT to_regnamespace('mastodon_migration') IS NULL")).isTrue();
        }
    }

    @Test
    void aSourceIsOpenedBesideWhoReadsATableWithARuleWhichComesBackLater() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        MovedInstance.open(world);
        LiveCopy.back(world).awaitInSync().close();
        world.secret(WorkerContext.TARGET_POSTGRES_URL, "postgres://app:secret@127.0.0.1:1/gone");
        try (var reader = MovedInstance.reading(world, "likes")) {
            assertThat(world.run(new ReopenSource()).notes()).anySatisfy(note -> assertThat(note).contains("rule noted of public.likes is still taken out", "pid "));
            world.onSource("DELETE FROM people WHERE id = 12");
            reader.rollback();
        }
        world.run(new ClearSource());
        assertThat(MovedInstance.definitions(world)).containsExactlyElementsOf(before);
    }

    @Test
    void aSourceIsOpenedWithoutAKeyThatItsRowsBreakAndSaysHowToAddIt() throws Exception {
        var world = MovedInstance.closed();
        world.onSource("CREATE TABLE per_person (person int REFERENCES people, place int) PARTITION BY LIST (place)", "CREATE TABLE first_place PARTITION OF per_person FOR VALUES IN (1)");
        try (var source = world.source()) {
            assertThat(SuspendedEffects.trySuspend(source, "public.per_person", () -> {})).isTrue();
        }
        world.onSource("INSERT INTO per_person VALUES (4711, 1)");
        assertThat(world.run(new ReopenSource()).notes()).anySatisfy(note -> assertThat(note).contains("per_person_person_fkey", "could not be brought back", "run: ALTER TABLE public.per_person ADD"));
        world.onSource("DELETE FROM likes WHERE person = 1");
        world.run(new ClearSource());
        try (var source = world.source()) {
            assertThat(Query.isTrue(source, "SELECT to_regnamespace('mastodon_migration') IS NULL")).isTrue();
        }
    }

    @Test
    void whatIsTakenOutWhileTheSourceIsOpenedComesBackToo() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        world.run(new AdoptDatabases());
        var holds = new CountDownLatch(1);
        try (var late = world.source()) {
            var tables = SuspendedEffects.left(late);
            for (var table : tables.subList(1, tables.size())) {
                assertThat(SuspendedEffects.trySuspend(late, table, () -> {})).isTrue();
            }
            var suspending = CompletableFuture.supplyAsync(() -> suspend(late, tables.getFirst(), () -> {
                assertThat(Query.string(late, "SELECT current_setting('idle_in_transaction_session_timeout')")).as("until a worker that stops here gives the tables back").isEqualTo("5s");
                Query.list(late, "SELECT 1 FROM mastodon_migration.marker FOR SHARE", row -> 1);
                holds.countDown();
                Query.list(late, "SELECT pg_sleep(0.3)", row -> 1);
            }));
            holds.await();
            world.run(new ReopenSource());
            assertThat(suspending.get(20, TimeUnit.SECONDS)).isTrue();
        }
        world.run(new ClearSource());
        assertThat(MovedInstance.definitions(world)).containsExactlyElementsOf(before);
    }

    @Test
    void aKeyThatIsTakenOutAgainBeforeItWasCheckedIsCheckedInTheEnd() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        try (var source = world.source()) {
            for (var time = 0; time < 2; time++) {
                for (var table : SuspendedEffects.left(source)) {
                    assertThat(SuspendedEffects.trySuspend(source, table, () -> {})).isTrue();
                }
                Transaction.in(source, () -> SuspendedEffects.bringBack(source));
            }
            assertThat(SuspendedEffects.validate(source)).isEmpty();
        }
        assertThat(MovedInstance.definitions(world)).containsExactlyElementsOf(before);
    }

    private static boolean suspend(Connection source, String table, Transaction.Body check) {
        try {
            return SuspendedEffects.trySuspend(source, table, check);
        } catch (SQLException | Refusal e) {
            throw new IllegalStateException(e);
        }
    }
}
