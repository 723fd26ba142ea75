package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.WriteGate;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What is planned and done, in our schema on the target, committed together with what was done: a killed worker goes on where it was. */
final class Ledger {
    /** How far the whole is. */
    enum Stage { COPYING, APPLYING, DRAINED, REFUSED }

    /** @param text the snapshot of the source that the tree has reached */
    record Position(String text, long rounds) {}

    private static final String UNDEFINED_TABLE = "42P01";
    private static final String[] TABLES = {
        "DROP TABLE IF EXISTS mastodon_migration.live, mastodon_migration.live_tree, mastodon_migration.live_range, mastodon_migration.live_definition, "
                + "mastodon_migration.live_catalog, mastodon_migration.live_repair", Repairs.TABLE, """
            CREATE TABLE mastodon_migration.live (single boolean PRIMARY KEY DEFAULT true CHECK (single), stage text NOT NULL, identity text NOT NULL, run text NOT NULL,
              gaps bigint NOT NULL, mark bigint NOT NULL, mark_nonce text NOT NULL, draining boolean NOT NULL DEFAULT false, repairs bigint NOT NULL DEFAULT 0, applied_at timestamptz,
              lag_changes bigint NOT NULL DEFAULT 0, in_sync boolean NOT NULL DEFAULT false, outcome text, gap text, finished_rows bigint, adopted boolean NOT NULL DEFAULT false,
              planned_at timestamptz NOT NULL DEFAULT clock_timestamp())""", """
            CREATE TABLE mastodon_migration.live_tree (id int PRIMARY KEY, root text NOT NULL, position text NOT NULL, rounds bigint NOT NULL DEFAULT 0,
              changes bigint NOT NULL DEFAULT 0, proving boolean NOT NULL DEFAULT false)""", """
            CREATE TABLE mastodon_migration.live_range (id bigserial PRIMARY KEY, tree int NOT NULL, member text NOT NULL, by text NOT NULL, lower text, upper text,
              bytes bigint NOT NULL, rows bigint NOT NULL DEFAULT 0, token bigint NOT NULL DEFAULT 0, backend int, until timestamptz,
              landed boolean NOT NULL DEFAULT false, proved boolean NOT NULL DEFAULT false)""", """
            CREATE TABLE mastodon_migration.live_definition (id bigserial PRIMARY KEY, tree int NOT NULL, phase text NOT NULL, sql text NOT NULL,
              bytes bigint NOT NULL, token bigint NOT NULL DEFAULT 0, backend int, until timestamptz, done boolean NOT NULL DEFAULT false)""",
        "CREATE TABLE mastodon_migration.live_catalog (object text PRIMARY KEY, definition text NOT NULL)"};

    private Ledger() {}

    static void create(Connection target) throws SQLException {
        Query.run(target, TABLES);
    }

    /** Whether the plan is complete: the stage is written last. Outside of a transaction, which another leader's beginning anew would break. */
    static boolean isPlanned(Connection target) throws SQLException {
        try {
            return Query.isTrue(target, "SELECT to_regclass('mastodon_migration.live') IS NOT NULL")
                    && Query.isTrue(target, "SELECT EXISTS (SELECT FROM mastodon_migration.live)");
        } catch (SQLException e) {
            if (UNDEFINED_TABLE.equals(e.getSQLState())) {
                return false;
            }
            throw e;
        }
    }

    static void plan(Connection target, List<Tree> trees, String position, List<RangePlan.Range> ranges, List<Definition> definitions,
            Map<String, String> catalog) throws SQLException {
        Query.update(target, "INSERT INTO mastodon_migration.live_tree (id, root, position) SELECT id::int, root, ? FROM unnest(?, ?) AS tree (id, root)", position,
                each(trees, Tree::id), each(trees, Tree::root));
        Query.run(target, trees.stream().map(tree -> "DROP TABLE IF EXISTS " + tree.touched() + "; CREATE TABLE " + tree.touched() + " (seq bigserial PRIMARY KEY, " + tree.logColumnsWithTypes() + ")")
                .collect(Collectors.joining("; ")));
        Query.update(target, """
                INSERT INTO mastodon_migration.live_range (tree, member, by, lower, upper, bytes)
                SELECT tree::int, member, by, lower, upper, bytes::bigint FROM unnest(?, ?, ?, ?, ?, ?) AS range (tree, member, by, lower, upper, bytes)""",
                each(ranges, RangePlan.Range::tree), each(ranges, RangePlan.Range::member), each(ranges, RangePlan.Range::by), each(ranges, RangePlan.Range::lower),
                each(ranges, RangePlan.Range::upper), each(ranges, RangePlan.Range::bytes));
        Query.update(target, """
                INSERT INTO mastodon_migration.live_definition (tree, phase, sql, bytes)
                SELECT tree::int, phase, sql, bytes::bigint FROM unnest(?, ?, ?, ?) AS definition (tree, phase, sql, bytes)""",
                each(definitions, Definition::tree), each(definitions, Definition::phase), each(definitions, Definition::sql), each(definitions, Definition::bytes));
        Query.update(target, "INSERT INTO mastodon_migration.live_catalog SELECT object, definition FROM unnest(?, ?) AS catalog (object, definition)",
                each(catalog.entrySet(), Map.Entry::getKey), each(catalog.entrySet(), Map.Entry::getValue));
    }

