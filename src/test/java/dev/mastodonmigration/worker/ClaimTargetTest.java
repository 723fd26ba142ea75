package dev.mastodonmigration.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The first task that a target meets which the operator has created: what Preflight could not look at is looked at now. */
@ExtendWith(SharedPostgres.class)
class ClaimTargetTest {
    private static final String REACH = "Its security group lets in TCP 5432 from sg-nodes alone. Add yours.";
    private TwoDatabases world;

    @BeforeEach
    void databases() throws SQLException {
        world = TwoDatabases.between(15, 15);
    }

    @Test
    void whatTheNewDatabaseCannotHoldStopsItAndNothingIsClaimed() throws Exception {
        try (var superuser = world.sourceServer.superuser(world.source); var statement = superuser.createStatement()) {
            statement.execute("CREATE EXTENSION pageinspect SCHEMA heroku_ext");
        }
        world.onSource("CREATE VIEW pages AS SELECT heroku_ext.get_raw_page('tags', 0) AS page");
        try (var superuser = world.targetServer.superuser(world.target); var statement = superuser.createStatement()) {
            statement.execute("ALTER DATABASE " + world.target + " SET session_replication_role = replica");
        }
        var refused = claim();
        assertThat(refused.outcome()).isEqualTo(WorkerReport.Outcome.REFUSED);
        assertThat(refused.message()).contains("Only a superuser may create extension pageinspect", "session_replication_role = replica");
        assertThat(marked()).isFalse();

        world.onSource("DROP VIEW pages");
        try (var superuser = world.targetServer.superuser(world.target); var statement = superuser.createStatement()) {
            statement.execute("ALTER DATABASE " + world.target + " RESET session_replication_role");
        }
        assertThat(claim()).satisfies(claimed -> assertThat(claimed.message()).contains("now marked as"));
        assertThat(marked()).isTrue();
        assertThat(claim().outcome()).as("run again").isEqualTo(WorkerReport.Outcome.SUCCEEDED);
    }

    @Test
    void aTargetOfTheOperatorsMakingThatCannotBeReachedNamesTheRuleAndTheAddressToLetIn() {
        world.secret(WorkerContext.TARGET_POSTGRES_URL, "postgres://mastodon:geheim@127.0.0.1:1/mastodon_production?sslmode=verify-full").secret(WorkerContext.TARGET_POSTGRES_REACH, REACH);
        assertThat(claim()).satisfies(refused -> {
            assertThat(refused.outcome()).isEqualTo(WorkerReport.Outcome.REFUSED);
            assertThat(refused.message()).contains("The target database at 127.0.0.1:1 cannot be reached from this worker, whose address is 127.0.0.1 (", REACH).doesNotContain("geheim", "target-postgres-url");
        });
    }

    @Test
    void aPasswordThatSomebodyChangedIsNotLookedForInASecretOfTheAdmins() {
        world.secret(WorkerContext.TARGET_POSTGRES_URL, "postgres://mastodon:geheim@127.0.0.1:" + world.targetServer.port() + "/mastodon_production").secret(WorkerContext.TARGET_POSTGRES_REACH, REACH);
        assertThat(claim().message()).contains("refuses user \"mastodon\"", "The operator made it").doesNotContain("geheim", REACH);
    }

    private WorkerReport claim() {
        return Worker.attempt(TaskRegistry.all(Map.of()).get(Tasks.CLAIM_TARGET), world.context());
    }

    private boolean marked() throws Exception {
        try (var target = world.target()) {
            return Marker.read(target).isPresent();
        }
    }
}
