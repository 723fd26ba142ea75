package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.PostgresPreflight;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What would stop or lengthen a live copy is named before it begins, each with what to do. */
@ExtendWith(SharedPostgres.class)
class LivePreflightTest {
    @Test
    void rowsHiddenFromAUniqueIndexAreFound() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE accounts (id int PRIMARY KEY, username text, domain text)",
                "CREATE UNIQUE INDEX by_name ON accounts (lower(username), coalesce(lower(domain), ''))", "CREATE TABLE uris (uri text PRIMARY KEY, v text)",
                "CREATE UNIQUE INDEX by_v ON uris (v) WHERE v LIKE 'x%'",
                "INSERT INTO accounts SELECT n, 'user' || n, CASE WHEN n % 2 = 0 THEN 'example.social' END FROM generate_series(1, 500) n",
                "INSERT INTO uris SELECT 'https://example.social/' || n, 'x' || n FROM generate_series(1, 500) n");
        assertThat(check(world).blockers()).isEmpty();
        CorruptIndex.hide(world, "by_name", "INSERT INTO accounts VALUES (900, 'USER4', 'Example.Social'), (901, 'User7', NULL)");
        CorruptIndex.hide(world, "uris_pkey", "INSERT INTO uris VALUES ('https://example.social/3', 'y')");
        CorruptIndex.hide(world, "by_v", "INSERT INTO uris VALUES ('https://example.social/new', 'x9')");
        assertThat(check(world).blockers()).hasSize(3).anyMatch(found -> found.contains("by_name of public.accounts") && found.contains("2 values"))
                .anyMatch(found -> found.contains("uris_pkey") && found.contains("1 values")).anyMatch(found -> found.contains("by_v"))
                .allMatch(found -> found.contains("REINDEX INDEX") && !found.contains("USER4"));
        try (var source = world.source()) {
            assertThat(Query.string(source, "SELECT current_setting('enable_indexscan')")).as("only the look itself does without").isEqualTo("on");
        }
    }

    @Test
    void anIndexThatIsNotValidIsNamed() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE tags (id int PRIMARY KEY, name text)", "CREATE INDEX half_built ON tags (name)");
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half_built'::regclass");
        }
        assertThat(check(world).blockers()).singleElement().asString().contains("public.half_built").contains("DROP INDEX");
    }

    @Test
    void aTableWithoutAKeyIsToldWithItsSizeAndTheSecondsThatItCosts() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE log_less (v text)", "INSERT INTO log_less SELECT repeat('x', 1000) FROM generate_series(1, 5000)",
                "CREATE TABLE nullable (v text UNIQUE)", "CREATE TABLE keyed (v text UNIQUE NOT NULL)", "ANALYZE");
        var notes = check(world).notes();
        assertThat(notes).anyMatch(note -> note.matches("table public.log_less has no usable key.*inside the freeze \\([4-7] MiB\\), which adds about \\d+ s to it.*"))
                .anyMatch(note -> note.contains("public.nullable")).noneMatch(note -> note.contains("public.keyed"));
    }

    @Test
    void rowSecurityThatIsForcedOnTheOwnerBlocks() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE secret (id int PRIMARY KEY)", "ALTER TABLE secret ENABLE ROW LEVEL SECURITY", "CREATE POLICY none ON secret USING (false)");
        assertThat(check(world)).satisfies(findings -> {
            assertThat(findings.blockers()).isEmpty();
            assertThat(findings.notes()).anyMatch(note -> note.contains("row security is on for public.secret"));
        });
        world.onSource("ALTER TABLE secret FORCE ROW LEVEL SECURITY");
        assertThat(check(world).blockers()).singleElement().asString().contains("public.secret").contains("NO FORCE ROW LEVEL SECURITY");
    }

    @Test
    void settingsOfDatabaseRoleAndBothAreNamed() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("SELECT lo_create(0)");
        var role = "settled_" + world.source;
        world.sourceServer.createDatabase("of_" + role, role);
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "ALTER DATABASE " + world.source + " OWNER TO " + role, "ALTER DATABASE " + world.source + " SET work_mem = '8MB'",
                    "ALTER ROLE " + role + " SET lock_timeout = '9s'", "ALTER ROLE " + role + " IN DATABASE " + world.source + " SET statement_timeout = '9s'");
        }
        world.secret(WorkerContext.SOURCE_POSTGRES_URL, world.sourceServer.url(world.source, role));
        assertThat(check(world).notes()).anyMatch(note -> note.contains("work_mem") && note.contains("lock_timeout") && note.contains("statement_timeout"))
                .anyMatch(note -> note.contains("1 large objects") && note.contains("Live refuses"));
    }

    @Test
    void aRoleThatMayNotPutTriggersOnEveryTableIsRefusedByName() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE mine (id int PRIMARY KEY)", "CREATE TABLE theirs (id int PRIMARY KEY)");
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "ALTER TABLE theirs OWNER TO postgres", "GRANT ALL ON theirs TO " + TwoDatabases.OWNER);
        }
        assertThat(check(world).blockers()).singleElement().asString().contains("does not own 1 tables").contains("public.theirs");
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "ALTER TABLE theirs OWNER TO " + TwoDatabases.OWNER, "ALTER DATABASE " + world.source + " OWNER TO postgres");
        }
        assertThat(check(world).blockers()).singleElement().asString().contains("may not create a schema in the source");
    }

    @Test
    void aStandbyTakesNoCaptureAndItIsSaidWhy() throws Exception {
        try (var follower = PostgresServer.start(15)) {
            var world = TwoDatabases.empty(follower, SharedPostgres.of(15));
            world.onSource("CREATE TABLE plain (id int PRIMARY KEY)");
            follower.restartAsStandby();
            assertThat(check(world).blockers()).singleElement().asString().contains("standby").contains("primary's address");
            assertThatThrownBy(() -> world.run(new InstallCapture())).hasMessageContaining("standby").hasMessageContaining("source-postgres-url");
        }
    }

    private static Findings check(TwoDatabases world) throws Exception {
        return PostgresPreflight.planned(false, source -> KeylessTables.announce(source).lines()).check(world.context());
    }
}
