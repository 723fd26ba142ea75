package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An app's role may have any setting. */
@ExtendWith(SharedPostgres.class)
class SessionSettingsTest {
    @Test
    void whateverTheRolesAreSetToTheCopyIsProvedEqual() throws Exception {
        var world = HostileSettings.on(TwoDatabases.between(15, 15)).copied();
        var verified = world.run(new VerifyPostgres());
        assertThat(verified.outcome()).as(verified.message()).isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void aRoleThatSilencesTriggersIsTold() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var source = world.sourceServer.superuser(world.source); var target = world.targetServer.superuser(world.target)) {
            Query.run(source, "ALTER ROLE " + TwoDatabases.OWNER + " IN DATABASE " + world.source + " SET session_replication_role = replica");
            Query.run(target, "CREATE ROLE silent_" + world.target, "ALTER ROLE silent_" + world.target + " IN DATABASE " + world.target + " SET session_replication_role = replica",
                    "ALTER ROLE " + TwoDatabases.TARGET_OWNER + " IN DATABASE " + world.target + " SET session_replication_role = replica");
            var findings = PostgresPreflight.planned(false, connection -> List.of()).check(world.context());
            assertThat(findings.blockers()).hasSize(2).anySatisfy(blocker -> assertThat(blocker).contains("source", "session_replication_role = replica", "ALTER ROLE " + TwoDatabases.OWNER + " RESET session_replication_role"))
                    .anySatisfy(blocker -> assertThat(blocker).contains("target", "ALTER ROLE " + TwoDatabases.TARGET_OWNER + " RESET session_replication_role"));
            assertThat(findings.notes()).anyMatch(note -> note.startsWith("silent_" + world.target + " of the target database may write with session_replication_role"));
            Query.run(target, "ALTER ROLE silent_" + world.target + " IN DATABASE " + world.target + " RESET ALL", "ALTER ROLE " + TwoDatabases.TARGET_OWNER + " IN DATABASE " + world.target + " RESET ALL", "DROP ROLE silent_" + world.target);
        }
    }
}
