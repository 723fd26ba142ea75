package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.CopyPostgres;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.PostgresPreflight;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.RehearsePostgres;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import dev.mastodonmigration.worker.postgres.VerifyPostgres;
import java.sql.SQLException;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rows whose foreign key says that it is valid, and which it would refuse: years of Mastodon's own repairs and of corrupt indexes leave such. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class OrphanRowsTest {
    private static final String KEYS = "SELECT conname || CASE WHEN convalidated THEN '' ELSE ' not valid' END FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 ORDER BY 1";
    private static final String[] OF_TARGET = {"children_later_fkey not valid", "children_parent_id_fkey not valid", "toys_child_id_fkey"};

    private static TwoDatabases world() throws SQLException {
        var world = TwoDatabases.like(15, "orphans", "CREATE TABLE parents (id bigint PRIMARY KEY)", "CREATE TABLE children (id bigint PRIMARY KEY, parent_id bigint REFERENCES parents ON DELETE CASCADE, "
                + "v text CONSTRAINT known CHECK (v <> 'x'))", "CREATE TABLE toys (id bigint PRIMARY KEY, child_id bigint REFERENCES children)", "INSERT INTO parents SELECT generate_series(1, 100)",
                "INSERT INTO children SELECT n, n FROM generate_series(1, 100) n", "INSERT INTO children VALUES (101, NULL)", "INSERT INTO toys SELECT n, n FROM generate_series(1, 100) n",
                "ALTER TABLE children ADD CONSTRAINT children_later_fkey FOREIGN KEY (id) REFERENCES parents NOT VALID", "COMMENT ON CONSTRAINT children_parent_id_fkey ON children IS 'kept'");
        leave(world, "INSERT INTO children VALUES (103, 903), (104, 904)");
        return world;
    }

    private static void leave(TwoDatabases world, String orphans) throws SQLException {
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "SET session_replication_role = replica", orphans);
        }
    }

    private static Findings check(TwoDatabases world) throws Exception {
        return PostgresPreflight.planned(false, source -> List.of()).check(world.context());
    }

    @Test
    void preflightNamesTableKeyAndRows() throws Exception {
        var findings = check(world());
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).filteredOn(note -> note.contains("foreign key")).singleElement().asString().contains("foreign key children_parent_id_fkey of public.children", "2 rows", "public.parents",
                "NOT VALID", "SELECT c.* FROM");
    }

    /** Postgres before 18 knows no such key of a partitioned table that is not valid. */
    @Test
    void aKeyThatCannotBeBroughtAtAllIsRefusedWithTheSameWords() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE parents (id bigint PRIMARY KEY)", "CREATE TABLE events (id bigint REFERENCES parents) PARTITION BY RANGE (id)", "CREATE TABLE events_all PARTITION OF events DEFAULT");
        leave(world, "INSERT INTO events VALUES (7)");
        assertThat(check(world).blockers()).singleElement().asString().contains("events_id_fkey of public.events", "1 rows", "partitioned");
        LiveCopy.captured(world);
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            world.run(new CloseSource());
            copy.askForDrain();
            Awaitility.await().until(copy::hasEnded);
            assertThat(copy.failure()).contains("A foreign key of the source cannot be added", "events_id_fkey");
        }
    }

    @Test
    void aDumpBringsTheKeyNotValidAndSaysSo() throws Exception {
        var world = world();
        world.run(new TargetClaim());
        world.run(new MarkSource());
        world.run(new CloseSource());
        var copied = world.run(new CopyPostgres());
        assertThat(copied.notes()).singleElement().asString().contains("foreign key children_parent_id_fkey of public.children", "NOT VALID", "SELECT c.* FROM");
        try (var target = world.target()) {
            assertThat(Query.strings(target, KEYS)).containsExactly(OF_TARGET);
            assertThat(Query.strings(target, "SELECT obj_description(oid) FROM pg_constraint WHERE conname = 'children_parent_id_fkey'")).containsExactly("kept");
        }
        var verified = world.run(new VerifyPostgres());
        assertThat(verified.outcome()).as(verified.message()).isEqualTo(Outcome.SUCCEEDED);
        world.sabotage("ALTER TABLE toys DROP CONSTRAINT toys_child_id_fkey", "ALTER TABLE toys ADD CONSTRAINT toys_child_id_fkey FOREIGN KEY (child_id) REFERENCES children NOT VALID",
                "ALTER TABLE children DROP CONSTRAINT known", "ALTER TABLE children ADD CONSTRAINT known CHECK (v <> 'x') NOT VALID");
        var refused = world.run(new VerifyPostgres());
        assertThat(refused.message()).contains("differ in 2 places", "constraint toys_child_id_fkey of public.toys is", "constraint known of public.children is").doesNotContain("NOT VALID NOT VALID");
    }

    @Test
    void aLiveCopyBringsTheKeyNotValidAndSaysSo() throws Exception {
        var world = LiveCopy.captured(world());
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            LiveCopy.cutOver(world, copy);
        }
        assertThat(world.run(new HousekeepPostgres()).notes()).singleElement().asString().contains("foreign key children_parent_id_fkey of public.children", "NOT VALID", "SELECT c.* FROM");
        try (var target = world.target()) {
            assertThat(Query.strings(target, KEYS)).containsExactly(OF_TARGET);
        }
    }

    @Test
    void onlyForeignKeysMayStillHaveToBeValidatedWhenTheTargetOpens() throws Exception {
        var world = LiveCopy.captured(world());
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            try (var superuser = world.targetServer.superuser(world.target)) {
                Query.run(superuser, "ALTER TABLE children DROP CONSTRAINT known", "ALTER TABLE children ADD CONSTRAINT known CHECK (v <> 'x') NOT VALID");
            }
            world.run(new CloseSource());
            assertThat(copy.drain().message()).contains("constraint known of public.children is defined otherwise on the target");
        }
    }

    @Test
    void bothRehearsalsFindThem() throws Exception {
        var world = LiveCopy.captured(world());
        world.targetServer.allowCreateDatabase(TwoDatabases.TARGET_OWNER);
        for (var rehearsal : List.of(new RehearsePostgres(), new RehearseLive())) {
            var report = world.run(rehearsal);
            assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(report.notes()).singleElement().asString().contains("foreign key children_parent_id_fkey of public.children", "NOT VALID", "SELECT c.* FROM");
        }
    }
}
