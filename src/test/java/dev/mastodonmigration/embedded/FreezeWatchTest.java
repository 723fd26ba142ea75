package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class FreezeWatchTest {
    private static final Duration DYNO_STOP = Duration.ofMillis(400);

    @Test
    void itSeesWhenTheLastDynoWasGoneTheGateUpAndTheTargetWritableAndForgetsAFreezeThatWasGivenUp() throws Exception {
        try (var heroku = HerokuStub.start(); var postgres = PostgresServer.start(15)) {
            for (var database : new String[] {"source", "target"}) {
                postgres.createDatabase(database, database);
                run(postgres, database, "CREATE TABLE t (id int)", "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''closed''; END'");
            }
            gate(postgres, "target");
            heroku.createApp(World.WEB_APP).formation("web", 2, "standard-2x");
            heroku.createApp(World.STREAMING_APP);
            heroku.delays(Duration.ZERO, DYNO_STOP);
            try (var watch = FreezeWatch.start(heroku, () -> postgres.superuser("source"), () -> postgres.superuser("target"))) {
                var web = heroku.app(World.WEB_APP);
                web.maintenance(true);
                await().pollDelay(Duration.ofMillis(200)).until(() -> watch.seen().isEmpty());
                web.maintenance(false);
                await().pollDelay(Duration.ofMillis(200)).until(() -> watch.seen().isEmpty());

                var again = Instant.now();
                web.maintenance(true);
                web.formation("web", 0, "standard-2x");
                gate(postgres, "source");
                await().until(() -> web.dynos().isEmpty());
                assertThat(watch.seen()).as("the target takes no writes yet").isEmpty();
                await().pollDelay(Duration.ofMillis(300)).until(() -> true);
                run(postgres, "target", "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
                await().until(() -> watch.seen().isPresent());

                var seen = watch.seen().orElseThrow();
                assertThat(seen.freeze()).as("of the second, not of the one that was given up").isLessThanOrEqualTo(Duration.between(again, Instant.now()));
                assertThat(seen.longestDynoStop()).isBetween(DYNO_STOP.minusMillis(100), DYNO_STOP.plusSeconds(5));
                assertThat(seen.stoppedToWritable()).isGreaterThanOrEqualTo(Duration.ofMillis(250));
                assertThat(seen.freeze()).isGreaterThanOrEqualTo(seen.stoppedToWritable().plus(seen.longestDynoStop()).minusMillis(100)).isLessThan(Duration.ofSeconds(20));
            }
        }
    }

    private static void gate(PostgresServer postgres, String database) throws SQLException {
        run(postgres, database, "CREATE TRIGGER mastodon_migration_gate BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION refuse()");
    }

    private static void run(PostgresServer postgres, String database, String... statements) throws SQLException {
        try (var connection = postgres.superuser(database); var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
