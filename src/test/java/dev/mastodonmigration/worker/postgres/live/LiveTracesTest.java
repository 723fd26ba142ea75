package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.OpenTarget;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.ReleaseSource;
import dev.mastodonmigration.worker.postgres.ReopenSource;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** However a live migration ends, the source's catalog is what it was before, in every kind of object that we could have made or changed. */
@ExtendWith(SharedPostgres.class)
class LiveTracesTest {
    private static final String[] CATALOG = {
        "SELECT 'relation', n.nspname, c.relname, c.relkind, c.relowner::regrole, c.relacl, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, "
            + "c.relnatts, c.relchecks FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'pg_toast'",
        "SELECT 'attribute', attrelid::regclass, attname, atttypid::regtype, attnotnull, attacl, attoptions, attstattarget FROM pg_attribute WHERE attnum > 0 AND "
            + "attrelid >= 16384 AND attrelid IN (SELECT oid FROM pg_class WHERE relkind <> 't') AND NOT attrelid::regclass::text LIKE 'pg_toast%'",
        "SELECT 'function', oid::regprocedure, proowner::regrole, proacl, proconfig, prosecdef, md5(prosrc) FROM pg_proc",
        "SELECT 'trigger', tgrelid::regclass, tgname, tgenabled, tgtype FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT 'schema', nspname, nspowner::regrole, nspacl FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_toast\\_temp%' AND nspname NOT LIKE 'pg\\_temp%'",
        "SELECT 'type', typname, typnamespace::regnamespace, typtype, typacl FROM pg_type WHERE typname !~ '^_?pg_toast'",
        "SELECT 'constraint', conname, conrelid::regclass, contype, convalidated FROM pg_constraint",
        "SELECT 'index', indexrelid::regclass, indisvalid, indisready, indisclustered, indisreplident FROM pg_index",
        "SELECT 'sequence', s.schemaname, s.sequencename, s.sequenceowner, s.increment_by, s.cache_size, s.last_value FROM pg_sequences s",
        "SELECT 'extension', extname, extnamespace::regnamespace, extversion FROM pg_extension",
        "SELECT 'default acl', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl FROM pg_default_acl",
        "SELECT 'setting', setdatabase, setrole::regrole, setconfig FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = "
            + "current_database())", "SELECT 'database', datdba::regrole, datacl, datconnlimit, datallowconn FROM pg_database WHERE datname = current_database()",
        "SELECT 'role', rolname, rolsuper, rolcreatedb, rolcanlogin, rolconnlimit, rolconfig FROM pg_roles WHERE rolname = current_user",
        "SELECT 'member', roleid::regrole, member::regrole FROM pg_auth_members WHERE member = current_user::regrole",
        "SELECT 'event trigger', evtname FROM pg_event_trigger", "SELECT 'publication', pubname FROM pg_publication", "SELECT 'policy', polname FROM pg_policy",
        "SELECT 'rule', rulename, ev_class::regclass FROM pg_rewrite", "SELECT 'statistics', stxname FROM pg_statistic_ext",
        "SELECT 'comment', pg_describe_object(classoid, objoid, objsubid), description FROM pg_description",
        "SELECT 'cast', castsource::regtype, casttarget::regtype FROM pg_cast", "SELECT 'large object', oid FROM pg_largeobject_metadata",
        "SELECT 'depends', pg_describe_object(classid, objid, objsubid), pg_describe_object(refclassid, refobjid, refobjsubid), deptype FROM pg_depend "
            + "WHERE NOT pg_describe_object(classid, objid, objsubid) LIKE '%pg_toast%'",
        "SELECT 'shared', pg_describe_object(classid, objid, objsubid), pg_describe_object(refclassid, refobjid, 0), deptype FROM pg_shdepend WHERE dbid = "
            + "(SELECT oid FROM pg_database WHERE datname = current_database())",
        "SELECT 'lock', locktype, objid, mode FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = "
            + "current_database())", "SELECT 'prepared', gid FROM pg_prepared_xacts WHERE database = current_database()"};

    @Test
    void completionLeavesNothing() throws Exception {
        var world = TwoDatabases.between(15, 15);
        var before = catalog(world);
        LiveCopy.captured(world);
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
        new OpenTarget().run(world.context(world.uid, 2));
        new ReleaseSource().run(world.context(world.uid, 2));
        assertThat(catalog(world)).containsExactlyElementsOf(before);
    }

    @Test
    void anAbortInTheMidstOfTheCopyLeavesNothing() throws Exception {
        var world = TwoDatabases.between(15, 15);
        var before = catalog(world);
        LiveCopy.captured(world);
        try (var copy = LiveCopy.inRanges(world, 4 << 10); var target = world.target()) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(2)).ignoreExceptions()
                    .until(() -> Query.isTrue(target, "SELECT bool_or(landed) FROM mastodon_migration.live_range"));
            assertThat(Query.isTrue(target, "SELECT bool_and(landed) FROM mastodon_migration.live_range")).as("all copied").isFalse();
            world.onSource("TRUNCATE settings", "SELECT setval('mastodon_migration.lease', 0)", "TRUNCATE settings");
        }
        world.run(new ReopenSource());
        assertThat(catalog(world)).containsExactlyElementsOf(before);
    }

    @Test
    void theDatabaseAloneIsEnoughToTakeEverythingOff() throws Exception {
        var world = TwoDatabases.between(15, 15);
        var before = catalog(world);
        LiveCopy.captured(world);
        Files.delete(world.context().secrets().resolve(WorkerContext.TARGET_POSTGRES_URL));
        // Half of it was taken off by hand.
        world.onSource("DROP TRIGGER mastodon_migration_insert ON statuses", "ALTER TABLE accounts DISABLE TRIGGER mastodon_migration_update");
        world.run(new ReopenSource());
        assertThat(catalog(world)).containsExactlyElementsOf(before);
        world.run(new ReopenSource());
    }

    @Test
    void aTargetThatIsGoneKeepsNothingOnTheSource() throws Exception {
        var world = TwoDatabases.between(15, 15);
        var before = catalog(world);
        LiveCopy.captured(world);
        world.secret(WorkerContext.TARGET_POSTGRES_URL, "postgres://app:secret@127.0.0.1:1/gone");
        var report = world.run(new ReopenSource());
        assertThat(report.notes()).anyMatch(note -> note.contains("could not be seen"));
        assertThat(catalog(world)).containsExactlyElementsOf(before);
    }

    private static List<String> catalog(TwoDatabases world) throws SQLException {
        var rows = new ArrayList<String>();
        try (var source = world.source()) {
            for (var query : CATALOG) {
                rows.addAll(Query.strings(source, "SELECT row_text::text FROM (" + query + ") row_text ORDER BY 1"));
            }
        }
        return rows;
    }
}
