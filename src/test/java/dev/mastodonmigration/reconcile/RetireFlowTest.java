package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Backup;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuOwnedAddOns.Owned;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.worker.control.Tasks;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The old host is deleted through Heroku's API, by an operator that is restarted before every look. */
class RetireFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();
    private final HerokuStubApp web = flow.heroku.app("example-web");
    private final HerokuStubApp other = flow.heroku.createApp("other-app");
    private final Owned postgres = web.owned().create("heroku-postgresql", "standard-0", 50, "postgres://u:p4ss@127.0.0.1:1/db").attach(web, "DATABASE");
    private final Owned redis = web.owned().create("heroku-redis", "premium-0", 15, "redis://:p4ss@127.0.0.1:2").attach(web, "REDIS");
    private final Owned theirs = other.owned().create("heroku-postgresql", "standard-0", 50, "postgres://u:p4ss@127.0.0.1:1/of_other").attach(other, "DATABASE");

    private static MastodonMigrationSpec retired() {
        return new FlowSpec().retire(new Retire(true, null, true, true, true, new Backup("last-copy", null), "0s")).spec();
    }

    private void move() {
        flow.apply(retired());
        flow.until(status -> status.downtime != null && status.downtime.targetWritableAt != null);
    }

    @Test
    void theOldHostIsBackedUpAndDeletedAndNothingElseIs() {
        other.formation("web", 1, "Basic");
        move();
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));

        assertThat(flow.jobs.ran).containsSubsequence(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThatThrownBy(() -> flow.heroku.app("example-web")).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> flow.heroku.app("example-streaming")).isInstanceOf(NoSuchElementException.class);
        assertThat(other.mutations()).isZero();
        assertThat(other.owned().names()).containsExactly(theirs.name);
        assertThat(other.formation()).isEqualTo(Map.of("web", 1));
        assertThat(flow.events()).anyMatch(event -> event.startsWith("Deleting") && event.contains(postgres.name) && event.contains("50.00 USD a month"))
                .anyMatch(event -> event.startsWith("Deleted") && event.contains(redis.name)).anyMatch(event -> event.startsWith("FinalBackup"));
        assertThat(flow.secretsOfOurs()).isEmpty();
        assertThat(flow.jobsThatAreLeft()).isEmpty();
    }

    @Test
    void anAddOnThatAnotherAppUsesKeepsEverythingUntilItIsDetached() {
        postgres.attach(other, "SHARED_DB");
        move();
        flow.until(status -> "Retire".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.status().phases.getLast().message).contains(postgres.name, "is attached to other-app as SHARED_DB", "heroku addons:detach");
        assertThat(flow.jobs.ran).doesNotContain(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThat(web.owned().names()).containsExactly(postgres.name, redis.name);
        assertThat(flow.heroku.app("example-streaming").formation()).isEqualTo(Map.of("web", 0));
    }

    @Test
    void anAppThatSomebodyMadeUnderTheOldNameIsNeverDeleted() {
        move();
        flow.heroku.destroyApp("example-streaming");
        var again = flow.heroku.createApp("example-streaming");
        flow.until(status -> "Retire".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.status().phases.getLast().message).contains("The name example-streaming belongs to another app by now", "It is not stopped");
        assertThat(flow.heroku.app("example-streaming")).isSameAs(again);
        assertThat(again.mutations()).isZero();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThat(web.owned().names()).containsExactly(postgres.name, redis.name);
    }

    @Test
    void aDeletionThatHerokuRefusesIsToldAndGoesOnOnceItIsAllowed() {
        web.refuse("DELETE addons one", 403, "forbidden", "You do not have the permission manage.");
        move();
        flow.until(status -> "Retire".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.status().phases.getLast().message).contains("may not do this", "manage");
        assertThat(flow.status().retirement.assets).anyMatch(asset -> asset.state == MastodonMigrationStatus.AssetState.Removing && asset.id.equals(redis.id));
        assertThat(web.owned().names()).containsExactly(postgres.name, redis.name);
        web.refuseNothing();
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.BACK_UP_SOURCE)).isEqualTo(1);
    }
}
