package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.PGConnection;

/** Tables whose rows nothing names, so that their changes cannot be followed: they are copied whole while the instance is down, which must be told before. */
public final class KeylessTables {
    private static final long SAMPLED_BYTES = 16 << 20;
    /** Read, written, and read again on both sides to compare. */
    private static final int PASSES = 3;

    private static final String READABLE = "SELECT has_table_privilege(?, 'SELECT') AND NOT row_security_active(?)";

    private KeylessTables() {}

    /**
     * What there is to say of them.
     *
     * @param lines   one a table, with its size and the seconds that it adds to the freeze, by the rate at which a part of it was just read
     * @param seconds those of all
     */
    public record Announcement(List<String> lines, long seconds) {}

    public static Announcement announce(Connection source) throws SQLException {
        var lines = new ArrayList<String>();
        var all = 0L;
        for (var tree : Trees.read(source)) {
            if (!tree.hasKey()) {
                var bytes = tree.holders().stream().mapToLong(Tree.Member::bytes).sum();
                var seconds = seconds(source, tree, bytes);
                all += seconds;
                lines.add("table " + tree.root() + " has no usable key: a live copy copies it inside the freeze (" + (bytes >> 20) + " MiB), which adds about "
                        + seconds + " s to it; give it a primary key to avoid that");
            }
        }
        return new Announcement(lines, all);
    }

    private static long seconds(Connection source, Tree tree, long bytes) throws SQLException {
        var read = 0L;
        var begun = System.nanoTime();
        for (var member : tree.holders()) {
            if (read < SAMPLED_BYTES && !member.columns().isEmpty() && Query.isTrue(source, READABLE, member.name(), member.name())) {
                var rows = member.rows() == 0 ? 1000 : Math.max(1, SAMPLED_BYTES * member.rows() / Math.max(1, member.bytes()));
                sample(source, "COPY (SELECT " + member.list() + " FROM ONLY " + member.name() + " LIMIT " + rows + ") TO STDOUT");
                read += Math.min(member.bytes(), SAMPLED_BYTES);
            }
        }
        var took = (System.nanoTime() - begun) / 1e9;
        return Math.max(1, Math.round(PASSES * took * bytes / Math.max(1, read)));
    }

    private static void sample(Connection source, String copy) throws SQLException {
        try {
            source.unwrap(PGConnection.class).getCopyAPI().copyOut(copy, OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new SQLException("cannot read a sample", e);
        }
    }
}
