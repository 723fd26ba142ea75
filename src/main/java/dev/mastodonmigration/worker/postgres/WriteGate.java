package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * Refuses every write to the instance's tables while they are on the move: a lock, not a look, because a client can connect after any proof
 * that there is none. The triggers are {@code ENABLE ALWAYS}, so that {@code session_replication_role} does not pass them.
 * <p>
 * What the triggers do is decided by the body of their one function, so that opening needs no table lock, which any reader could withhold for hours. The body and
 * not the marker decides, because a transaction sees the marker as of its snapshot, and the catalog as it is: one that began before the gate came down,
 * and wrote nothing yet, must not pass it.
 */
public final class WriteGate {
    public static final String TRIGGER = "mastodon_migration_gate";

    /** Session setting that our own load carries, see {@link Marker#session}. */
    public static final String SESSION_SETTING = "mastodon_migration.session";

    /** Long enough for a plain autovacuum to yield (it does after {@code deadlock_timeout}, 1 s), short for those who queue behind us. */
    static final Duration LOCK_TIMEOUT = Duration.ofMillis(1500);

    /** How long the server lets a session of ours say nothing while it holds a table. */
    private static final Duration ABANDONED = Duration.ofSeconds(5);
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String DEADLOCK = "40P01";

    private static final String OPEN_FUNCTION = "CREATE OR REPLACE FUNCTION mastodon_migration.refuse_write() RETURNS trigger LANGUAGE plpgsql AS $gate$ BEGIN RETURN NULL; END $gate$";
    private static final String EXISTS = "SELECT to_regprocedure('mastodon_migration.refuse_write()') IS NOT NULL";
    private static final String REFUSES = "SELECT EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure('mastodon_migration.refuse_write()') AND prosrc LIKE '%refused_writes%')";

    /** A sequence counts the refusals, because it is the one thing that survives the rollback of the refused transaction. */
    private static final String[] FUNCTION = {"CREATE SEQUENCE IF NOT EXISTS mastodon_migration.refused_writes", """
            CREATE OR REPLACE FUNCTION mastodon_migration.refuse_write() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $gate$
            DECLARE migration text;
            BEGIN
              IF current_setting('mastodon_migration.session', true) = (SELECT session FROM mastodon_migration.marker) THEN
                RETURN NULL;
              END IF;
              PERFORM nextval('mastodon_migration.refused_writes');
              SELECT name INTO migration FROM mastodon_migration.marker;
              RAISE EXCEPTION 'write to %.% refused: this database is closed while migration % moves it', TG_TABLE_SCHEMA, TG_TABLE_NAME, migration
                USING ERRCODE = 'read_only_sql_transaction', HINT = 'Writes are possible again when the migration has ended. Reads are not affected.';
            END
            $gate$"""};

    /** Puts the gate on all tables, for use where nobody can have opened them yet: in the transaction that creates them. */
    public static final String ON_ALL_TABLES = """
            DO $gate$
            DECLARE t regclass;
            BEGIN
              FOR t IN SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE %s
              LOOP
                EXECUTE format('CREATE TRIGGER mastodon_migration_gate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %%s '
                  'FOR EACH STATEMENT EXECUTE FUNCTION mastodon_migration.refuse_write()', t);
                EXECUTE format('ALTER TABLE %%s ENABLE ALWAYS TRIGGER mastodon_migration_gate', t);
              END LOOP;
            END
            $gate$;
            """.formatted(Table.USER_TABLE);

    private static final String PUT_UP = """
            BEGIN
              IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'mastodon_migration_gate' AND tgrelid = '%1$s'::regclass) THEN
                CREATE TRIGGER mastodon_migration_gate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %2$s
                  FOR EACH STATEMENT EXECUTE FUNCTION mastodon_migration.refuse_write();
              END IF;
              ALTER TABLE %2$s ENABLE ALWAYS TRIGGER mastodon_migration_gate;
            END
            """;

    private static final String TABLES = "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + Table.USER_TABLE;
    private static final String UNGATED = TABLES + " AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = '" + TRIGGER
            + "' AND g.tgenabled = 'A') ORDER BY 1";

