package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresServerTest {
    @ParameterizedTest
    @ValueSource(ints = {14, 15, 17, 18})
    void everyMajorVersionHoldsAMastodonShapedDatabase(int major) throws SQLException {
        try (var server = PostgresServer.start(major)) {
            server.createDatabase("mastodon", "app");
            try (var owner = server.connect("mastodon", "app"); var superuser = server.superuser("mastodon")) {
                assertThat(owner.getMetaData().getDatabaseMajorVersion()).isEqualTo(major);
                MastodonSchema.create(owner, superuser);
                MastodonSchema.seed(owner, 500, 42);
                assertThat(count(owner, "statuses")).isEqualTo(500);
                assertThat(count(owner, "global_follow_recommendations")).isPositive();
                assertThat(count(owner, "user_ips")).isPositive();
            }
        }
    }

    @Test
    void comesBackOnTheSamePortWithItsRowsAfterAStopAndAfterACrash() throws SQLException {
        try (var server = PostgresServer.start(15, PostgresServer.Durability.FSYNC)) {
            server.createDatabase("d", "app");
            var port = server.port();
            execute(server, "CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)");
            server.stop();
            server.restart();
            execute(server, "INSERT INTO t VALUES (2)");
            server.kill();
            server.restart();
            assertThat(server.port()).isEqualTo(port);
            try (var connection = server.connect("d", "app")) {
                assertThat(count(connection, "t")).isEqualTo(2);
            }
        }
    }

    private static void execute(PostgresServer server, String... statements) throws SQLException {
        try (var connection = server.connect("d", "app"); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static long count(Connection connection, String table) throws SQLException {
        try (var statement = connection.createStatement(); var rows = statement.executeQuery("SELECT count(*) FROM " + table)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
