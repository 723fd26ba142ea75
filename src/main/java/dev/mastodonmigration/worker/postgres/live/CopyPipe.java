package dev.mastodonmigration.worker.postgres.live;

import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;

/** Streams the rows of one COPY into another, a row in memory at a time, whatever the table's size. */
final class CopyPipe {
    private static final int CHUNK_BYTES = 1 << 16;

    private CopyPipe() {}

    /** Answers how many rows arrived. */
    static long rows(Connection from, String copyOut, Connection to, String copyIn) throws SQLException {
        CopyOut out = from.unwrap(PGConnection.class).getCopyAPI().copyOut(copyOut);
        try {
            CopyIn in = to.unwrap(PGConnection.class).getCopyAPI().copyIn(copyIn);
            try {
                pump(out, in);
                return in.endCopy();
            } finally {
                if (in.isActive()) {
                    in.cancelCopy();
                }
            }
        } finally {
            while (out.isActive() && out.readFromCopy() != null) {
                // Not cancelled: the reading goes on after it, and what is left unread would be taken for the next answer.
            }
        }
    }

    private static void pump(CopyOut out, CopyIn in) throws SQLException {
        var chunk = new byte[CHUNK_BYTES];
        var filled = 0;
        for (var row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
            if (filled + row.length > CHUNK_BYTES && filled > 0) {
                in.writeToCopy(chunk, 0, filled);
                filled = 0;
            }
            if (row.length > CHUNK_BYTES) {
                in.writeToCopy(row, 0, row.length);
            } else {
                System.arraycopy(row, 0, chunk, filled, row.length);
                filled += row.length;
            }
        }
        if (filled > 0) {
            in.writeToCopy(chunk, 0, filled);
        }
    }
}
