package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What workers and Mastodon are given, from the first look at a spec to the last of an abort. */
@EnableKubernetesMockClient(crud = true, https = false)
class DatabaseUrlTest {
    /** Set by the extension. */
    KubernetesClient client;
    private MastodonMigration migration;
    private RdsSecret postgres;
    private ElastiCacheSecret redis;

    @BeforeEach
    void made() {
        migration = RdsWorld.migration();
        migration.setStatus(new MastodonMigrationStatus());
        postgres = new RdsSecret(client, AwsNames.of(migration));
        redis = new ElastiCacheSecret(client, AwsNames.of(migration));
        postgres.ensure();
        redis.ensure();
    }

    private void in(String phase, PhaseState state) {
        var record = new PhaseRecord();
        record.name = phase;
        record.state = state;
        migration.getStatus().phases.removeIf(known -> known.name.equals(phase));
        migration.getStatus().phases.add(record);
    }

    private String url() {
        return new DatabaseUrl(migration, postgres).read();
    }

    private void assertTooEarlyOrTooLate(String words) {
        assertThatThrownBy(this::url).isInstanceOf(NotCreatedException.class).hasMessageContainingAll("RDS instance of spec.target.postgres.rds", words);
    }

    private void assertLost() {
        assertThatThrownBy(this::url).isNotInstanceOf(NotCreatedException.class).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse())
                .hasMessageContainingAll("Secret " + postgres.name(), "Put it back from a backup", "aws rds modify-db-instance");
    }

    @Test
    void itIsTheLoginAndTheAddressOverTlsThatIsVerified() {
        postgres.located("db.example", 5433);
        redis.located("redis.example", 6380);
        var password = postgres.find().orElseThrow().get("password");
        assertThat(url()).isEqualTo("postgres://mastodon:" + password + "@db.example:5433/mastodon_production?sslmode=verify-full");
        assertThat(new DatabaseUrl(migration, redis).read()).isEqualTo("rediss://:" + redis.find().orElseThrow().get("token") + "@redis.example:6380");
    }

    @Test
    void untilProvisionHasEndedItIsTooEarlyWhateverIsMissing() {
        assertTooEarlyOrTooLate("is not ready yet");
        in("Provision", PhaseState.Running);
        assertTooEarlyOrTooLate("is not ready yet");
        postgres.release();
        assertTooEarlyOrTooLate("is not ready yet");
    }

    @Test
    void onceItWasReadyWhatIsMissingIsALoss() {
        in("Provision", PhaseState.Succeeded);
        assertLost();
        postgres.release();
        assertLost();
    }

    @Test
    void anAbortBeforeItWasReadyLooksAtNothingThoughItsAddressIsKnown() {
        postgres.located("db.example", 5432);
        in("Provision", PhaseState.Failed);
        in("UndoProvision", PhaseState.Running);
        assertTooEarlyOrTooLate("was never ready");
    }

    /** Its marker says whether it was opened. */
    @Test
    void anAbortLooksAtWhatWasReadyUntilItsAddressIsForgottenOrItsMarkerWasRead() {
        in("Provision", PhaseState.Succeeded);
        in("UndoProvision", PhaseState.Running);
        postgres.located("db.example", 5432);
        assertThat(url()).contains("@db.example:5432");
        postgres.forgetLocation();
        assertTooEarlyOrTooLate("is not ready yet");
        postgres.release();
        assertLost();
        migration.getStatus().internal.targetResetAt = "2026-11-29T12:00:00Z";
        assertTooEarlyOrTooLate("is not ready yet");
    }

    @Test
    void anAddressIsWholeOrNone() {
        postgres.located("db.example", 5432);
        postgres.located("db2.example", 5432);
        assertThat(url()).as("it moved").contains("@db2.example:5432");
    }
}
