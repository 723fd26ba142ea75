package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What changes other rows when one changes, taken out of a live schema for as long as rows are brought to it, and brought back exactly: foreign keys, triggers of the instance's own, rules.
 * Rounds delete rows and insert them again, and bring what cascades and triggers did on the other side as changes of their own; here they would do it a second time, and a cascade would
 * delete rows that no log names. {@code session_replication_role}, which silences them all, takes a superuser.
 * <p>
 * How to bring each back is saved in a table of ours in the very transaction that takes it out. Our schema is not dropped while something is left there.
 */
public final class SuspendedEffects {
    private static final String TABLE = """
            CREATE TABLE IF NOT EXISTS mastodon_migration.suspended (id bigserial PRIMARY KEY, kind text NOT NULL, relation text NOT NULL, name text NOT NULL, place bigint NOT NULL,
              back text NOT NULL, validation text, is_back boolean NOT NULL DEFAULT false, UNIQUE (kind, relation, name))""";
    private static final String IS_THERE = "SELECT to_regclass('mastodon_migration.suspended') IS NOT NULL";

    /**
     * All that has an effect now, with what takes it out and what brings it back. Names are qualified, because the session's search path is {@code pg_catalog}. A foreign key comes back
     * unchecked; whether it is checked afterwards is as it was. Keys of partitions come and go with their parent's, which cannot come back unchecked before version 18.
     *
     * <p>Place: foreign keys in the order in which they were made, because their triggers fire in that order; triggers of a parent before those of its partitions, which some minor versions
     * change with it.
     */
    private static final String EFFECTS = """
            SELECT 'foreign key' AS kind, k.conrelid AS relation, k.conname AS name, k.oid::bigint AS place, 'ALTER TABLE %1$s DROP CONSTRAINT %2$I' AS out,
              'ALTER TABLE %1$s ADD CONSTRAINT %2$I ' || replace(pg_get_constraintdef(k.oid), '%', '%%') || CASE WHEN k.convalidated AND c.relkind <> 'p' THEN ' NOT VALID' ELSE '' END
                || coalesce('; COMMENT ON CONSTRAINT %2$I ON %1$s IS ' || replace(quote_literal(obj_description(k.oid, 'pg_constraint')), '%', '%%'), '') AS back,
              CASE WHEN k.convalidated AND c.relkind <> 'p' THEN 'ALTER TABLE %1$s VALIDATE CONSTRAINT %2$I' END AS validation
              FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'f' AND k.conparentid = 0
            UNION ALL SELECT 'trigger', t.tgrelid, t.tgname, coalesce((SELECT count(*) FROM pg_partition_ancestors(t.tgrelid)), 0), 'ALTER TABLE ONLY %1$s DISABLE TRIGGER %2$I',
              'ALTER TABLE ONLY %1$s ENABLE ' || CASE t.tgenabled WHEN 'R' THEN 'REPLICA ' WHEN 'A' THEN 'ALWAYS ' ELSE '' END || 'TRIGGER %2$I', NULL
              FROM pg_trigger t WHERE t.tgenabled <> 'D' AND """ + Catalog.TRIGGER_OF_THE_INSTANCE + """

            UNION ALL SELECT 'rule', r.ev_class, r.rulename, 0, 'ALTER TABLE %1$s DISABLE RULE %2$I',
              'ALTER TABLE %1$s ENABLE ' || CASE r.ev_enabled WHEN 'R' THEN 'REPLICA ' WHEN 'A' THEN 'ALWAYS ' ELSE '' END || 'RULE %2$I', NULL
              FROM pg_rewrite r WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'D'""";
    private static final String OF_THE_INSTANCE = "(" + EFFECTS + """
            ) e JOIN pg_class c ON c.oid = e.relation JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL (SELECT pg_partition_root(c.oid) AS root) family WHERE\s""" + Table.USER_TABLE;
    private static final String SQL_NAME = "format('%I.%I', n.nspname, c.relname)";
    /** Tables whose partitions are taken together with them. */
    private static final String LEFT = "SELECT DISTINCT (SELECT format('%I.%I', rn.nspname, r.relname) FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace"
            + " WHERE r.oid = coalesce(root, e.relation)) FROM " + OF_THE_INSTANCE + " ORDER BY 1";
    private static final String SAVE = "INSERT INTO mastodon_migration.suspended (kind, relation, name, place, back, validation) SELECT kind, " + SQL_NAME + ", name, place, format(back, " + SQL_NAME
            + ", name), format(validation, " + SQL_NAME + ", name) FROM " + OF_THE_INSTANCE + " AND coalesce(root, e.relation) = ?::regclass ON CONFLICT (kind, relation, name)"
            // One that came back and was not checked yet when it is taken out again is to be checked all the same.
            + " DO UPDATE SET place = excluded.place, back = excluded.back, validation = coalesce(excluded.validation, suspended.validation), is_back = false";
    private static final String OUT = "SELECT format(e.out, " + SQL_NAME + ", name) FROM " + OF_THE_INSTANCE + " AND coalesce(root, e.relation) = ?::regclass ORDER BY place";
    private static final String BACK = "SELECT id, kind, name, relation, back FROM mastodon_migration.suspended WHERE NOT is_back ORDER BY kind = 'rule', kind = 'trigger', place, id";
    private static final String VALIDATIONS = "SELECT id, name, relation, validation FROM mastodon_migration.suspended WHERE is_back AND validation IS NOT NULL ORDER BY place";
    /** Dropped by somebody since it was brought back. */
    private static final String GONE = "UPDATE mastodon_migration.suspended s SET validation = NULL WHERE is_back AND validation IS NOT NULL"
            + " AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = to_regclass(s.relation) AND k.conname = s.name)";
    private static final String IS_BACK = "UPDATE mastodon_migration.suspended SET is_back = true";

