package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.deploy.WorkersPolicy;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import org.junit.jupiter.api.Test;

class WorkersPolicyTest {
    @Test
    void theChartsNetworkPolicyCoversWorkers() {
        var migration = new MastodonMigration();
        migration.setMetadata(new ObjectMetaBuilder().withName("m").withNamespace("mastodon").withUid("1").build());
        assertThat(WorkersPolicy.selects(WorkerJob.labels(migration))).isTrue();
    }
}
