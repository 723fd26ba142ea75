package dev.mastodonmigration.election;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.EmbeddedApiServer;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LeaderGuardTest {
    private static final ConfigMap OBJECT = new ConfigMapBuilder().withNewMetadata().withName("x").withNamespace("mastodon").endMetadata().build();
    private final EmbeddedApiServer server = EmbeddedApiServer.start();
    private final Config config = new ConfigBuilder(Config.empty()).withMasterUrl(server.url()).withNamespace("mastodon").build();
    private final Leadership leadership = new Leadership(config, Optional.of("one"));
    private final KubernetesClient guarded = new LeaderGuard.GuardedClient().guarded(config, new KubernetesSerialization(), leadership);

    @AfterEach
    void close() {
        guarded.close();
        leadership.close();
        server.close();
    }

    @Test
    void whoeverMayNotActReadsButWritesNothing() {
        assertRefused();
        assertThat(guarded.configMaps().inNamespace("mastodon").list().getItems()).isEmpty();
        assertThat(server.client().configMaps().inNamespace("mastodon").list().getItems()).isEmpty();
    }

    @Test
    void whoeverHoldsTheLeaseWritesUntilItLetsItGo() throws InterruptedException {
        var acts = new CountDownLatch(1);
        leadership.await(acts::countDown);
        acts.await();
        assertThat(leadership.mayAct()).isTrue();
        guarded.resource(OBJECT).create();
        var lease = server.client().leases().inNamespace("mastodon").withName("mastodon-migration-operator").get();
        assertThat(lease.getSpec().getHolderIdentity()).isEqualTo("one");
        assertThat(lease.getSpec().getLeaseDurationSeconds()).isEqualTo(5);
        assertThat(lease.getSpec().getAcquireTime()).isNotNull();

        leadership.letGo();
        assertThat(server.client().resource(lease).get().getSpec().getHolderIdentity()).isNull();
        assertRefused();
    }

    @Test
    void anotherThatWaitsFollowsAtOnceAndCountsTheChange() {
        leadership.await(() -> {});
        Awaitility.await().until(leadership::mayAct);
        var other = new Leadership(config, Optional.of("other"));
        try {
            other.await(() -> {});
            Awaitility.await("waits").until(other::waits);
            assertThat(other.mayAct()).isFalse();
            leadership.letGo();
            Awaitility.await("follows").atMost(Duration.ofSeconds(3)).until(other::mayAct);
            assertThat(server.client().leases().inNamespace("mastodon").withName("mastodon-migration-operator").get().getSpec().getLeaseTransitions()).isEqualTo(1);
        } finally {
            other.letGo();
            other.close();
        }
    }

    private void assertRefused() {
        assertThatThrownBy(() -> guarded.resource(OBJECT).create()).isInstanceOf(KubernetesClientException.class).hasMessageContaining("this operator does not hold its Lease");
        assertThatThrownBy(() -> guarded.resource(OBJECT).delete()).isInstanceOf(KubernetesClientException.class).hasMessageContaining("this operator does not hold its Lease");
    }
}