    private record Saved(long id, String kind, String name, String table, String sql) {
        @Override
        public String toString() {
            return kind + " " + name + " of " + table;
        }
    }

    private record Validation(long id, String name, String table, String sql) {}

    private SuspendedEffects() {}

    /** Tables where something still has an effect on others' rows; a partitioned one stands for its partitions. */
    public static List<String> left(Connection connection) throws SQLException {
        return Query.strings(connection, LEFT);
    }

    /**
     * Takes out what this table and its partitions have, and saves how to bring it back, or neither.
     *
     * @param check whether they may be taken out now, in the same transaction
     * @return false when somebody has one of the tables that it takes: not even readers may, because a foreign key's go on both
     */
    public static boolean trySuspend(Connection connection, String table, Transaction.Body check) throws SQLException, Refusal {
        return TableLock.tryIn(connection, table, () -> {
            check.run();
            Query.run(connection, TABLE, "LOCK TABLE " + table + " IN SHARE ROW EXCLUSIVE MODE");
            // Under the lock, which keeps others from defining it anew meanwhile.
            Query.update(connection, SAVE, table);
            for (var statement : Query.strings(connection, OUT, table)) {
                Query.run(connection, statement);
            }
        });
    }

    /**
     * Brings all back that was taken out, within the caller's transaction, where nobody can write yet. Readers keep foreign keys and triggers waiting for nothing, and a rule for a moment.
     * Foreign keys are checked later, by {@link #validate}; those of a partitioned table at once.
     *
     * @throws SQLException when somebody has a table, naming who
     * @throws Refusal when rows break a key that cannot come back unchecked
     */
    public static void bringBack(Connection connection) throws SQLException, Refusal {
        for (var saved : out(connection)) {
            var failure = tryBack(connection, saved);
            if (failure.isPresent() && ForeignKeys.isOrphan(failure.get())) {
                throw new Refusal("The " + saved + " was taken out while rows were brought here and cannot come back, because rows break it: " + words(failure.get()) + ". The database was not opened.");
            }
            if (failure.isPresent()) {
                throw new SQLException("the " + saved + " cannot be brought back yet: " + words(failure.get()) + holders(connection, saved), failure.get().getSQLState(), failure.get());
            }
        }
    }

