package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.CloseTarget;
import dev.mastodonmigration.worker.postgres.Comparison;
import dev.mastodonmigration.worker.postgres.Database;
import dev.mastodonmigration.worker.postgres.OpenTarget;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An instance whose tables have foreign keys, triggers and rules of every kind, moved live, so that it can be followed backwards. */
final class MovedInstance {
    private static final String[] EFFECTS = {
        "CREATE TABLE people (id int PRIMARY KEY, moderator int REFERENCES people ON DELETE SET NULL, name text)",
        "CREATE TABLE posts (id int PRIMARY KEY, author int NOT NULL REFERENCES people ON DELETE CASCADE, reply_to int, body text)",
        "ALTER TABLE posts ADD CONSTRAINT \"replies to\" FOREIGN KEY (reply_to) REFERENCES posts ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
        "COMMENT ON CONSTRAINT \"replies to\" ON posts IS '100% of a thread''s; replies'",
        "CREATE TABLE likes (person int REFERENCES people ON DELETE CASCADE, post int, PRIMARY KEY (person, post))",
        "CREATE TABLE counts (person int PRIMARY KEY, posts int NOT NULL)", "CREATE TABLE audit (id serial PRIMARY KEY, what text)", "CREATE TABLE pinned (post int REFERENCES posts, place serial)",
        "INSERT INTO people SELECT n, nullif(n / 3, 0), 'p' || n FROM generate_series(1, 60) n",
        "INSERT INTO posts SELECT n, 1 + n % 60, CASE WHEN n > 100 THEN n - 100 END, md5(n::text) FROM generate_series(1, 400) n",
        "INSERT INTO likes SELECT 1 + n % 60, n FROM generate_series(1, 400) n", "INSERT INTO likes VALUES (1, 4711)", "INSERT INTO counts SELECT author, count(*) FROM posts GROUP BY author",
        "ALTER TABLE likes ADD CONSTRAINT likes_post FOREIGN KEY (post) REFERENCES posts ON DELETE CASCADE NOT VALID",
        """
            CREATE FUNCTION count_posts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF TG_OP = 'INSERT' THEN INSERT INTO counts VALUES (NEW.author, 1) ON CONFLICT (person) DO UPDATE SET posts = counts.posts + 1;
              ELSE UPDATE counts SET posts = posts - 1 WHERE person = OLD.author; END IF;
              RETURN NULL; END $$""",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (what) VALUES (TG_NAME || ' ' || TG_OP); RETURN NULL; END $$",
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a trigger that is off'; END $$",
        "CREATE TRIGGER counting AFTER INSERT OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION count_posts()",
        "CREATE TRIGGER \"noting always\" AFTER INSERT OR DELETE OR UPDATE ON people FOR EACH STATEMENT EXECUTE FUNCTION note()", "ALTER TABLE people ENABLE ALWAYS TRIGGER \"noting always\"",
        "CREATE TRIGGER off BEFORE INSERT OR DELETE OR UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION never()", "ALTER TABLE posts DISABLE TRIGGER off",
        "CREATE TRIGGER of_replicas BEFORE INSERT OR DELETE OR UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION never()", "ALTER TABLE posts ENABLE REPLICA TRIGGER of_replicas",
        "CREATE TRIGGER partitions AFTER INSERT OR DELETE ON parts FOR EACH ROW EXECUTE FUNCTION note()", "ALTER TABLE parts_1 DISABLE TRIGGER partitions",
        "CREATE RULE noted AS ON DELETE TO likes DO ALSO INSERT INTO audit (what) VALUES ('unliked')", "CREATE SEQUENCE unowned INCREMENT 3"};

    private static final String[] DEFINITIONS = {
        // In the order in which triggers of one event fire.
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint'), convalidated, rank() OVER (PARTITION BY contype ORDER BY oid) FROM pg_constraint WHERE conrelid > 16383 AND contype IN ('f')",
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid > 16383",
        "SELECT tgrelid::regclass, tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE (NOT tgisinternal OR tgparentid <> 0 AND tgconstraint = 0) AND tgname NOT LIKE 'mastodon_migration%'",
        "SELECT ev_class::regclass, rulename, ev_enabled, pg_get_ruledef(oid) FROM pg_rewrite WHERE ev_class > 16383", "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid), indisvalid, indisready FROM pg_index WHERE indrelid > 16383",
        "SELECT sequencename, data_type, start_value, increment_by, cycle FROM pg_sequences WHERE schemaname = 'public'"};

    static final String OUT = "SELECT NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f') AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'counting' AND tgenabled <> 'D')";

    private MovedInstance() {}

    /** Closed on both sides, proved equal and not yet adopted. */
    static TwoDatabases on(PostgresServer from, PostgresServer to) throws Exception {
        var world = TwoDatabases.empty(from, to);
        RandomWrites.prepare(world);
        world.onSource(EFFECTS);
        LiveCopy.captured(world);
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            world.run(new CloseSource());
            var report = copy.drain();
            assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
        }
        return world;
    }

    /** From the oldest version, whose partitions have internal triggers; {@code -Dback.source=15 -Dback.target=18} tries others. */
    private static final class Once {
        private static final TwoDatabases WORLD = make();

        private static TwoDatabases make() {
            try {
                return on(SharedPostgres.of(Integer.getInteger("back.source", 14)), SharedPostgres.of(Integer.getInteger("back.target", 15)));
            } catch (Exception e) {
                throw new IllegalStateException("no instance was moved", e);
            }
        }
    }

    /** The same for each caller, and two databases of its own. */
    static synchronized TwoDatabases closed() throws SQLException {
        return Once.WORLD.copy();
    }

    /** Adopted, and open on the target, where what the freeze put off is done. */
    static TwoDatabases open(TwoDatabases world) throws Exception {
        world.run(new AdoptDatabases());
        world.run(new OpenTarget());
        world.run(new HousekeepPostgres());
        return world;
    }

    /** Closes the target, drains, and proves that the two are equal in every row and object, and the source's definitions as they were. */
    static void goBack(TwoDatabases world, LiveCopy copy, List<String> definitions) throws Exception {
        world.run(new CloseTarget());
        var report = copy.drain();
        assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
        assertBack(world, definitions);
    }

    static void assertBack(TwoDatabases world, List<String> definitions) throws Exception {
        world.run(new HousekeepPostgres(Direction.BACK));
        var result = new Comparison(Database.source(world.context(), "test"), Database.target(world.context(), "test"), Optional.empty()).run();
        assertThat(result.differences()).isEmpty();
        assertThat(definitions(world)).containsExactlyElementsOf(definitions);
    }

    /** Of the source: foreign keys, triggers, rules, indexes, sequences. */
    static List<String> definitions(TwoDatabases world) throws SQLException {
        var rows = new ArrayList<String>();
        try (var source = world.source()) {
            for (var query : DEFINITIONS) {
                rows.addAll(Query.strings(source, "SELECT row_text::text FROM (" + query + ") row_text WHERE row_text::text !~ 'mastodon_migration|pg_toast' ORDER BY 1"));
            }
        }
        return rows;
    }

    /** A session of somebody who has read these tables of the source and is not done. */
    static Connection reading(TwoDatabases world, String... tables) throws SQLException {
        var reader = world.source();
        reader.setAutoCommit(false);
        for (var table : tables) {
            Query.list(reader, "SELECT count(*) FROM " + table, row -> row.getLong(1));
        }
        return reader;
    }
}