    private WriteGate() {}

    /** From the commit on, writes to tables that have the trigger are refused. */
    public static void refuse(Connection connection) throws SQLException {
        Query.run(connection, FUNCTION);
    }

    /** From the commit on, nothing is refused, whether the triggers are there or not; takes no lock on any table. */
    public static void letPass(Connection connection) throws SQLException {
        if (Query.isTrue(connection, EXISTS)) {
            Query.run(connection, OPEN_FUNCTION);
        }
    }

    /** Whether it refuses, where its triggers are. */
    public static boolean refuses(Connection connection) throws SQLException {
        return Query.isTrue(connection, REFUSES);
    }

    /** All tables that the gate is for. */
    public static List<String> tables(Connection connection) throws SQLException {
        return Query.strings(connection, TABLES + " ORDER BY 1");
    }

    /** Tables that can still be written to. */
    public static List<String> ungated(Connection connection) throws SQLException {
        return Query.strings(connection, UNGATED);
    }

    public static void requireUp(Connection connection, Side side) throws SQLException, Refusal {
        if (!refuses(connection)) {
            throw new Refusal("The write gate of the " + side + " database is open: somebody opened it since. Writes may have got past it, so nothing further was done.");
        }
        var open = ungated(connection);
        if (!open.isEmpty()) {
            throw new Refusal("The write gate of the " + side + " database is not up on " + open.size() + " tables, first " + open.getFirst()
                    + ". Someone removed it or created a table since; writes may have got past it, so nothing further was done.");
        }
    }

    /** Writes refused so far; 0 where there never was a gate. */
    public static long refusedWrites(Connection connection) throws SQLException {
        return Query.isTrue(connection, "SELECT to_regclass('mastodon_migration.refused_writes') IS NOT NULL")
                ? Query.number(connection, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM mastodon_migration.refused_writes") : 0;
    }

    /** Puts the gate on one table; waits behind older writers at most the lock timeout. Answers whether it is up. */
    public static boolean tryClose(Connection connection, String table) throws SQLException {
        // In one message: the instance is down meanwhile, and each round trip counts once a table.
        return tryLocked(connection, LOCK_TIMEOUT, "DO " + DollarQuotes.around(PUT_UP.formatted(table.replace("'", "''"), table)));
    }

    /** Does this in one transaction that waits at most the lock timeout for each lock; answers whether it was done. */
    public static boolean tryLocked(Connection connection, Transaction.Body body) throws SQLException, Refusal {
        return tryLocked(connection, LOCK_TIMEOUT, body);
    }

    /** With another lock timeout. */
    public static boolean tryLocked(Connection connection, Duration lockTimeout, Transaction.Body body) throws SQLException, Refusal {
        try {
            Transaction.in(connection, () -> {
                Query.run(connection, settings(lockTimeout));
                body.run();
            });
            return true;
        } catch (SQLException e) {
            if (isLocked(e)) {
                return false;
            }
            throw e;
        }
    }

    /**
     * The same with statements that go to the server in one message, begin and commit too: whoever is stopped or cut off in the midst of it leaves no lock behind that the
     * app would wait for.
     */
    static boolean tryLocked(Connection connection, Duration lockTimeout, String statements) throws SQLException {
        try {
            Query.run(connection, "BEGIN; " + settings(lockTimeout) + "; " + statements + "; COMMIT");
            return true;
        } catch (SQLException e) {
            if (!connection.isClosed()) {
                Query.run(connection, "ROLLBACK");
            }
            if (isLocked(e)) {
                return false;
            }
            throw e;
        }
    }

    private static String settings(Duration lockTimeout) {
        return "SET LOCAL lock_timeout = " + lockTimeout.toMillis() + "; SET LOCAL idle_in_transaction_session_timeout = " + ABANDONED.toMillis() + "; SET LOCAL search_path = pg_catalog";
    }

    static boolean isLocked(SQLException e) {
        return LOCK_NOT_AVAILABLE.equals(e.getSQLState()) || DEADLOCK.equals(e.getSQLState());
    }
}
