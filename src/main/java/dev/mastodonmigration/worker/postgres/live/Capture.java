package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.DollarQuotes;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.WriteGate;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Notes on the source which keys changed: statement triggers write transaction and key to a log. Nothing joins old rows to new ones, which would be
 * quadratic. Lease and gaps are sequences, because reading and setting those neither waits for a row lock nor fails in a serializable transaction
 * of the app.
 */
final class Capture {
    static final List<String> EVENTS = List.of("insert", "update", "delete", "truncate");
    private static final String DISK_FULL = "53100";
    private static final String INSUFFICIENT_RESOURCES = "53000";
    static final Duration LEASE = Duration.ofHours(1);
    private static final String[] SHARED = {"""
            CREATE TABLE IF NOT EXISTS mastodon_migration.capture (id int PRIMARY KEY, root text NOT NULL UNIQUE, key text NOT NULL)""",
        "CREATE SEQUENCE IF NOT EXISTS mastodon_migration.lease MINVALUE 0 START 0",
        "CREATE SEQUENCE IF NOT EXISTS mastodon_migration.gaps",
        CaptureRun.TABLE, CaptureRun.FIRST, Watermark.TABLE, Follower.TABLE, SourceIdentity.FUNCTION};

    /**
     * Every statement of the app pays for this, so it evaluates one condition in the usual case, and without starting the executor: plpgsql prepares
     * each condition anew in each transaction. RETURN NEW, which is null here, is no expression. Every name is qualified, so that nothing of the caller's can take its
     * place: a search path that is set for the call would do the same and cost as much as the condition.
     * <p>
     * A log that cannot be written to is a gap and refuses nothing of the app's. A right that is missing, as a provider leaves who is over its plan, is seen before. What
     * nobody sees before, a full disk, would take a subtransaction around each statement, with a transaction number each: so only a sample of the statements has one, and
     * also looks at the size; the first of these that fails ends the logging for all.
     */
    private static final String BODY = """
            BEGIN
              IF pg_catalog.pg_sequence_last_value('mastodon_migration.lease')
                    OPERATOR(pg_catalog.<) pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())
                  OR pg_catalog.random() OPERATOR(pg_catalog.<) 0.02 OR NOT pg_catalog.has_table_privilege('%1$s'::pg_catalog.regclass, 'INSERT') THEN
                IF pg_catalog.pg_sequence_last_value('mastodon_migration.lease')
                    OPERATOR(pg_catalog.<) pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) THEN
                  PERFORM pg_catalog.nextval('mastodon_migration.gaps');
                  RETURN NEW;
                END IF;
                BEGIN
                  IF pg_catalog.pg_relation_size('%1$s') OPERATOR(pg_catalog.>) %4$d THEN
                    IF (SELECT pg_catalog.sum(pg_catalog.pg_relation_size(c.oid)) OPERATOR(pg_catalog.>) %3$d FROM pg_catalog.pg_class c
                        WHERE c.relnamespace OPERATOR(pg_catalog.=) 'mastodon_migration'::pg_catalog.regnamespace AND c.relname OPERATOR(pg_catalog.~) '^log_') THEN
                      PERFORM pg_catalog.setval('mastodon_migration.lease', 0);
                    END IF;
                  END IF;
                  INSERT INTO %1$s %2$s;
                EXCEPTION WHEN insufficient_resources OR insufficient_privilege OR read_only_sql_transaction THEN
                  PERFORM pg_catalog.nextval('mastodon_migration.gaps');
                  PERFORM pg_catalog.setval('mastodon_migration.lease', 0);
                END;
                RETURN NEW;
              END IF;
              INSERT INTO %1$s %2$s;
              RETURN NEW;
            END
            """;
    /** Below this part of the cap a log is not worth adding up all of them. */
    private static final int SMALL = 16;
    private static final String MAY_LOG = "SELECT coalesce(bool_and(has_table_privilege('mastodon_migration.log_' || id, 'INSERT')), true) FROM mastodon_migration.capture";

