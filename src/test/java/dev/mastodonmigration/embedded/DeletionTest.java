package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes with an object that is deleted, in which order, and what holds it. */
class DeletionTest {
    private static final String NAMESPACE = "mastodon";
    private static final String FINALIZER = "mastodonmigration.dev/cleanup";
    private final EmbeddedApiServer server = EmbeddedApiServer.start();
    private final KubernetesClient client = server.client();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void inTheForegroundDependentsGoFirstAlsoWhileAnotherFinalizerHoldsTheirOwner() {
        var owner = client.resource(held("owner")).create();
        var dependent = client.resource(ownedBy(owner, "dependent")).create();

        foreground(owner);
        assertThat(client.resource(dependent).get()).as("gone before its owner").isNull();
        assertThat(client.resource(owner).get().getFinalizers()).as("the finalizer of others holds it").containsExactly(FINALIZER);

        release(owner);
        assertThat(client.resource(owner).get()).isNull();
    }

    @Test
    void aHeldDependentHoldsItsOwnerAndANewOneIsCollectedAtOnce() {
        var owner = client.resource(map("owner").build()).create();
        var slow = client.resource(new ConfigMapBuilder(ownedBy(owner, "slow")).editMetadata().withFinalizers(FINALIZER).endMetadata().build()).create();

        foreground(owner);
        assertThat(client.resource(owner).get().getFinalizers()).containsExactly("foregroundDeletion");
        assertThat(client.resource(slow).get().isMarkedForDeletion()).isTrue();
        var late = client.resource(ownedBy(owner, "late")).create();
        assertThat(client.resource(late).get()).isNull();

        release(slow);
        assertThat(client.resource(owner).get()).isNull();
    }

    @Test
    void inTheForegroundGrandchildrenGoBeforeChildren() {
        var owner = client.resource(map("owner").build()).create();
        var child = client.resource(ownedBy(owner, "child")).create();
        var grandchild = client.resource(new ConfigMapBuilder(ownedBy(child, "grandchild")).editMetadata().withFinalizers(FINALIZER).endMetadata().build()).create();

        foreground(owner);
        assertThat(client.resource(child).get().isMarkedForDeletion()).isTrue();
        release(grandchild);
        assertThat(List.of(owner, child, grandchild)).allMatch(object -> client.resource(object).get() == null);
    }

    @Test
    void whatBelongsToAnObjectThatIsGoneIsCollectedButOrphansStay() {
        var owner = client.resource(map("owner").build()).create();
        var orphan = client.resource(ownedBy(owner, "orphan")).create();
        client.resource(owner).withPropagationPolicy(DeletionPropagation.ORPHAN).delete();
        assertThat(client.resource(orphan).get().getMetadata().getOwnerReferences()).isEmpty();
        assertThat(client.resource(client.resource(ownedBy(owner, "late")).create()).get()).isNull();
    }

    @Test
    void aPodOnANodeGoesWhenTheNodeSaysSo() {
        var pod = client.resource(pod("on-a-node", "node-1")).create();
        client.resource(pod).delete();
        assertThat(client.resource(pod).get().isMarkedForDeletion()).isTrue();
        client.resource(pod).withGracePeriod(0).delete();
        assertThat(client.resource(pod).get()).isNull();

        var waiting = client.resource(pod("waits", null)).create();
        client.resource(waiting).delete();
        assertThat(client.resource(waiting).get()).as("no node has begun it").isNull();
    }

    private void foreground(HasMetadata object) {
        client.resource(object).withPropagationPolicy(DeletionPropagation.FOREGROUND).delete();
    }

    private void release(ConfigMap object) {
        var current = client.resource(object).get();
        current.getMetadata().setFinalizers(current.getFinalizers().stream().filter(finalizer -> !finalizer.equals(FINALIZER)).toList());
        client.resource(current).update();
    }

    private static ConfigMapBuilder map(String name) {
        return new ConfigMapBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata();
    }

    private static ConfigMap held(String name) {
        return map(name).editMetadata().withFinalizers(FINALIZER).endMetadata().build();
    }

    private static ConfigMap ownedBy(HasMetadata owner, String name) {
        return map(name).editMetadata().addNewOwnerReference().withApiVersion("v1").withKind(owner.getKind()).withName(owner.getMetadata().getName()).withUid(owner.getMetadata().getUid())
                .withController(true).withBlockOwnerDeletion(true).endOwnerReference().endMetadata().build();
    }

    private static Pod pod(String name, String node) {
        return new PodBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata().withNewSpec().withNodeName(node).addNewContainer().withName("c").withImage("i").endContainer().endSpec().build();
    }
}
