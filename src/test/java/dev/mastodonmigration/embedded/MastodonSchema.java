package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;

/** Makes a database that looks like a Mastodon instance's on Heroku, so that copying meets what it meets there. */
public final class MastodonSchema {
    private MastodonSchema() {}

    /**
     * Creates the schema in an empty database.
     *
     * @param owner     a connection of the database's owner, who owns every table
     * @param superuser a connection of the provider, who put extensions and a forbidden schema there first
     */
    public static void create(Connection owner, Connection superuser) throws SQLException {
        run(superuser, "superuser.sql", 0, 0);
        run(owner, "schema.sql", 0, 0);
    }

    /**
     * Fills every table.
     *
     * @param statuses number of posts; the other tables follow
     * @param seed     the same seed gives the same texts
     */
    public static void seed(Connection owner, int statuses, long seed) throws SQLException {
        run(owner, "seed.sql", statuses, seed);
    }

    private static void run(Connection connection, String file, int statuses, long seed) throws SQLException {
        try (var in = MastodonSchema.class.getResourceAsStream("/mastodon/" + file); var statement = connection.createStatement()) {
            var script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            statement.execute(script.replace(":statuses", String.valueOf(statuses)).replace(":seed", "'" + seed + "'"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
