package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads from the source's catalog which tables there are, how they hang together, and what names their rows. */
final class Trees {
    private record Relation(long oid, String name, boolean partitioned, boolean unlogged, long bytes, long rows) {}

    private record Column(String name, String type, String collation, boolean notNull, boolean generated, boolean binary, boolean collated, boolean splittable) {}

    private record Unique(String index, boolean primary, List<String> columns) {}

    private static final String RELATIONS = "SELECT c.oid::bigint, format('%I.%I', n.nspname, c.relname), c.relkind = 'p', c.relpersistence = 'u', CASE c.relkind WHEN 'p' THEN 0 "
            + "ELSE pg_table_size(c.oid) END, greatest(c.reltuples, 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
            + Table.USER_TABLE + " ORDER BY 2";

    private static final String PARENTS = "SELECT i.inhrelid::bigint, i.inhparent::bigint FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            + "WHERE c.relkind IN ('r', 'p')";

    /** Arrays and composites of types that the database made carry their oids in binary form, and reg… types are oids. */
    private static final String COLUMNS = """
            SELECT a.attrelid::bigint, quote_ident(a.attname), format_type(base.oid, base.typmod), a.attnotnull, a.attgenerated <> '',
              t.oid < 16384 AND t.typname !~ '^_?reg' OR t.typtype = 'e', a.attcollation <> 0, base.oid < 16384,
              coalesce((SELECT format(' COLLATE %I.%I', n.nspname, l.collname) FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
                WHERE l.oid = a.attcollation AND l.collname <> 'default'), '')
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_class c ON c.oid = a.attrelid CROSS JOIN LATERAL (
              WITH RECURSIVE layers (oid, kind, below, typmod) AS (
                SELECT t.oid, t.typtype, t.typbasetype, CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END
                UNION ALL SELECT b.oid, b.typtype, b.typbasetype, CASE b.typtype WHEN 'd' THEN b.typtypmod ELSE layers.typmod END
                FROM layers JOIN pg_type b ON b.oid = layers.below WHERE layers.kind = 'd')
              SELECT layers.oid, layers.typmod FROM layers WHERE kind <> 'd') base
            WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') ORDER BY a.attrelid, a.attnum""";

    private static final String UNIQUES = """
            SELECT i.indrelid::bigint, c.relname, i.indisprimary, (SELECT array_agg(quote_ident(a.attname) ORDER BY p.position) FROM unnest(i.indkey) WITH ORDINALITY
              AS p(attnum, position) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum WHERE p.position <= i.indnkeyatts)::text[]
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL ORDER BY i.indisprimary DESC, i.indnkeyatts, c.relname""";

    private final Map<Long, Relation> relations = new LinkedHashMap<>();
    private final Map<Long, List<Long>> parents = new HashMap<>();
    private final Map<Long, List<Column>> columns = new HashMap<>();
    private final Map<Long, List<Unique>> uniques = new HashMap<>();

    private Trees() {}

    /** All trees of the source; those that are captured have their id. The session must be pinned. */
    static List<Tree> read(Connection source) throws SQLException {
        var ids = new HashMap<String, Integer>();
        if (Query.isTrue(source, "SELECT to_regclass('mastodon_migration.capture') IS NOT NULL")) {
            Query.list(source, "SELECT root, id FROM mastodon_migration.capture", row -> ids.put(row.getString(1), row.getInt(2)));
        }
        return discover(source).stream().map(tree -> tree.withId(ids.getOrDefault(tree.root(), 0))).toList();
    }

    private static List<Tree> discover(Connection source) throws SQLException {
        var found = new Trees();
        Query.list(source, RELATIONS, row -> found.relations.put(row.getLong(1),
                new Relation(row.getLong(1), row.getString(2), row.getBoolean(3), row.getBoolean(4), row.getLong(5), row.getLong(6))));
        Query.list(source, PARENTS, row -> found.parents.computeIfAbsent(row.getLong(1), oid -> new ArrayList<>()).add(row.getLong(2)));
        Query.list(source, COLUMNS, row -> found.columns.computeIfAbsent(row.getLong(1), oid -> new ArrayList<>()).add(new Column(row.getString(2),
                row.getString(3), row.getString(9), row.getBoolean(4), row.getBoolean(5), row.getBoolean(6), row.getBoolean(7), row.getBoolean(8))));
        Query.list(source, UNIQUES, row -> found.uniques.computeIfAbsent(row.getLong(1), oid -> new ArrayList<>())
                .add(new Unique(row.getString(2), row.getBoolean(3), Query.array(row, 4))));
        return found.trees();
    }

    private List<Tree> trees() {
        var families = new TreeMap<String, List<Relation>>();
        for (var relation : relations.values()) {
            families.computeIfAbsent(root(relation).name(), name -> new ArrayList<>()).add(relation);
        }
        return families.values().stream().map(this::tree).toList();
    }

    private Relation root(Relation relation) {
        var above = parents.getOrDefault(relation.oid(), List.of());
        return above.isEmpty() || !relations.containsKey(above.getFirst()) ? relation : root(relations.get(above.getFirst()));
    }

    private Tree tree(List<Relation> family) {
        var root = root(family.getFirst());
        var members = family.stream().filter(relation -> !relation.partitioned()).map(this::member).toList();
        if (members.isEmpty()) {
            members = List.of(member(root));
        }
        var tangled = family.stream().anyMatch(relation -> parents.getOrDefault(relation.oid(), List.of()).size() > 1);
        // A crash of either side empties an unlogged table and tells nobody, so that only a copy in the freeze is sure.
        var forgetful = family.stream().anyMatch(Relation::unlogged);
        if (!tangled && !forgetful) {
            for (var unique : uniques.getOrDefault(root.oid(), List.of())) {
                if (family.stream().allMatch(relation -> isNeverNull(relation, unique.columns()))) {
                    return new Tree(0, root.name(), root.partitioned(), key(root, unique), unique.index(), unique.primary(), members);
                }
            }
        }
        return new Tree(0, root.name(), root.partitioned(), List.of(), "", false, members);
    }

    private boolean isNeverNull(Relation relation, List<String> key) {
        var present = columns.getOrDefault(relation.oid(), List.of()).stream().filter(Column::notNull).map(Column::name).toList();
        return present.containsAll(key);
    }

    private List<Tree.Key> key(Relation root, Unique unique) {
        return unique.columns().stream().map(name -> columns.get(root.oid()).stream().filter(column -> column.name().equals(name)).findFirst().orElseThrow())
                .map(column -> new Tree.Key(column.name(), column.type(), column.collation(), column.collated(), column.splittable())).toList();
    }

    private Tree.Member member(Relation relation) {
        var own = columns.getOrDefault(relation.oid(), List.of()).stream().filter(column -> !column.generated()).toList();
        return new Tree.Member(relation.name(), own.stream().map(Column::name).toList(), own.stream().allMatch(Column::binary), relation.bytes(),
                relation.rows());
    }
}
