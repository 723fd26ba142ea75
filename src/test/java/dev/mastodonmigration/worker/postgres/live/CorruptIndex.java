package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.SQLException;

/** Makes a unique index of the source blind to rows, as a change of the server's collation does: it is valid, and they are in the table. */
public final class CorruptIndex {
    private CorruptIndex() {}

    /** Writes while the index is not kept up, as only a superuser can bring about. */
    public static void hide(TwoDatabases world, String index, String... writes) throws SQLException {
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "UPDATE pg_index SET indisready = false WHERE indexrelid = '" + index + "'::regclass");
            Query.run(superuser, writes);
            Query.run(superuser, "UPDATE pg_index SET indisready = true WHERE indexrelid = '" + index + "'::regclass");
        }
    }
}
