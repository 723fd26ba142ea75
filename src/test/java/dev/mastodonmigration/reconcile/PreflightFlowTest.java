package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.ExistingTarget;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What keeps a migration from beginning, and in which words. */
class PreflightFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    @Test
    void badInputsStallWithOneMessageThatNamesThemAllAndTheSourceUntouched() {
        flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName("target-redis").delete();
        flow.secret("target-postgres", "uri", "postgres://elsewhere");
        flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName("target-postgres").edit(secret -> {
            secret.getData().remove("url");
            return secret;
        });
        flow.heroku.app("example-web").config(Map.of("REDIS_NAMESPACE", "cache", "SELF_DESTRUCT", "yes"));
        flow.heroku.app("example-web").config("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", null);
        flow.apply(approved());
        flow.until(MigrationFlow::stalled);

        assertThat(flow.status().phases.getLast().message)
                .contains("Secret mastodon/target-redis does not exist", "Secret mastodon/target-postgres has no key \"url\"", "REDIS_NAMESPACE", "SELF_DESTRUCT", "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY");
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
    }

    @Test
    void aTokenThatHerokuRefusesStallsAndSaysWhichAppAndNeverTheToken() {
        flow.secret("heroku", "token", "wrong-token-value");
        flow.apply(approved());
        flow.until(MigrationFlow::stalled);
        assertThat(flow.status().phases.getLast().message).contains("example-web").contains("token").doesNotContain("wrong-token-value");
    }

    @Test
    void anAppThatDoesNotExistStallsAndNamesIt() {
        flow.apply(Specs.with(Specs.source("no-such-app"), Specs.target(new ExistingTarget(new SecretKeyRef("target-postgres", "url"), null))));
        flow.until(MigrationFlow::stalled);
        assertThat(flow.status().phases.getLast().message).contains("no-such-app");
    }

    @Test
    void whatTheWorkersFindInTheDatabasesIsToldTogetherWithTheRest() {
        flow.jobs.script(Tasks.PREFLIGHT, run -> WorkerReport.refused("The target database is not empty: it has 3 relations, such as public.accounts."));
        flow.heroku.app("example-web").config("SELF_DESTRUCT", "yes");
        flow.apply(approved());
        flow.until(MigrationFlow::stalled);
        assertThat(flow.status().phases.getLast().message).contains("SELF_DESTRUCT", "The target database is not empty");
        assertThat(flow.condition("Stalled")).startsWith("True");
    }

    @Test
    void theYoungerOfTwoMigrationsOfOneSourceIsRefused() {
        flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.apply("second", Specs.valid());
        flow.until("second", MigrationFlow::stalled);
        assertThat(flow.read("second").getStatus().phases.getLast().message).contains("MastodonMigration example-social already migrates Heroku app example-web");
    }
}
