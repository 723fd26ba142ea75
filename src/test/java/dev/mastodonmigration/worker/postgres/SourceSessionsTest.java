package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who else is on the source's database, as far as a session says of itself. */
@ExtendWith(SharedPostgres.class)
class SourceSessionsTest {
    private final List<Connection> open = new ArrayList<>();

    private Connection named(Connection session, String name) throws SQLException {
        open.add(session);
        Query.run(session, "SET application_name = '" + name + "'", "SELECT 'a post that nobody else may read'");
        return session;
    }

    @AfterEach
    void close() throws SQLException {
        for (var session : open) {
            session.close();
        }
    }

    @Test
    void aSessionIsNamedWithItsAddressAndWhatItDoesAndNeverWithItsQuery() throws Exception {
        var world = TwoDatabases.between(15, 15);
        assertThat(world.run(new SourceSessions()).message()).isEqualTo("No session of another is left on the source's database.");
        named(world.source(), "psql");
        assertThat(world.run(new SourceSessions()).message()).matches("A session of another is still on the source's database: psql from 127\\.0\\.0\\.1, idle for \\d+ s\\.");
        var dump = named(world.source(), "pg_dump");
        dump.setAutoCommit(false);
        Query.run(dump, "SELECT 'another post'");
        assertThat(world.run(new SourceSessions()).message()).contains("2 sessions of others", "pg_dump from 127.0.0.1, idle in transaction for 0 s").doesNotContain("post that", "another post");
    }

    @Test
    void threeAreNamedAndTheOthersAreCounted() throws Exception {
        var world = TwoDatabases.between(15, 15);
        for (var name : List.of("", "sidekiq", "puma", "psql", "pg_dump")) {
            named(world.source(), name);
        }
        var report = world.run(new SourceSessions());
        assertThat(report.figures()).containsEntry(Figure.CLIENTS, 5L);
        assertThat(report.message()).startsWith("5 sessions of others are still on the source's database: one without a name from 127.0.0.1, idle for ").contains("; sidekiq from ", "; puma from ").endsWith("; and 2 others.")
                .doesNotContain("psql");
    }

    @Test
    void oneThatThisUserMayNotLookIntoCountsAndTheServersOwnersDoNot() throws Exception {
        var world = TwoDatabases.between(15, 15);
        named(world.sourceServer.superuser(world.source), "metrics of the platform");
        assertThat(world.run(new SourceSessions()).message()).startsWith("No session of another");
        var limited = "limited_on_" + world.source;
        world.sourceServer.createDatabase("of_" + limited, limited);
        try (var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "REVOKE pg_monitor, pg_read_all_stats FROM " + limited);
        }
        world.secret(WorkerContext.SOURCE_POSTGRES_URL, world.sourceServer.url(world.source, limited));
        named(world.source(), "");
        assertThat(world.run(new SourceSessions()).message()).isEqualTo("A session of another is still on the source's database: one that this user may not look into.");
        assertThat(world.run(new ProgramsOnPostgres()).notes()).isEmpty();
        named(world.source(), "exporter");
        assertThat(world.run(new SourceSessions()).message()).startsWith("2 sessions of others are still on the source's database: ").contains("one that this user may not look into", "exporter").doesNotContain("exporter from", "idle");
        assertThat(world.run(new ProgramsOnPostgres()).notes()).containsExactly("exporter is connected to the source's Postgres");
    }

    @Test
    void aPasswordInANameIsStruck() throws Exception {
        var world = TwoDatabases.between(15, 15);
        named(world.source(), "report postgres://u:hunter2@h/d");
        assertThat(world.run(new SourceSessions()).message()).contains("report postgres://u:…@h/d").doesNotContain("hunter2");
    }

    @Test
    void programsAreThoseThatAreNoneOfMastodonsByTheirNames() throws Exception {
        var world = TwoDatabases.between(15, 15);
        for (var name : List.of("", "puma: cluster worker 0: 22 [app]", "bin/rails", "/app/vendor/bundle/ruby/3.4.0/bin/sidekiq", "tootctl", "mastodon-migration copy-postgres")) {
            named(world.source(), name);
        }
        assertThat(world.run(new ProgramsOnPostgres()).notes()).isEmpty();
        named(world.source(), "psql");
        named(world.source(), "psql");
        named(world.source(), "postgres_exporter");
        assertThat(world.run(new ProgramsOnPostgres()).notes()).containsExactly("postgres_exporter is connected to the source's Postgres (from 127.0.0.1)", "psql is connected to the source's Postgres (from 127.0.0.1)");
    }
}
