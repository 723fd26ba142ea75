package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a real API server does to an object, and refuses. */
class ApiServerMannersTest {
    private static final String NAMESPACE = "mastodon";
    private EmbeddedApiServer server = EmbeddedApiServer.start();
    private KubernetesClient client = server.client();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void mistakesInTheResourceAreRefusedAllAtOnceWithTheirFields() {
        var careless = generic(Map.of("/spec/instance/localDomain", "UPPER"));
        careless.setAdditionalProperty("spec", with(careless, "spec", Map.of("state", "Stopped")));
        var refused = refusal(() -> client.resource(careless).create(), 422);
        assertThat(refused.getStatus().getReason()).isEqualTo("Invalid");
        assertThat(refused.getStatus().getMessage()).startsWith("MastodonMigration.mastodonmigration.dev \"example-social\" is invalid: [");
        assertThat(refused.getStatus().getDetails().getCauses()).extracting(StatusCause::getField, StatusCause::getReason)
                .containsExactlyInAnyOrder(tuple("spec.state", "FieldValueNotSupported"), tuple("spec.instance.localDomain", "FieldValueInvalid"));
    }

    @Test
    void rulesOnChangesAreAppliedToAnUpdateAndNotToACreation() {
        client.resource(Manifest.example(Map.of())).create();
        var changed = Manifest.edited(current(), Map.of("/spec/instance/localDomain", "other.example"));
        assertThat(refusal(() -> client.resource(changed).update(), 422).getMessage()).contains("instance.localDomain is immutable");
        client.resource(Manifest.edited(current(), Map.of("/spec/cutover/approved", "true"))).update();
        assertThat(current().getMetadata().getGeneration()).isEqualTo(2);
    }

    @Test
    void defaultsAreFilledInAndUnknownFieldsGoWithoutAWord() {
        var careless = generic(Map.of());
        careless.setAdditionalProperty("spec", with(careless, "spec", Map.of("colour", "blue")));
        client.resource(careless).create();
        assertThat(part("spec")).containsEntry("state", "Running").doesNotContainKey("colour");

        var status = generic("example-social");
        status.setAdditionalProperty("status", Map.of("phase", "Soak", "mood", "good"));
        client.resource(status).updateStatus();
        assertThat(part("status")).containsEntry("phase", "Soak").doesNotContainKey("mood");
        assertThat(current().getMetadata().getGeneration()).as("a status is no edit").isEqualTo(1);
    }

    @Test
    void anOlderCrdPrunesWhatItDoesNotKnow() {
        server.close();
        server = EmbeddedApiServer.startWithOlderCrd("downtime.targetWritableAt");
        client = server.client();
        var migration = client.resource(Manifest.example(Map.of())).create();
        migration.setStatus(new MastodonMigrationStatus());
        migration.getStatus().downtime = new MastodonMigrationStatus.Downtime();
        migration.getStatus().downtime.startedAt = "2026-01-01T00:00:00Z";
        migration.getStatus().downtime.targetWritableAt = "2026-01-01T00:00:05Z";
        var answered = client.resource(migration).updateStatus();
        assertThat(answered.getStatus().downtime.startedAt).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(answered.getStatus().downtime.targetWritableAt).isNull();
        assertThatThrownBy(() -> EmbeddedApiServer.startWithOlderCrd("downtime.noSuchField")).hasMessageContaining("noSuchField");
    }

    @Test
    void patchesButTheFrameworksAreRefused() {
        client.resource(Manifest.example(Map.of())).create();
        for (var type : new PatchType[] {PatchType.JSON_MERGE, PatchType.SERVER_SIDE_APPLY}) {
            var refused = refusal(() -> client.resource(Manifest.example(Map.of())).patch(PatchContext.of(type), "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}"), 415);
            assertThat(refused.getStatus().getReason()).isEqualTo("UnsupportedMediaType");
        }
        client.resource(current()).edit(migration -> {
            migration.addFinalizer("mastodonmigration.dev/cleanup");
            return migration;
        });
        assertThat(current().getFinalizers()).containsExactly("mastodonmigration.dev/cleanup");
        assertThat(current().getMetadata().getGeneration()).isEqualTo(1);
    }

    @Test
    void theTemplateOfAJobAndTheSelectorOfADeploymentAreFixed() {
        var job = client.resource(new JobBuilder().withNewMetadata().withName("copy").withNamespace(NAMESPACE).endMetadata().withNewSpec().withParallelism(1).withNewTemplate().withNewSpec()
                .addNewContainer().withName("worker").withImage("a").endContainer().endSpec().endTemplate().endSpec().build()).create();
        var another = new JobBuilder(job).editSpec().editTemplate().editSpec().editFirstContainer().withImage("b").endContainer().endSpec().endTemplate().endSpec().build();
        assertThat(refusal(() -> client.resource(another).update(), 422).getMessage()).contains("spec.template", "field is immutable");
        client.resource(new JobBuilder(job).editSpec().withParallelism(0).endSpec().build()).update();

        var deployment = new DeploymentBuilder().withNewMetadata().withName("web").withNamespace(NAMESPACE).endMetadata().withNewSpec().withNewSelector().addToMatchLabels("a", "1").endSelector()
                .withNewTemplate().withNewMetadata().addToLabels("a", "1").addToLabels("b", "1").endMetadata().withNewSpec().endSpec().endTemplate().endSpec().build();
        var created = client.resource(deployment).create();
        assertThat(refusal(() -> client.resource(new DeploymentBuilder(created).editSpec().editSelector().addToMatchLabels("b", "1").endSelector().endSpec().build()).update(), 422).getMessage())
                .contains("spec.selector");
        assertThat(refusal(() -> client.resource(new DeploymentBuilder(deployment).editMetadata().withName("other").endMetadata().editSpec().editSelector().addToMatchLabels("a", "2").endSelector().endSpec()
                .build()).create(), 422).getMessage()).contains("does not match template");
    }

