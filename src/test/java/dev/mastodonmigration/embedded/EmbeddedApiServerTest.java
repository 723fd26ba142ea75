package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EmbeddedApiServerTest {
    private static final String NAMESPACE = "mastodon";
    private final EmbeddedApiServer server = EmbeddedApiServer.start();
    private final KubernetesClient client = server.client();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void aStaleResourceVersionIsAConflict() {
        var first = client.resource(migration("a")).create();
        assertThat(first.getMetadata().getUid()).isNotBlank();
        assertThat(first.getMetadata().getCreationTimestamp()).isNotBlank();
        var edited = client.resource(first).get();
        edited.getMetadata().setLabels(Map.of("x", "1"));
        client.resource(edited).update();

        assertThatThrownBy(() -> client.resource(first).update())
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(409));
    }

    @Test
    void statusIsASubresource() {
        var created = client.resource(migration("a")).create();
        created.setStatus(new MastodonMigrationStatus());
        created.getStatus().phase = "Freeze";
        var withStatus = client.resource(created).updateStatus();
        assertThat(withStatus.getStatus().phase).isEqualTo("Freeze");
        assertThat(withStatus.getMetadata().getGeneration()).isEqualTo(created.getMetadata().getGeneration());

        var edited = client.resource(withStatus).get();
        edited.getStatus().phase = "Soak";
        edited.getMetadata().setLabels(Map.of("x", "1"));
        client.resource(edited).update();
        assertThat(client.resource(created).get().getStatus().phase).as("a plain PUT leaves status alone").isEqualTo("Freeze");
        assertThatThrownBy(() -> client.resource(withStatus).updateStatus())
                .as("status has optimistic locking too")
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(409));
    }

    @Test
    void anotherConnectionSeesChangesAndDeletions() {
        var seen = new CopyOnWriteArrayList<String>();
        try (var other = otherClient(); var watch = other.configMaps().inNamespace(NAMESPACE).watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, ConfigMap object) {
                seen.add(action + " " + object.getMetadata().getName());
            }

            @Override
            public void onClose(WatcherException cause) {
                seen.add("closed");
            }
        })) {
            var map = new ConfigMapBuilder().withNewMetadata().withName("m").withNamespace(NAMESPACE).endMetadata().build();
            client.resource(map).create();
            client.resource(new ConfigMapBuilder(map).addToData("a", "b").build()).update();
            client.resource(map).delete();
            await().untilAsserted(() -> assertThat(seen).containsExactly("ADDED m", "MODIFIED m", "DELETED m"));
        }
    }

    @Test
    void aFinalizerHoldsTheObjectAndItsDependentsGoWithIt() {
        var migration = migration("a");
        migration.getMetadata().setFinalizers(List.of("mastodonmigration.dev/cleanup"));
        var owner = client.resource(migration).create();
        var secret = client.resource(new SecretBuilder().withMetadata(ownedBy(owner, "s")).build()).create();
        var grandchild = client.resource(new ConfigMapBuilder().withMetadata(ownedBy(secret, "g")).build()).create();

        client.resource(owner).delete();
        var marked = client.resource(owner).get();
        assertThat(marked.getMetadata().getDeletionTimestamp()).endsWith("Z");
        assertThat(client.resource(secret).get()).isNotNull();

        marked.getMetadata().setFinalizers(List.of());
        client.resource(marked).update();
        assertThat(client.resource(owner).get()).isNull();
        assertThat(client.resource(secret).get()).isNull();
        assertThat(client.resource(grandchild).get()).isNull();
    }

    @Test
    void aDependentWithAnotherLivingOwnerStays() {
        var one = client.resource(migration("one")).create();
        var two = client.resource(migration("two")).create();
        var meta = ownedBy(one, "s");
        meta.getOwnerReferences().addAll(ownedBy(two, "s").getOwnerReferences());
        var secret = client.resource(new SecretBuilder().withMetadata(meta).build()).create();

        client.resource(one).delete();
        assertThat(client.resource(secret).get()).isNotNull();
        client.resource(two).delete();
        assertThat(client.resource(secret).get()).isNull();
    }

    private KubernetesClient otherClient() {
        return new KubernetesClientBuilder().withConfig(new ConfigBuilder().withMasterUrl(server.url()).build()).build();
    }

    private static MastodonMigration migration(String name) {
        return Manifest.example(Map.of("/metadata/name", name));
    }

    private static ObjectMeta ownedBy(HasMetadata owner, String name) {
        return new ObjectMetaBuilder().withName(name).withNamespace(NAMESPACE)
                .addToOwnerReferences(new OwnerReferenceBuilder().withApiVersion(owner.getApiVersion()).withKind(owner.getKind())
                        .withName(owner.getMetadata().getName()).withUid(owner.getMetadata().getUid()).build())
                .build();
    }
}