    /** One column of what is written in one statement. */
    private static <T> List<String> each(Collection<T> things, Function<T, ?> column) {
        return things.stream().map(column).map(value -> Objects.toString(value, null)).toList();
    }

    static void begin(Connection target, Horizon.Base base) throws SQLException {
        Query.update(target, "INSERT INTO mastodon_migration.live (stage, identity, run, gaps, mark, mark_nonce) VALUES (?, ?, ?, ?, ?, ?)", Stage.COPYING.name(), base.identity(),
                CaptureRun.in(base.identity()).text(), base.gaps(), base.mark().number(), base.mark().nonce());
    }

    /** As after a plan that is all done: the databases are equal at this base. The target has its foreign keys and triggers, which are taken out before anything is brought there. */
    static void adopt(Connection target, Horizon.Base base) throws SQLException {
        begin(target, base);
        Query.run(target, "UPDATE mastodon_migration.live SET stage = 'APPLYING', adopted = true", "UPDATE mastodon_migration.live_range SET landed = true, proved = true",
                "UPDATE mastodon_migration.live_tree SET proving = true");
    }

    /** Goes on after a refusal, from where it stopped: positions and proofs hold. */
    static void resume(Connection target) throws SQLException {
        Query.run(target, "UPDATE mastodon_migration.live SET stage = 'APPLYING', outcome = NULL, draining = false, in_sync = false WHERE stage = 'REFUSED'");
    }

    static boolean isAdopted(Connection target) throws SQLException {
        return Query.isTrue(target, "SELECT adopted FROM mastodon_migration.live");
    }

    /** Of the source when it was last read; in the transaction that brings what was read. */
    static void reached(Connection target, Watermark mark) throws SQLException {
        Query.update(target, "UPDATE mastodon_migration.live SET mark = ?, mark_nonce = ?", mark.number(), mark.nonce());
    }

    static Watermark mark(Connection target) throws SQLException {
        return Query.one(target, "SELECT mark, mark_nonce FROM mastodon_migration.live", row -> new Watermark(row.getLong(1), row.getString(2)));
    }

    /** Whether the target has all that may change other rows when one changes: foreign keys and triggers. */
    static boolean isFinished(Connection target) throws SQLException {
        return Query.isTrue(target, "SELECT finished_rows IS NOT NULL FROM mastodon_migration.live");
    }

    static Stage stage(Connection target) throws SQLException {
        return Stage.valueOf(Query.string(target, "SELECT stage FROM mastodon_migration.live"));
    }

    static void stage(Connection target, Stage stage) throws SQLException {
        Query.update(target, "UPDATE mastodon_migration.live SET stage = ?", stage.name());
    }

    /**
     * Until the end of the transaction, in which no newer attempt can take the target over and nobody can give it back.
     *
     * @throws SQLException when that has happened already
     */
    static void requireHeld(LiveSessions sessions) throws SQLException {
        if (Query.list(sessions.target(), "SELECT 1 FROM mastodon_migration.marker WHERE state = ? AND session = current_setting('" + WriteGate.SESSION_SETTING + "') FOR SHARE", row -> 1,
                sessions.direction().whileWritten().sql()).isEmpty()) {
            throw new SQLException("a newer worker has taken over the " + sessions.direction().written() + " database");
        }
    }

