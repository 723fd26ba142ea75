package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class DumpMigrationTest {
    /** The rows of the catalog that make up a database, with their oids; lazily reset hints such as relhastriggers are left out. */
    private static final List<String> CATALOG = List.of(
            "SELECT 'namespace', oid, nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_'",
            "SELECT 'class', oid, relname, relkind::text || relnamespace || relowner || coalesce(relacl::text, '') || coalesce(reloptions::text, '') || "
            + "relfilenode || relrowsecurity::text FROM pg_class WHERE relnamespace <> 'pg_catalog'::regnamespace",
            "SELECT 'attribute', attrelid, attname, attnum::text || atttypid || attnotnull::text || attisdropped::text FROM pg_attribute WHERE attrelid >= "
            + "16384",
            "SELECT 'function', oid, proname, md5(prosrc) FROM pg_proc", "SELECT 'trigger', oid, tgname, tgrelid::text || tgenabled::text FROM pg_trigger",
            "SELECT 'type', oid, typname, typtype::text FROM pg_type", "SELECT 'constraint', oid, conname, conrelid::text || convalidated::text FROM "
            + "pg_constraint",
            "SELECT 'index', indexrelid, '', indisvalid::text FROM pg_index", "SELECT 'depend', objid, classid || '/' || refclassid, refobjid || '/' || "
            + "deptype::text || objsubid::text || refobjsubid::text FROM pg_depend",
            "SELECT 'comment', objoid, description, '' FROM pg_description WHERE objoid >= 16384", "SELECT 'event trigger', oid, evtname, evtenabled::text "
            + "FROM pg_event_trigger");

    @ParameterizedTest
    @CsvSource({"15, 15", "14, 17", "15, 18"})
    void movesAWholeDatabaseAndProvesIt(int from, int to) throws Exception {
        var world = TwoDatabases.between(from, to).copied();

        var verified = world.run(new VerifyPostgres());
        assertThat(verified.outcome()).as(verified.message()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(verified.figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.REFUSED_WRITES, 0L);
        assertThat(verified.figures().get(Figure.ROWS)).isGreaterThan(TwoDatabases.STATUSES * 3L);
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT matviewname FROM pg_matviews WHERE ispopulated ORDER BY 1"))
                    .containsExactly("account_summaries", "global_follow_recommendations", "instances");
            assertThat(Query.number(target, "SELECT count(*) FROM global_follow_recommendations")).isPositive();
            assertThat(Query.strings(target, "SELECT nspname FROM pg_namespace WHERE nspname = '_heroku'")).isEmpty();
            assertThat(Query.strings(target, "SELECT extname || ' in ' || extnamespace::regnamespace FROM pg_extension WHERE extname IN ('citext', "
                    + "'pgcrypto') ORDER BY 1"))
                    .containsExactly("citext in heroku_ext", "pgcrypto in public");
            assertThat(Query.number(target, "SELECT reltuples::bigint FROM pg_class WHERE relname = 'statuses'")).isEqualTo(TwoDatabases.STATUSES);
        }

        var opened = new OpenTarget().run(world.context(world.uid, 2));
        assertThat(opened.outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(new OpenTarget().run(world.context(world.uid, 2)).outcome()).isEqualTo(Outcome.SUCCEEDED);
        world.onTarget("INSERT INTO statuses (text, account_id) SELECT 'first on the new side', min(id) FROM accounts");
        new ReleaseTarget().run(world.context(world.uid, 2));
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT nspname FROM pg_namespace WHERE nspname = 'mastodon_migration'")).isEmpty();
            assertThat(Query.strings(target, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).isEmpty();
        }
        assertThat(Files.list(world.home().resolve("scratch"))).isEmpty();
    }

    @Test
    void extensionsLeaveTheProvidersSchemaWhereTheTargetsUserMayMoveThem() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.secret(WorkerContext.TARGET_POSTGRES_URL, world.targetServer.url(world.target, "postgres")).copied();
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT nspname FROM pg_namespace WHERE nspname = 'heroku_ext'")).isEmpty();
            assertThat(Query.strings(target, "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'citext'")).containsExactly("public");
        }
        assertThat(world.run(new VerifyPostgres()).outcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    /** A generated column keeps what the session that loads it was set to. */
    @Test
    void indexesAreBuiltWithMoreMemoryThanAServerInUseGivesThem() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE FUNCTION memory() RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT current_setting('maintenance_work_mem')$$",
                "CREATE TABLE loaded (id bigint PRIMARY KEY, memory text GENERATED ALWAYS AS (public.memory()) STORED)", "INSERT INTO loaded (id) VALUES (1)");
        world.copied();
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT memory FROM loaded")).containsExactly("256MB");
        }
    }

    @Test
    void sayingHowFarItIs() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        world.closeSource();
        var context = world.context();
        var report = new CopyPostgres().run(context);
        var last = context.progress().read();
        assertThat(last.stage()).isEqualTo("restoring");
        assertThat(last.bytesTotal()).isPositive().isEqualTo(last.bytesDone());
        assertThat(last.itemsTotal()).isGreaterThan(20).isEqualTo(last.itemsDone());
        assertThat(report.figures().get(Figure.BYTES)).isPositive();
        assertThat(report.notes()).anyMatch(note -> note.contains("pg_stat_statements"));
    }

    @Test
    void aRehearsalCopiesALiveSourceAndLeavesNothing() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.targetServer.allowCreateDatabase(TwoDatabases.TARGET_OWNER);
        world.run(new TargetClaim());
        try (var live = LiveWriter.on(world.sourceServer, world.source, TwoDatabases.OWNER)) {
            live.awaitWrites(5);
            var report = world.run(new RehearsePostgres());
            assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(report.figures().get(Figure.COPY_MILLISECONDS)).isPositive();
            assertThat(report.figures().get(Figure.VERIFY_MILLISECONDS)).isPositive();
            assertThat(live.refusals()).isZero();
        }
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT datname FROM pg_database WHERE datname = ?", ScratchDatabase.name(world.context()))).isEmpty();
            assertThat(TargetClaim.content(target)).isEmpty();
        }
    }

    @Test
    void aRehearsalNeverDropsADatabaseOfThatNameThatIsNotOurs() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.targetServer.allowCreateDatabase(TwoDatabases.TARGET_OWNER);
        world.run(new TargetClaim());
        var scratch = ScratchDatabase.name(world.context());
        world.targetServer.createDatabase(scratch, TwoDatabases.TARGET_OWNER);
        try (var inside = world.targetServer.connect(scratch, TwoDatabases.TARGET_OWNER)) {
            Query.run(inside, "CREATE TABLE precious AS SELECT 1 AS one");
            assertThatThrownBy(() -> world.run(new RehearsePostgres())).isInstanceOf(Refusal.class).hasMessageContaining("precious");
            assertThat(Query.number(inside, "SELECT one FROM precious")).isEqualTo(1);
        }
    }

    @Test
    void abortingDropsTheScratchDatabaseThatAKilledRehearsalLeft() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        var scratch = ScratchDatabase.name(world.context());
        world.targetServer.createDatabase(scratch, TwoDatabases.TARGET_OWNER);
        try (var inside = world.targetServer.connect(scratch, TwoDatabases.TARGET_OWNER)) {
            Transaction.in(inside, () -> TargetClaim.claim(inside, world.context()));
        }
        world.run(new ResetTarget());
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT datname FROM pg_database WHERE datname = ?", scratch)).isEmpty();
        }
    }

    @Test
    void aRehearsalKilledBeforeItMarkedItsDatabaseIsClearedAway() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        var scratch = ScratchDatabase.name(world.context());
        world.targetServer.createDatabase(scratch, TwoDatabases.TARGET_OWNER);
        assertThat(world.run(new ResetTarget()).notes()).isEmpty();
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT datname FROM pg_database WHERE datname = ?", scratch)).isEmpty();
        }
    }

    @Test
    void aDatabaseOfTheRehearsalsNameThatHoldsSomethingIsLeftAndNamed() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        var scratch = ScratchDatabase.name(world.context());
        world.targetServer.createDatabase(scratch, TwoDatabases.TARGET_OWNER);
        try (var inside = world.targetServer.connect(scratch, TwoDatabases.TARGET_OWNER)) {
            Query.run(inside, "CREATE TABLE precious AS SELECT 1 AS one");
            assertThat(world.run(new ResetTarget()).notes()).singleElement().asString().contains(scratch).contains("was left");
            assertThat(Query.number(inside, "SELECT one FROM precious")).isEqualTo(1);
        }
    }

    @Test
    void whateverElsePostgresOffersMovesAndGoesAgain() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.onSource("CREATE SCHEMA \"Odd schema\"", "CREATE DOMAIN \"Odd schema\".handle AS text CHECK (VALUE ~ '^@')",
                "CREATE TYPE pair AS (a int, b \"Odd schema\".handle)", "CREATE TYPE span_of AS RANGE (subtype = numeric)",
                "CREATE TABLE \"Odd schema\".\"Table data\" (\"Id\" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, who \"Odd schema\".handle, p pair, s "
                + "span_of, EXCLUDE USING gist (s WITH &&))",
                "INSERT INTO \"Odd schema\".\"Table data\" (who, p, s) VALUES ('@a', ROW(1, '@b'), '[1,2)'), ('@c', NULL, 'empty')",
                "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.who := NEW.who || ''x''; RETURN NEW; END'",
                "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON \"Odd schema\".\"Table data\" FOR EACH ROW EXECUTE FUNCTION touch()",
                "CREATE AGGREGATE total (int) (sfunc = int4pl, stype = int, initcond = '0')", "CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1'",
                "CREATE OPERATOR === (leftarg = text, rightarg = text, function = texteq)", "CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple)",
                "CREATE COLLATION swedish (provider = libc, locale = 'C.UTF-8')", "CREATE TABLE parent (i int PRIMARY KEY)",
                "CREATE TABLE child (PRIMARY KEY (i)) INHERITS (parent)",
                "INSERT INTO child VALUES (1), (2)", "CREATE UNLOGGED TABLE unlogged AS SELECT 1 AS one",
                "CREATE RULE quiet AS ON INSERT TO parent WHERE NEW.i < 0 DO INSTEAD NOTHING",
                "CREATE POLICY mine ON parent USING (i > 0)", "CREATE TABLE no_columns ()", "INSERT INTO no_columns DEFAULT VALUES",
                "CREATE SEQUENCE downwards INCREMENT -2",
                "SELECT nextval('downwards'), nextval('downwards')", "CREATE STATISTICS together ON account_id, visibility FROM statuses",
                "CREATE VIEW between_them AS SELECT * FROM instances",
                "CREATE MATERIALIZED VIEW above AS SELECT * FROM between_them", "CREATE MATERIALIZED VIEW never_filled AS SELECT 1 AS one WITH NO DATA",
                "SELECT lo_from_bytea(0, 'large')");
        world.copied();
        var verified = world.run(new VerifyPostgres());
        assertThat(verified.outcome()).as(verified.message()).isEqualTo(Outcome.SUCCEEDED);
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT matviewname FROM pg_matviews WHERE NOT ispopulated")).containsExactly("never_filled");
            assertThat(Query.number(target, "SELECT last_value FROM downwards")).isEqualTo(-3);
            assertThat(Query.number(target, "SELECT count(*) FROM pg_largeobject_metadata")).isEqualTo(1);
            assertThat(Query.strings(target, "SELECT who FROM \"Odd schema\".\"Table data\" ORDER BY 1")).containsExactly("@a", "@c");
        }
        world.run(new CopyPostgres());
        assertThat(world.run(new VerifyPostgres()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        world.run(new ResetTarget());
        try (var target = world.target()) {
            assertThat(TargetClaim.content(target)).isEmpty();
        }
    }

    @Test
    void timeoutsThatTheAppSetForItselfDoNotEndOurs() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var superuser = world.targetServer.superuser("postgres")) {
            Query.run(superuser, "ALTER DATABASE " + world.target + " SET statement_timeout = '5s'", "ALTER DATABASE " + world.target
                    + " SET idle_session_timeout = '1s'");
        }
        try (var session = Database.target(world.context(), "test").open()) {
            assertThat(Query.strings(session, "SELECT setting FROM pg_settings WHERE name IN ('statement_timeout', 'idle_session_timeout')")).containsOnly("0");
        }
    }

    @Test
    void reopeningLeavesTheSourcesCatalogAsItWas() throws Exception {
        var world = TwoDatabases.between(15, 15);
        var before = catalog(world);
        world.closeSource();
        world.closeSource();
        assertThat(catalog(world)).isNotEqualTo(before);
        assertThat(world.run(new ReopenSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(catalog(world)).isEqualTo(before);
        assertThat(world.run(new ReopenSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        world.onSource("UPDATE settings SET value = 'open again' WHERE var = 'empty'");
    }

    @Test
    void theSourceIsNotReopenedBesideAnOpenTarget() throws Exception {
        var world = TwoDatabases.between(15, 15).copied();
        new OpenTarget().run(world.context(world.uid, 2));
        assertThatThrownBy(() -> new ReopenSource().run(world.context(world.uid, 2))).isInstanceOf(Refusal.class).hasMessageContaining("leave the source stopped").hasMessageContaining("not supported yet");
        assertThatThrownBy(() -> world.onSource("DELETE FROM settings")).isInstanceOf(SQLException.class).hasMessageContaining("closed while migration");
    }

    @Test
    void abortingEmptiesTheTargetAndReopensTheSource() throws Exception {
        var world = TwoDatabases.between(15, 15);
        List<String> before;
        try (var target = world.target()) {
            before = objects(target);
        }
        world.copied();
        world.run(new ResetTarget());
        world.run(new ResetTarget());
        world.run(new ReopenSource());
        try (var target = world.target()) {
            assertThat(objects(target)).isEqualTo(before);
        }
        world.onSource("INSERT INTO settings (var) VALUES ('goes on')");
        assertThat(world.copied().run(new VerifyPostgres()).outcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void nothingIsDroppedFromAnOpenedOrForeignTarget() throws Exception {
        var world = TwoDatabases.between(15, 15).copied();
        var foreign = world.context("99999999-other", 1);
        for (var task : List.of(new ResetTarget(), new CopyPostgres(), new ReleaseTarget(), new OpenTarget(), new VerifyPostgres(), new TargetClaim(),
                new CloseSource())) {
            assertThatThrownBy(() -> task.run(foreign)).as(task.getClass().getSimpleName()).isInstanceOf(Refusal.class).hasMessageContaining("mastodon/"
                    + world.uid);
        }
        assertThatThrownBy(() -> new ReopenSource().run(foreign)).isInstanceOf(Refusal.class);
        new OpenTarget().run(world.context(world.uid, 2));
        for (var task : List.of(new ResetTarget(), new CopyPostgres())) {
            assertThatThrownBy(() -> task.run(world.context(world.uid, 2))).isInstanceOf(Refusal.class).hasMessageContaining("opened for writing");
            assertThatThrownBy(() -> task.run(world.context(world.uid, 1))).isInstanceOf(Refusal.class).hasMessageContaining("epoch 2");
        }
        try (var target = world.target()) {
            assertThat(Query.number(target, "SELECT count(*) FROM statuses")).isEqualTo(TwoDatabases.STATUSES);
        }
    }

    @Test
    void aDumpThatDoesNotFitIsRefusedBeforeTheFreeze() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        assertThat(world.run(new PostgresCapacity()).figures().get(PostgresCapacity.SOURCE_BYTES)).isPositive();
        assertThatThrownBy(() -> PostgresCapacity.report(1000L << 20, 100L << 20)).isInstanceOf(Refusal.class).hasMessageContaining("600 "
                + "MiB").hasMessageContaining("scratch volume");
    }

    /** The capacity may have been measured on another node. A file system of the kernel's own has no room at all. */
    @Test
    void aDumpThatDoesNotFitWhereItIsWrittenIsRefusedBeforeItBegins() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        world.closeSource();
        var own = world.context();
        var cramped = new WorkerContext(own.migrationUid(), own.migrationName(), 1, own.secrets(), Path.of("/proc"), 2, new Progress());
        assertThatThrownBy(() -> new CopyPostgres().run(cramped)).isInstanceOf(Refusal.class).hasMessageContaining("has 0 MiB").hasMessageContaining("scratch volume");
        world.run(new CopyPostgres());
        assertThat(world.run(new VerifyPostgres()).outcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    private static List<String> objects(Connection target) throws SQLException {
        return Query.strings(target, "SELECT 'class ' || relname FROM pg_class WHERE oid >= 16384 UNION ALL SELECT 'schema ' || nspname FROM pg_namespace "
                + "WHERE nspname !~ '^pg_'"
                + " UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE oid >= 16384 UNION ALL SELECT 'type ' || typname FROM pg_type WHERE oid >= 16384"
                + " UNION ALL SELECT 'extension ' || extname FROM pg_extension ORDER BY 1");
    }

    private static List<String> catalog(TwoDatabases world) throws SQLException {
        try (var connection = world.sourceServer.superuser(world.source)) {
            return Query.strings(connection, "SELECT r::text FROM (" + String.join(" UNION ALL ", CATALOG) + ") r ORDER BY 1");
        }
    }
}
