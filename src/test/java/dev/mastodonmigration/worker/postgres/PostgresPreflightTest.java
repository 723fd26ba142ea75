package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.postgres.live.KeylessTables;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(SharedPostgres.class)
class PostgresPreflightTest {
    private static Findings check(TwoDatabases world) throws Exception {
        return PostgresPreflight.planned(false, source -> KeylessTables.announce(source).lines()).check(world.context());
    }

    @Test
    void aSoundPairIsMeasuredAndLeftAsItIs() throws Exception {
        var world = TwoDatabases.between(15, 15);
        var findings = check(world);
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.figures()).containsEntry(PostgresPreflight.SOURCE_MAJOR, 15L).containsEntry(PostgresPreflight.TARGET_MAJOR, 15L);
        assertThat(findings.figures().get(PostgresPreflight.SOURCE_BYTES)).isGreaterThan(1L << 20);
        assertThat(findings.figures().get(Figure.TABLES)).isGreaterThan(25);
        assertThat(findings.figures()).containsKey(PostgresPreflight.ROWS_ESTIMATE);
        assertThat(findings.notes()).anyMatch(note -> note.contains("keyless_log"));
        try (var source = world.source(); var target = world.target()) {
            assertThat(Marker.read(source)).isEmpty();
            assertThat(TargetClaim.content(target)).isEmpty();
        }
        world.run(new TargetClaim());
        world.run(new TargetClaim());
        assertThat(check(world).blockers()).as("our own marker is no blocker").isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            source-postgres-url | postgres://app:not-the-password@127.0.0.1:%d/%s | The source database at 127.0.0.1 | refuses user "app"
            target-postgres-url | postgresql://nobody-here:x%%40y@127.0.0.1:%d/%s?sslmode=disable | The target database at 127.0.0.1 | refuses user "nobody-here"
            source-postgres-url | postgres://app:secret@127.0.0.1:1/db?x=%d%s | The source database at 127.0.0.1:1 cannot be reached | network rules
            target-postgres-url | postgres://app:secret@no-such-host.invalid/db?x=%d%s | The target database at no-such-host.invalid:5432 cannot be reached | target-postgres-url
            target-postgres-url | mysql://app:secret@127.0.0.1:%d/%s | target-postgres-url is not of the form | postgres://
            """)
    void aDatabaseThatCannotBeEnteredIsNamedWithoutItsPassword(String secret, String url, String what, String why) throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.secret(secret, url.formatted(world.sourceServer.port(), world.source));
        var blockers = check(world).blockers();
        assertThat(blockers).singleElement().asString().contains(what).contains(why).doesNotContain("not-the-password").doesNotContain("x@y").doesNotContain(":secret");
    }

    @Test
    void ofATargetThatIsStillToBeCreatedTheVersionIsHeldAgainstTheSource() throws Exception {
        var world = TwoDatabases.between(15, 15);
        Files.delete(world.context().secrets().resolve(WorkerContext.TARGET_POSTGRES_URL));
        world.secret(WorkerContext.TARGET_POSTGRES_MAJOR, "17");
        var findings = check(world);
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.figures()).containsEntry(PostgresPreflight.SOURCE_MAJOR, 15L).containsEntry(PostgresPreflight.TARGET_MAJOR, 17L);
        world.secret(WorkerContext.TARGET_POSTGRES_MAJOR, "14");
        assertThat(check(world).blockers()).anyMatch(blocker -> blocker.contains("The target runs Postgres 14, which is older than the source's 15"));
    }

    @Test
    void aTargetThatIsToBeCreatedTooSmallIsRefusedBeforeItCosts() throws Exception {
        var world = TwoDatabases.between(15, 15);
        Files.delete(world.context().secrets().resolve(WorkerContext.TARGET_POSTGRES_URL));
        world.secret(WorkerContext.TARGET_POSTGRES_MAJOR, "17").secret(WorkerContext.TARGET_POSTGRES_STORAGE, (1L << 30) + " spec.its.field");
        assertThat(check(world).blockers()).isEmpty();
        world.secret(WorkerContext.TARGET_POSTGRES_STORAGE, (1L << 20) + " spec.its.field");
        assertThat(check(world).blockers()).singleElement().asString().contains("The source database has 1 GiB", "Raise spec.its.field to 1 at least");
    }

    @Test
    void aMissingDatabaseIsToldFromAMissingServer() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.secret(WorkerContext.TARGET_POSTGRES_URL, world.targetServer.url("nowhere", TwoDatabases.TARGET_OWNER));
        assertThat(check(world).blockers()).singleElement().asString().contains("has no database \"nowhere\"").contains("target-postgres-url");
    }

    @ParameterizedTest
    @ValueSource(strings = {"CREATE TABLE precious AS SELECT 1 AS one", "CREATE VIEW precious AS SELECT 1 AS one",
            "CREATE FUNCTION precious() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE precious AS ENUM ('one')", "CREATE SEQUENCE precious", "CREATE SCHEMA precious",
        "CREATE SCHEMA other; CREATE TABLE other.precious (i int)", "SELECT lo_create(4711)"})
    void aTargetThatIsNotEmptyIsNamedAndNeverTouched(String content) throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.onTarget(content);
        assertThat(check(world).blockers()).singleElement().asString().contains("is not empty").containsPattern("precious|4711").contains("was not touched");
        assertThatThrownBy(() -> world.run(new TargetClaim())).isInstanceOf(Refusal.class).hasMessageContaining("is not empty");
        for (var task : List.of(new CopyPostgres(), new OpenTarget(), new VerifyPostgres())) {
            assertThatThrownBy(() -> world.run(task)).isInstanceOf(Refusal.class);
        }
        world.run(new ResetTarget());
        world.run(new ReleaseTarget());
        try (var target = world.target()) {
            assertThat(TargetClaim.content(target)).isNotEmpty();
            assertThat(Marker.read(target)).isEmpty();
        }
    }

    @Test
    void anExtensionOrAnEmptyExtensionSchemaDoesNotFillATarget() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.onTarget("CREATE EXTENSION pgcrypto", "CREATE SCHEMA heroku_ext");
        assertThat(check(world).blockers()).isEmpty();
    }

    @Test
    void anotherMigrationsMarkerOnEitherSideIsNamed() throws Exception {
        var world = TwoDatabases.between(15, 15);
        new TargetClaim().run(world.context("11111111-other", 1));
        new MarkSource().run(world.context("22222222-another", 1));
        assertThat(check(world).blockers()).hasSize(2).anyMatch(b -> b.contains("The target database belongs to migration mastodon/11111111-other (uid "
                + "11111111-other)"))
                .anyMatch(b -> b.contains("The source database belongs to migration mastodon/22222222-another"));
    }

    @Test
    void aSchemaOfOurNameWithoutAMarkerIsForeign() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.onTarget("CREATE SCHEMA mastodon_migration");
        assertThat(check(world).blockers()).singleElement().asString().contains("without a marker");
        assertThatThrownBy(() -> world.run(new ResetTarget())).isInstanceOf(Refusal.class);
    }

    @Test
    void theSameDatabaseUnderTwoNamesIsFound() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.secret(WorkerContext.TARGET_POSTGRES_URL, world.sourceServer.url(world.source, TwoDatabases.OWNER).replace("postgres://",
                "postgresql://").replace("127.0.0.1", "localhost"));
        assertThat(check(world).blockers()).anyMatch(b -> b.contains("Source and target are the same database"));
    }

    @Test
    void anOlderTargetIsRefused() throws Exception {
        assertThat(check(TwoDatabases.between(15, 14)).blockers()).singleElement().asString().contains("The target runs Postgres 14, which is older than "
                + "the source's 15");
    }

    @Test
    void aSourceTooNewForTheWorkersPgDumpIsRefused() throws Exception {
        if (PostgresPrograms.find(18).isEmpty()) {
            assertThat(check(TwoDatabases.between(18, 18)).blockers()).singleElement().asString().contains("no pg_dump that can read Postgres 18");
        } else {
            assertThat(PostgresPrograms.find(99)).isEmpty();
        }
    }

    @Test
    void aStandbyCannotBeASource() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var follower = PostgresServer.start(15)) {
            follower.createDatabase("d", TwoDatabases.OWNER);
            follower.restartAsStandby();
            world.secret(WorkerContext.SOURCE_POSTGRES_URL, follower.url("d", TwoDatabases.OWNER));
            assertThat(check(world).blockers()).singleElement().asString().contains("standby").contains("primary");
        }
    }

    @Test
    void anotherEncodingIsRefused() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var superuser = world.targetServer.superuser("postgres")) {
            Query.run(superuser, "CREATE DATABASE latin" + world.target + " OWNER " + TwoDatabases.TARGET_OWNER
                    + " TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
        }
        world.secret(WorkerContext.TARGET_POSTGRES_URL, world.targetServer.url("latin" + world.target, TwoDatabases.TARGET_OWNER));
        assertThat(check(world).blockers()).anyMatch(b -> b.contains("UTF8") && b.contains("LATIN1") && b.contains("ENCODING 'UTF8'"));
    }

    @Test
    void aTargetThatKnowsOnlyEnglishLettersIsRefused() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var superuser = world.targetServer.superuser("postgres")) {
            Query.run(superuser, "CREATE DATABASE plain" + world.target + " OWNER " + TwoDatabases.TARGET_OWNER + " TEMPLATE template0 LOCALE 'C'");
        }
        world.secret(WorkerContext.TARGET_POSTGRES_URL, world.targetServer.url("plain" + world.target, TwoDatabases.TARGET_OWNER));
        assertThat(check(world).blockers()).singleElement().asString().contains("LC_CTYPE 'C'").contains("hashtags");
    }

    @Test
    void anExtensionThatOnlyASuperuserMayCreateIsToldBeforeTheFreeze() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "CREATE EXTENSION pageinspect SCHEMA heroku_ext");
        }
        world.onSource("CREATE VIEW pages AS SELECT heroku_ext.get_raw_page('tags', 0) AS page");
        assertThat(check(world).blockers()).singleElement().asString().contains("Only a superuser").contains("CREATE EXTENSION \"pageinspect\" SCHEMA "
                + "\"heroku_ext\"");
        try (var superuser = world.targetServer.superuser(world.target)) {
            Query.run(superuser, "CREATE SCHEMA heroku_ext", "CREATE EXTENSION pageinspect SCHEMA heroku_ext", "GRANT ALL ON SCHEMA heroku_ext TO PUBLIC");
        }
        assertThat(check(world).blockers()).isEmpty();
        assertThat(world.copied().run(new VerifyPostgres()).outcome()).isEqualTo(WorkerReport.Outcome.SUCCEEDED);
    }

    @Test
    void anExtensionThatTheTargetLacksBlocksOnlyWhereSomethingDependsOnIt() throws Exception {
        var world = TwoDatabases.between(15, 17);
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "CREATE EXTENSION old_snapshot");
            assertThat(check(world)).satisfies(findings -> {
                assertThat(findings.blockers()).isEmpty();
                assertThat(findings.notes()).anyMatch(note -> note.contains("old_snapshot"));
            });
        }
        world.onSource("CREATE VIEW snapshots AS SELECT * FROM pg_old_snapshot_time_mapping()");
        assertThat(check(world).blockers()).singleElement().asString().contains("extension old_snapshot").contains("not available on the target");
    }

    @Test
    void allIsSaidAtOnce() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.sourceServer.createDatabase("unrelated" + world.source, "stranger");
        world.targetServer.createDatabase("unrelated" + world.target, "stranger");
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        }
        world.secret(WorkerContext.SOURCE_POSTGRES_URL, world.sourceServer.url(world.source, "stranger"));
        world.secret(WorkerContext.TARGET_POSTGRES_URL, world.targetServer.url(world.target, "stranger"));
        var findings = PostgresPreflight.planned(true, source -> KeylessTables.announce(source).lines()).check(world.context());
        assertThat(findings.blockers()).hasSize(5)
                .anyMatch(b -> b.contains("may not create a schema in the source database"))
                .anyMatch(b -> b.contains("does not own") && b.contains("public.account_events"))
                .anyMatch(b -> b.contains("may not create schemas in the target database"))
                .anyMatch(b -> b.contains("may not create tables in schema public of the target"))
                .anyMatch(b -> b.contains("rehearsal.enabled"));
        var report = findings.report();
        assertThat(report.outcome()).isEqualTo(WorkerReport.Outcome.REFUSED);
        findings.blockers().forEach(blocker -> assertThat(report.message()).contains(blocker));
    }

    @Test
    void oddThingsAreNotedAndDoNotBlock() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.onSource("SELECT lo_create(0)", "ALTER TABLE settings ENABLE ROW LEVEL SECURITY", "ALTER DATABASE " + world.source + " SET work_mem = '8MB'");
        var findings = check(world);
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).anyMatch(note -> note.contains("1 large objects")).anyMatch(note -> note.contains("row "
                + "security") && note.contains("settings"))
                .anyMatch(note -> note.contains("work_mem") && note.contains("not copied"));
    }
}
