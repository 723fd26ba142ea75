package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Catalog;
import dev.mastodonmigration.worker.postgres.ForeignKeys;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Side;
import dev.mastodonmigration.worker.postgres.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Notices what capture cannot: a change of the tables' definitions, a trigger switched off. */
final class SourceGuard {
    private static final int NAMED = 3;

    private static final String TRIGGERS = "SELECT 'capture of ' || tgrelid::regclass::text, string_agg(tgname || tgenabled::text, ' ' ORDER BY tgname) "
            + "FROM pg_trigger WHERE tgname IN ('mastodon_migration_insert', 'mastodon_migration_update', 'mastodon_migration_delete', "
            + "'mastodon_migration_truncate') GROUP BY tgrelid";

    /** Of views too, whose text is one. */
    private static final String RULES = "SELECT 'rule ' || r.rulename || ' of ' || format('%I.%I', n.nspname, c.relname), pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class "
            + "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + Table.USER_SCHEMA + " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')";
    /** They come and go while an instance runs (REINDEX CONCURRENTLY); what they guarantee is among the constraints. */
    private static final String INDEX = "index ";
    /** What only the source has, or what another version writes otherwise. */
    private static final List<String> OF_THE_SOURCE = List.of("capture of ", "rule ");

    private SourceGuard() {}

    static Map<String, String> catalog(Connection source) throws SQLException {
        var objects = new HashMap<>(Catalog.objects(source));
        Query.list(source, TRIGGERS, row -> objects.put(row.getString(1), row.getString(2)));
        Query.list(source, RULES, row -> objects.put(row.getString(1), row.getString(2)));
        objects.keySet().removeIf(name -> name.startsWith(INDEX));
        return objects;
    }

    /** A foreign key that is checked meanwhile changes nothing that is followed. */
    private static Map<String, String> regardlessOfValidity(Map<String, String> objects) {
        var all = new HashMap<>(objects);
        all.replaceAll((name, definition) -> ForeignKeys.regardlessOfValidity(name, definition));
        return all;
    }

    /** Definitions of the target, when all are there, that are not as they were on the source; foreign keys are validated later. */
    static List<String> differences(Connection target, Side side, Map<String, String> copied) throws SQLException {
        var here = new HashMap<>(Catalog.objects(target));
        here.keySet().removeIf(name -> name.startsWith(INDEX));
        var names = new TreeSet<>(here.keySet());
        names.addAll(copied.keySet());
        names.removeIf(name -> OF_THE_SOURCE.stream().anyMatch(name::startsWith));
        return names.stream().filter(name -> !isAsCopied(name, side, copied, here))
                .map(name -> name + (!here.containsKey(name) ? " is missing on the " + side : copied.containsKey(name) ? " is defined otherwise on the " + side : " is only on the " + side)).toList();
    }

    /** What was copied has its foreign keys checked later; what it was copied from had them checked before. */
    private static boolean isAsCopied(String name, Side side, Map<String, String> there, Map<String, String> here) {
        return there.containsKey(name) && here.containsKey(name) && (there.get(name).equals(here.get(name)) || (side == Side.TARGET ? ForeignKeys.isOnlyNotValid(name, there.get(name), here.get(name))
                : ForeignKeys.regardlessOfValidity(name, there.get(name)).equals(ForeignKeys.regardlessOfValidity(name, here.get(name)))));
    }

    /**
     * Compares the source's definitions with those that were copied.
     *
     * @throws Refusal naming the first objects that changed
     */
    static void requireUnchanged(Connection source, Direction direction, Map<String, String> copied) throws SQLException, Refusal {
        var now = regardlessOfValidity(catalog(source));
        var before = regardlessOfValidity(copied);
        if (now.equals(before)) {
            return;
        }
        var names = new TreeSet<>(now.keySet());
        names.addAll(before.keySet());
        names.removeIf(name -> now.containsKey(name) && now.get(name).equals(before.get(name)));
        throw new Refusal("The " + direction.read() + "'s tables were changed while they were being copied: " + names.size() + " objects, first "
                + names.stream().limit(NAMED).toList() + ". The " + direction.written() + " was not opened. " + direction.afterChangedTables());
    }

    static Map<String, String> copied(Connection target) throws SQLException {
        var objects = new HashMap<String, String>();
        Query.list(target, "SELECT object, definition FROM mastodon_migration.live_catalog", row -> objects.put(row.getString(1), row.getString(2)));
        return objects;
    }
}