    @Test
    void aKindThatAWebhookRefusesIsForbiddenWithItsWords() {
        server.refuse("jobs", "admission webhook \"policy.example\" denied the request: no");
        var job = new JobBuilder().withNewMetadata().withName("copy").withNamespace(NAMESPACE).endMetadata().build();
        assertThat(refusal(() -> client.resource(job).create(), 403).getMessage()).contains("jobs.batch \"copy\" is forbidden", "policy.example");
        server.admitAgain("jobs");
        assertThat(client.resource(job).create().getMetadata().getUid()).isNotEmpty();
    }

    @Test
    void aNamespaceThatTerminatesTakesAllAlongAndTakesNothingIn() {
        var migration = Manifest.example(Map.of());
        migration.addFinalizer("mastodonmigration.dev/cleanup");
        client.resource(migration).create();
        client.resource(map("m")).create();

        client.namespaces().withName(NAMESPACE).delete();
        assertThat(client.resource(map("m")).get()).isNull();
        assertThat(current().isMarkedForDeletion()).as("its finalizer holds it").isTrue();
        assertThat(client.namespaces().withName(NAMESPACE).get().getStatus().getPhase()).isEqualTo("Terminating");
        var refused = refusal(() -> client.resource(map("late")).create(), 403);
        assertThat(refused.getStatus().getDetails().getCauses()).extracting(StatusCause::getReason).containsExactly("NamespaceTerminating");

        var released = current();
        released.getMetadata().setFinalizers(List.of());
        client.resource(released).update();
        assertThat(client.namespaces().withName(NAMESPACE).get()).isNull();
        refusal(() -> client.resource(map("after")).create(), 404);
    }

    @Test
    void aWatchGoesOnWhereTheListEndedAndAForgottenVersionIsGone() {
        client.resource(map("first")).create();
        var version = client.configMaps().inNamespace(NAMESPACE).list().getMetadata().getResourceVersion();
        client.resource(map("second")).create();
        client.resource(map("second")).delete();
        var seen = new CopyOnWriteArrayList<String>();
        try (var ignored = watch(version, seen)) {
            await().untilAsserted(() -> assertThat(seen).containsExactly("ADDED second", "DELETED second"));
        }
        server.expireWatches();
        seen.clear();
        client.resource(map("third")).create();
        try (var ignored = watch(version, seen)) {
            await().untilAsserted(() -> assertThat(seen).containsExactly("closed true"));
        }
    }

    @Test
    void anInformerSurvivesExpiredWatches() {
        try (var informer = client.configMaps().inNamespace(NAMESPACE).inform()) {
            client.resource(map("first")).create();
            await().until(() -> informer.getStore().list().size() == 1);
            server.expireWatches();
            client.resource(map("second")).create();
            client.resource(map("first")).delete();
            await().untilAsserted(() -> assertThat(informer.getStore().list()).extracting(map -> map.getMetadata().getName()).containsExactly("second"));
        }
    }

    private Watch watch(String version, CopyOnWriteArrayList<String> seen) {
        return client.configMaps().inNamespace(NAMESPACE).watch(new ListOptionsBuilder().withResourceVersion(version).build(), new Watcher<ConfigMap>() {
            @Override
            public void eventReceived(Action action, ConfigMap map) {
                seen.add(action + " " + map.getMetadata().getName());
            }

            @Override
            public void onClose(WatcherException cause) {
                seen.add("closed " + cause.isHttpGone());
            }
        });
    }

    private static KubernetesClientException refusal(ThrowingCallable call, int code) {
        try {
            call.call();
        } catch (KubernetesClientException e) {
            assertThat(e.getCode()).as(e.getMessage()).isEqualTo(code);
            return e;
        } catch (Throwable other) {
            throw new AssertionError(other);
        }
        throw new AssertionError("nothing was refused");
    }

    private MastodonMigration current() {
        return client.resources(MastodonMigration.class).inNamespace(NAMESPACE).withName("example-social").require();
    }

    private static GenericKubernetesResource generic(Map<String, String> changes) {
        return Serialization.unmarshal(Serialization.asYaml(Manifest.example(changes)), GenericKubernetesResource.class);
    }

    private GenericKubernetesResource generic(String name) {
        return client.genericKubernetesResources("mastodonmigration.dev/v1alpha1", "MastodonMigration").inNamespace(NAMESPACE).withName(name).require();
    }

    private Map<String, Object> part(String field) {
        return generic("example-social").get(field);
    }

    private static Map<String, Object> with(GenericKubernetesResource resource, String field, Map<String, Object> more) {
        var all = new HashMap<String, Object>(resource.get(field));
        all.putAll(more);
        return all;
    }

    private static ConfigMap map(String name) {
        return new ConfigMapBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata().build();
    }
}