    /**
     * The same where the instance waits for nothing but this, and is better off without one of them than not at all; answers what it lacks, and what to do. What somebody's lock kept out is
     * brought back by the next call.
     */
    static List<String> bringBackWhatCanBe(Connection connection) throws SQLException {
        var notes = new ArrayList<String>();
        for (var saved : out(connection)) {
            var failure = tryBack(connection, saved);
            if (failure.isPresent() && WriteGate.isLocked(failure.get())) {
                notes.add("the " + saved + " is still taken out, and is brought back once nobody uses the table" + holders(connection, saved));
            } else if (failure.isPresent()) {
                notes.add("the " + saved + " was taken out and could not be brought back: " + words(failure.get()) + ". Correct that, then run: " + saved.sql());
                Query.update(connection, IS_BACK + ", validation = NULL WHERE id = ?", saved.id());
            }
        }
        return notes;
    }

    private static List<Saved> out(Connection connection) throws SQLException {
        return Query.isTrue(connection, IS_THERE) ? Query.list(connection, BACK, row -> new Saved(row.getLong(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5))) : List.of();
    }

    /** In one go: the instance is down meanwhile, and each round trip counts once a key. */
    private static Optional<SQLException> tryBack(Connection connection, Saved saved) throws SQLException {
        try {
            Query.run(connection, "SAVEPOINT back; SET LOCAL lock_timeout = " + WriteGate.LOCK_TIMEOUT.toMillis() + "; " + saved.sql() + "; " + IS_BACK + " WHERE id = " + saved.id() + "; RELEASE back");
            return Optional.empty();
        } catch (SQLException e) {
            if (connection.isClosed()) {
                throw e;
            }
            Query.run(connection, "ROLLBACK TO back");
            return Optional.of(e);
        }
    }

    private static String holders(Connection connection, Saved saved) throws SQLException {
        var holders = OurTriggers.holders(connection, List.of(saved.table()));
        return holders.isEmpty() ? "" : ", now used by " + holders;
    }

    private static String words(SQLException e) {
        return e.getMessage().replace("\n", " ");
    }

    /** Whether nothing is taken out, and all foreign keys are checked that were before: only then may our schema go. */
    static boolean isOver(Connection connection) throws SQLException {
        return pending(connection).isEmpty();
    }

    /** The first that are still taken out, or to be checked. */
    static List<String> pending(Connection connection) throws SQLException {
        return Query.isTrue(connection, IS_THERE)
                ? Query.strings(connection, "SELECT kind || ' ' || name || ' of ' || relation FROM mastodon_migration.suspended WHERE NOT is_back OR validation IS NOT NULL ORDER BY id LIMIT 3") : List.of();
    }

    /** Checks the foreign keys that were checked before, while the instance runs; answers a note for each that its rows break, which stays unchecked. */
    public static List<String> validate(Connection connection) throws SQLException {
        var notes = new ArrayList<String>();
        if (!Query.isTrue(connection, IS_THERE)) {
            return notes;
        }
        Query.run(connection, GONE);
        for (var key : Query.list(connection, VALIDATIONS, row -> new Validation(row.getLong(1), row.getString(2), row.getString(3), row.getString(4)))) {
            try {
                Query.run(connection, key.sql());
            } catch (SQLException e) {
                if (!ForeignKeys.isOrphan(e)) {
                    throw e;
                }
                notes.add("foreign key " + key.name() + " of " + key.table() + " stays NOT VALID: rows break it. " + words(e));
            }
            Query.update(connection, "UPDATE mastodon_migration.suspended SET validation = NULL WHERE id = ?", key.id());
        }
        return notes;
    }
}