    private Capture() {}

    static void createShared(Connection source) throws SQLException {
        Query.run(source, SHARED);
        renew(source, LEASE);
    }

    /** From the commit on, nothing is logged any more, for good and in one statement; takes no lock on any table. Whoever follows it finds a gap, and whoever would begin to finds no table captured. */
    static void silence(Connection source) throws SQLException {
        Query.run(source, """
                DO $silence$
                DECLARE f text;
                BEGIN
                  FOR f IN SELECT p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                    WHERE n.nspname = 'mastodon_migration' AND p.proname ~ '^capture_[0-9]+_(insert|update|delete|truncate)$'
                  LOOP
                    EXECUTE format('CREATE OR REPLACE FUNCTION mastodon_migration.%I() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NULL; END $f$', f);
                  END LOOP;
                  IF to_regclass('mastodon_migration.capture') IS NOT NULL THEN
                    DELETE FROM mastodon_migration.capture;
                    PERFORM nextval('mastodon_migration.gaps');
                  END IF;
                END
                $silence$""");
    }

    /** Lets the triggers write for this long. */
    static void renew(Connection source, Duration lease) throws SQLException {
        Query.list(source, "SELECT setval('mastodon_migration.lease', extract(epoch FROM clock_timestamp())::bigint + ?)", row -> row.getLong(1),
                lease.toSeconds());
    }

    /** Renews a lease that has not ended: while a round takes long, and nobody asks for gaps. */
    static void prolong(Connection source, Duration lease) throws SQLException {
        Query.list(source, "SELECT setval('mastodon_migration.lease', extract(epoch FROM clock_timestamp())::bigint + ?) FROM mastodon_migration.lease"
                + " WHERE last_value BETWEEN extract(epoch FROM clock_timestamp()) AND extract(epoch FROM clock_timestamp()) + ?", row -> row.getLong(1),
                lease.toSeconds(), lease.dividedBy(2).toSeconds());
    }

    /**
     * The columns that the capture logs must be those that name rows now.
     *
     * @throws Refusal naming the table whose key was changed since
     */
    static void requireSameKeys(Connection source, List<Tree> trees) throws SQLException, Refusal {
        var captured = new HashMap<Integer, String>();
        Query.list(source, "SELECT id, key FROM mastodon_migration.capture", row -> captured.put(row.getInt(1), row.getString(2)));
        for (var tree : trees) {
            if (tree.hasKey() && tree.id() != 0 && !tree.keyColumns().equals(captured.get(tree.id()))) {
                throw new Refusal("Changes of table " + tree.root() + " are captured by (" + captured.get(tree.id()) + "), but by now its rows are named by ("
                        + tree.keyColumns() + "). Set spec.state to Aborted, which takes the capture off, and start a new migration.");
            }
        }
    }

    /** Whether the logs reached their cap, or one could not be written to: then nothing is logged any more, in any of them. */
    static boolean isFull(Connection source) throws SQLException {
        return Query.isTrue(source, "SELECT last_value = 0 FROM mastodon_migration.lease");
    }

    /** Why nothing is logged, when {@link #isFull}. */
    static String whyFull(Connection source) throws SQLException {
        return Query.isTrue(source, MAY_LOG) ? "the logs of changes on the source reached their cap or could not be written to, so that some were not logged"
                : "the source's user may not write to its logs of changes, as when the database is larger than its plan (delete rows, take a larger plan, or GRANT INSERT), so that some were not logged";
    }

    /**
     * Gives the source's disk back what full logs took, while nothing is logged, so that no writer of the app waits behind us. What they held is needed
     * no more: after a gap everything is proved again. False when an older transaction still holds one, or nothing could be logged there.
     */
    static boolean emptyLogs(Connection source) throws SQLException, Refusal {
        if (!Query.isTrue(source, MAY_LOG)) {
            return false;
        }
        var emptied = true;
        for (var id : Query.strings(source, "SELECT id::text FROM mastodon_migration.capture WHERE pg_relation_size('mastodon_migration.log_' || id) > 0")) {
            emptied &= tryEmpty(source, id);
        }
        return emptied;
    }

