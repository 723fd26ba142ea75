package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.World;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Users come over HTTP and by DNS, through two pods of the edge, to an instance whose Sidekiq has a Redis of its own. */
class EdgeMigrationIT {
    /** Longer than an operator needs to start anew here, so that no request is given up. */
    private static final String HOLD = "60s";
    /** Longer than a pod needs to be replaced. */
    private static final String SOAK = "60s";

    @Test
    void noRequestFailsWhilePodsOfTheEdgeAreReplacedInEveryStateAndTheOperatorIsKilledWithUsersWaiting() throws Exception {
        try (var world = World.start(World.Options.SMALL.withScale(1000, 2000).withRedisOfSidekiq().behindAnEdge())) {
            var changes = new TreeMap<>(EndToEnd.LIVE);
            changes.putAll(Map.of("/spec/edge/hold", HOLD, "/spec/cutover/approved", "false", "/spec/soak/duration", SOAK));
            EndToEnd.applyUnattended(world, changes);
            EndToEnd.await(world, "DNS is asked for", status -> status.findings.stream().anyMatch(finding -> finding.id.startsWith("traffic-")));
            world.pointDnsAtTheEdge();
            EndToEnd.await(world, "the gate", status -> PhaseId.AwaitCutover.name().equals(status.phase));
            replaceAPod(world);

            world.edit(Map.of("/spec/cutover/approved", "true"));
            EndToEnd.await(world, "requests wait", status -> state(world).contains("HOLD"));
            world.jobRunner().evict(aPod(world));
            world.operator().restart();
            EndToEnd.await(world, "the target serves", status -> PhaseId.Soak.name().equals(status.phase));
            replaceAPod(world);
            assertThat(world.status().phase).as("where a pod was replaced").isEqualTo(PhaseId.Soak.name());
            EndToEnd.awaitCompleted(world);
            // Asked at the end: in the freeze, anybody's session with the source's Redis is one of the instance's that has not ended.
            try (var feeds = world.sourceRedis().connect(); var target = world.targetRedis().connect()) {
                assertThat(feeds.exists("schedule", "queues", "processes")).as("Sidekiq's keys in the main Redis").isZero();
                assertThat(target.exists("schedule", "dead", "queues")).as("Sidekiq's keys in the only one of the target").isEqualTo(3);
            }
            assertThat(world.status().verification.redis.differences).isZero();
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
            assertThat(world.users().failures()).as(world.describe()).isEmpty();
            assertThat(world.users().measured().refused()).isZero();
            assertThat(edgePods(world)).isEmpty();
            assertThat(world.client().services().inNamespace(World.NAMESPACE).list().getItems()).extracting(HasMetadata::getMetadata).extracting("name")
                    .containsExactlyInAnyOrder("example-social-web", "example-social-streaming", "example-social-front-web", "example-social-front-streaming");
        }
    }

    private static void replaceAPod(World world) {
        var replaced = aPod(world);
        world.jobRunner().evict(replaced);
        EndToEnd.await(world, "another pod", status -> edgePods(world).filter(pod -> !pod.getMetadata().getName().equals(replaced)).filter(EdgeMigrationIT::isReady).count() == 2);
    }

    /** One to which users are sent. */
    private static String aPod(World world) {
        return edgePods(world).filter(EdgeMigrationIT::isReady).filter(pod -> pod.getMetadata().getDeletionTimestamp() == null).findFirst().orElseThrow().getMetadata().getName();
    }

    /** What the operator has written down for the edge's pods. */
    private static String state(World world) {
        var secret = world.client().secrets().inNamespace(World.NAMESPACE).withName("example-social-edge-state").get();
        return new String(Base64.getDecoder().decode(secret.getData().get("state")), StandardCharsets.UTF_8);
    }

    private static Stream<Pod> edgePods(World world) {
        return world.client().pods().inNamespace(World.NAMESPACE).list().getItems().stream().filter(pod -> "edge".equals(pod.getMetadata().getLabels().get("app.kubernetes.io/component")));
    }

    private static boolean isReady(Pod pod) {
        return pod.getStatus().getConditions().stream().anyMatch(condition -> condition.getType().equals("Ready") && condition.getStatus().equals("True"));
    }
}
