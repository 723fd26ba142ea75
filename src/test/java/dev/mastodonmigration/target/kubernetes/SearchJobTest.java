package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.PodSecurity;
import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.target.Compute;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The Job that fills the search index. */
@EnableKubernetesMockClient(crud = true, https = false)
class SearchJobTest {
    private static final String NAMESPACE = "mastodon";
    private static final String COMPUTE = "web: {replicas: 2}";
    /** Set by the extension. */
    KubernetesClient client;

    private Compute compute(String more) {
        return new KubernetesComputes(client).of(Example.migration(COMPUTE, COMPUTE + more));
    }

    private List<Job> made() {
        return client.batch().v1().jobs().inNamespace(NAMESPACE).list().getItems();
    }

    private void report(String condition) {
        var job = made().getFirst();
        client.resource(new JobBuilder(job).withNewStatus().addNewCondition().withType(condition).withStatus("True").endCondition().endStatus().build()).update();
    }

    @Test
    void itIsMadeOnceWithTheInstancesImageAndTheAdminsTemplateUnderRestrictedPodSecurity() {
        var compute = compute("\n        searchDeploy: true\n        podTemplate: {nodeSelector: {disk: ssd}}");
        compute.ensure(Example.environment("ES_ENABLED", "true", "ES_HOST", "es.example.net"));
        compute.startSidekiq();
        assertThat(made()).as("before it is asked for").isEmpty();
        compute.startSearch();
        compute.startSearch();
        var job = made().getFirst();
        assertThat(made()).hasSize(1);
        assertThat(job.getMetadata().getName()).isEqualTo("example-social-search");
        assertThat(job.getMetadata().getLabels()).containsEntry(WorkloadNames.UID_LABEL, "11111111-2222-3333-4444-555555555555");
        var pod = job.getSpec().getTemplate().getSpec();
        assertThat(pod.getContainers().getFirst().getCommand()).containsExactly("tootctl", "search", "deploy");
        assertThat(pod.getContainers().getFirst().getImage()).isEqualTo(Example.migration().getSpec().instance().image());
        assertThat(pod.getNodeSelector()).containsEntry("disk", "ssd");
        assertThat(pod.getRestartPolicy()).isEqualTo("Never");
        assertThat(job.getSpec().getBackoffLimit()).isEqualTo(3);
        assertThat(PodSecurity.violations(pod)).isEmpty();
        assertThat(compute.search()).isEqualTo(Building.WAITING);
        report("Failed");
        compute.removeSearch();
        assertThat(compute.search()).as("its log is still to be read").isEqualTo(Building.FAILED);
        report("Complete");
        compute.removeSearch();
        assertThat(made()).isEmpty();
        assertThat(compute.search()).isEqualTo(Building.GONE);
    }

    @Test
    void whoHasNoIndexOrDoesNotAskForItGetsNone() {
        var without = compute("\n        searchDeploy: true");
        without.ensure(Example.environment("ES_ENABLED", "false"));
        without.startSearch();
        var unasked = compute("");
        unasked.ensure(Example.environment("ES_ENABLED", "true"));
        unasked.startSearch();
        assertThat(made()).isEmpty();
    }

    @Test
    void whatIsNotOursIsNeitherTakenForItNorTouched() {
        client.resource(new JobBuilder().withNewMetadata().withNamespace(NAMESPACE).withName("example-social-search").endMetadata().build()).create();
        var compute = compute("\n        searchDeploy: true");
        compute.ensure(Example.environment("ES_ENABLED", "true"));
        assertThatThrownBy(compute::startSearch).isInstanceOf(ForeignObjectException.class);
        assertThat(compute.search()).isEqualTo(Building.GONE);
        compute.removeSearch();
        assertThat(made()).hasSize(1);
    }
}