    private static boolean tryEmpty(Connection source, String id) throws SQLException, Refusal {
        try {
            return WriteGate.tryLocked(source, () -> {
                Query.run(source, "LOCK TABLE mastodon_migration.log_" + id + " IN ACCESS EXCLUSIVE MODE");
                // Under the lock: a worker that slept since it looked would take what was logged meanwhile.
                if (isFull(source)) {
                    Query.run(source, "TRUNCATE mastodon_migration.log_" + id);
                }
            });
        } catch (SQLException e) {
            if (!DISK_FULL.equals(e.getSQLState())) {
                throw e;
            }
            // A new file stands before the old one goes.
            throw new SQLException("the source's disk is full, so that its logs of changes cannot even be emptied; enlarge it, then this goes on by itself", INSUFFICIENT_RESOURCES, e);
        }
    }

    /** How often a change went unnoticed, because the lease had ended or the log was full. */
    static long gaps(Connection source) throws SQLException {
        return Query.number(source, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM mastodon_migration.gaps");
    }

    static void createLog(Connection source, Tree tree, long capBytes) throws SQLException {
        Query.update(source, "INSERT INTO mastodon_migration.capture (id, root, key) VALUES (?, ?, ?)", tree.id(), tree.root(), tree.keyColumns());
        Query.run(source, "CREATE TABLE " + tree.log() + " (xid xid8 NOT NULL, op \"char\" NOT NULL, " + tree.logColumnsWithTypes() + ", member text)");
        for (var event : EVENTS) {
            Query.run(source, "CREATE OR REPLACE FUNCTION " + function(tree, event) + "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
                            + DollarQuotes.around(BODY.formatted(tree.log(), logged(tree, event), capBytes, capBytes / SMALL)),
                    "REVOKE ALL ON FUNCTION " + function(tree, event) + "() FROM PUBLIC");
        }
    }

    private static String function(Tree tree, String event) {
        return "mastodon_migration.capture_" + tree.id() + "_" + event;
    }

    private static String logged(Tree tree, String event) {
        var keys = "SELECT pg_catalog.pg_current_xact_id(), 'k', " + tree.keyColumns() + " FROM ";
        return switch (event) {
            case "insert" -> keys + "new_rows";
            case "update" -> keys + "old_rows UNION ALL " + keys + "new_rows";
            case "delete" -> keys + "old_rows";
            default -> "(xid, op, member) SELECT pg_catalog.pg_current_xact_id(), 't', TG_ARGV[0]";
        };
    }

    static boolean isOn(Connection source, String table) throws SQLException {
        return Query.number(source, "SELECT count(*) FROM pg_trigger WHERE tgrelid = ?::regclass AND tgenabled = 'A' AND tgname IN ('" + String.join("', '",
                EVENTS.stream().map(Capture::trigger).toList()) + "')", table) == EVENTS.size();
    }

    /** What puts the triggers on one table, and waits for the table's older writers. */
    static String putOn(Tree tree, String table) {
        return EVENTS.stream().map(event -> "DROP TRIGGER IF EXISTS " + trigger(event) + " ON " + table + "; CREATE TRIGGER " + trigger(event) + " AFTER " + event + " ON "
                + table + rows(event) + " FOR EACH STATEMENT EXECUTE FUNCTION " + function(tree, event) + "('" + table.replace("'", "''") + "'); "
                + "ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER " + trigger(event)).collect(Collectors.joining("; "));
    }

    private static String rows(String event) {
        return switch (event) {
            case "insert" -> " REFERENCING NEW TABLE AS new_rows";
            case "update" -> " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows";
            case "delete" -> " REFERENCING OLD TABLE AS old_rows";
            default -> "";
        };
    }

    static String trigger(String event) {
        return "mastodon_migration_" + event;
    }
}