    /** How the whole ended, for every worker and for those that come later. */
    static void finish(Connection target, Stage stage, WorkerReport report) throws SQLException {
        Query.update(target, "UPDATE mastodon_migration.live SET stage = ?, outcome = ?, in_sync = in_sync AND NOT ?", stage.name(), report.toJson(), stage == Stage.REFUSED);
    }

    static Optional<WorkerReport> outcome(Connection target) throws SQLException {
        return Query.list(target, "SELECT outcome FROM mastodon_migration.live WHERE outcome IS NOT NULL", row -> WorkerReport.parse(row.getString(1)))
                .stream().findFirst().flatMap(report -> report);
    }

    static void lag(Connection target, long ageMilliseconds, long changes, boolean isInSync) throws SQLException {
        Query.update(target, "UPDATE mastodon_migration.live SET applied_at = clock_timestamp() - ? * interval '1 ms', lag_changes = ?, in_sync = ?",
                ageMilliseconds, changes, isInSync);
    }

    /** Why changes went by unlogged, the last time they did. */
    static Optional<String> gap(Connection target) throws SQLException {
        return Query.strings(target, "SELECT gap FROM mastodon_migration.live WHERE gap IS NOT NULL").stream().findFirst();
    }

    /** Whether a leader, this worker's or another's, has finished a reading in the last seconds. */
    static boolean isFollowed(Connection target) throws SQLException {
        return Query.isTrue(target, "SELECT coalesce(applied_at > clock_timestamp() - interval '5 s', false) FROM mastodon_migration.live");
    }

    static void askForDrain(Connection target) throws SQLException {
        Query.update(target, "UPDATE mastodon_migration.live SET draining = true WHERE NOT draining");
    }

    static boolean isDrainAsked(Connection target) throws SQLException {
        return Query.isTrue(target, "SELECT draining FROM mastodon_migration.live");
    }

    /** Positions by tree of those whose rows have all landed and whose key can be looked up. */
    static Map<Integer, Position> ready(Connection target) throws SQLException {
        var positions = new HashMap<Integer, Position>();
        Query.list(target, """
                SELECT id, position, rounds FROM mastodon_migration.live_tree t
                WHERE NOT EXISTS (SELECT FROM mastodon_migration.live_range r WHERE r.tree = t.id AND NOT r.landed)
                  AND NOT EXISTS (SELECT FROM mastodon_migration.live_definition d WHERE d.tree = t.id AND d.phase = 'KEY' AND NOT d.done)""",
                row -> positions.put(row.getInt(1), new Position(row.getString(2), row.getLong(3))));
        return positions;
    }

    static boolean isCopiedAndIndexed(Connection target) throws SQLException {
        return Query.isTrue(target, """
                SELECT NOT EXISTS (SELECT FROM mastodon_migration.live_range WHERE NOT landed) AND NOT EXISTS (SELECT FROM mastodon_migration.live_definition
                  WHERE NOT done AND phase IN ('KEY', 'PLAIN', 'UNIQUE', 'ANALYZE'))""");
    }

    static boolean isProved(Connection target) throws SQLException {
        return Query.isTrue(target, "SELECT NOT EXISTS (SELECT FROM mastodon_migration.live_range WHERE NOT proved)");
    }

    static boolean isProved(Connection target, Tree tree) throws SQLException {
        return Query.isTrue(target, "SELECT NOT EXISTS (SELECT FROM mastodon_migration.live_range WHERE tree = ? AND NOT proved)", tree.id());
    }

    /** How many keys of each tree are still to be proved, counted up to this many; without those that have none. */
    static Map<Integer, Long> touched(Connection target, Collection<Tree> trees, int most) throws SQLException {
        var touched = new TreeMap<Integer, Long>();
        var query = trees.stream().filter(Tree::hasKey).map(tree -> "SELECT " + tree.id() + ", count(*) FROM (SELECT FROM " + tree.touched() + " LIMIT " + most + ") backlog HAVING count(*) > 0")
                .collect(Collectors.joining(" UNION ALL "));
        if (!query.isEmpty()) {
            Query.list(target, query, row -> touched.put(row.getInt(1), row.getLong(2)));
        }
        return touched;
    }

    static List<String> definitions(Connection target, Definition.Phase phase) throws SQLException {
        return Query.strings(target, "SELECT sql FROM mastodon_migration.live_definition WHERE phase = ? AND NOT done ORDER BY id", phase.name());
    }
}
