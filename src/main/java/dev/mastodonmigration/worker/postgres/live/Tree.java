package dev.mastodonmigration.worker.postgres.live;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table with its partitions or heirs, which share one log of changes, because a statement on the parent fires the parent's triggers only.
 *
 * @param id          names its log; 0 for a tree without a key, which has none
 * @param root        qualified and quoted as SQL wants it, like all names here
 * @param partitioned rows are addressed through the root, wherever they lie
 * @param key         columns that name a row in every member; empty when there are none, and it is copied in the freeze
 * @param keyIndex    name of the root's index over them
 * @param primary     the key is the primary key, whose values may be shown; another unique key may be a token
 * @param members     tables that hold rows
 */
record Tree(int id, String root, boolean partitioned, List<Key> key, String keyIndex, boolean primary, List<Member> members) {
    /**
     * One of the columns that name a row.
     *
     * @param type       below a domain what it is made of: a log also has rows without a key, which a domain may refuse
     * @param collation  as a clause of a column's definition; empty for the database's own
     * @param splittable built in, so that its order is the same on both servers once collated "C"
     */
    record Key(String column, String type, String collation, boolean collated, boolean splittable) {
        String literal(String text) {
            return "'" + text.replace("'", "''") + "'::" + type;
        }
    }

    /**
     * A table that holds rows.
     *
     * @param columns without generated ones
     * @param binary  all types have the same binary form in every database; others carry oids
     * @param bytes   heap and TOAST
     */
    record Member(String name, List<String> columns, boolean binary, long bytes, long rows) {
        String list() {
            return String.join(", ", columns);
        }

        /** Independent of the order in which columns were added. */
        String hash(String alias) {
            return "md5(ROW(" + columns.stream().sorted().map(column -> alias + "." + column).collect(Collectors.joining(", ")) + ")::text)";
        }

        String format() {
            return binary ? "(FORMAT binary)" : "";
        }
    }

    /** Members in which rows can be: a partitioned table without partitions is listed for its columns, and holds none. */
    List<Member> holders() {
        return members.stream().filter(member -> !partitioned || !member.name().equals(root)).toList();
    }

    boolean hasKey() {
        return !key.isEmpty();
    }

    String log() {
        return "mastodon_migration.log_" + id;
    }

    String touched() {
        return "mastodon_migration.touched_" + id;
    }

    Tree withId(int newId) {
        return new Tree(newId, root, partitioned, key, keyIndex, primary, members);
    }

    /** Where a round reads and writes rows by key: a partitioned tree as one table, heirs each by itself. */
    List<Member> stores() {
        if (!partitioned) {
            return members;
        }
        var any = members.getFirst();
        return List.of(new Member(root, any.columns(), any.binary(), members.stream().mapToLong(Member::bytes).sum(),
                members.stream().mapToLong(Member::rows).sum()));
    }

    String from(Member store) {
        return partitioned && store.name().equals(root) ? root : "ONLY " + store.name();
    }

    /** {@code k1, k2}: the names that key columns have in our own tables. */
    String logColumns() {
        return IntStream.rangeClosed(1, key.size()).mapToObj(i -> "k" + i).collect(Collectors.joining(", "));
    }

    String logColumnsWithTypes() {
        return IntStream.rangeClosed(1, key.size()).mapToObj(i -> "k" + i + " " + key.get(i - 1).type()
                + key.get(i - 1).collation()).collect(Collectors.joining(", "));
    }

    String keyColumns() {
        return key.stream().map(Key::column).collect(Collectors.joining(", "));
    }

    /** {@code t.id = d.k1 AND …} */
    String matches(String row, String logged) {
        return IntStream.rangeClosed(1, key.size()).mapToObj(i -> row + "." + key.get(i - 1).column() + " = " + logged + ".k" + i)
                .collect(Collectors.joining(" AND "));
    }

    /** Keys given as one text array a column. */
    String unnested() {
        var arrays = IntStream.rangeClosed(1, key.size()).mapToObj(i -> "?::text[]").collect(Collectors.joining(", "));
        var casts = IntStream.rangeClosed(1, key.size()).mapToObj(i -> "c" + i + "::" + key.get(i - 1).type() + " AS k" + i)
                .collect(Collectors.joining(", "));
        var names = IntStream.rangeClosed(1, key.size()).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
        return "(SELECT " + casts + " FROM unnest(" + arrays + ") AS given(" + names + "))";
    }

    /** Changes that a reading at this position had not seen. Whether the current snapshot sees them is the table's own visibility. */
    static String since(String position) {
        return "NOT pg_visible_in_snapshot(xid, '" + position + "'::pg_snapshot)";
    }

    String keysSince(String position) {
        return "SELECT DISTINCT " + logColumns() + " FROM " + log() + " WHERE op = 'k' AND " + since(position);
    }
}
