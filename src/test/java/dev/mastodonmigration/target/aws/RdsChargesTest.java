package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.cost.Charge;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.rds.model.CreateDbInstanceRequest;

@EnableKubernetesMockClient(crud = true, https = false)
class RdsChargesTest {
    /** Set by the extension. */
    KubernetesClient client;

    /** Its name in the list comes from the very fields that the instance is created with. */
    @Test
    void theListIsAskedAboutWhatWillBeCreated() {
        var world = new RdsWorld(client);
        world.untilReady();
        var created = world.aws.requests.stream().filter(CreateDbInstanceRequest.class::isInstance).map(CreateDbInstanceRequest.class::cast).findFirst().orElseThrow();
        var charges = world.operator().charges();
        assertThat(charges).extracting(Charge::name).containsExactly("RDS instance db.t4g.small", "GiB of RDS storage, gp3");
        assertThat(terms(charges, 0)).containsEntry("instanceType", created.dbInstanceClass()).containsEntry("deploymentOption", "Single-AZ").containsEntry("databaseEngine", "PostgreSQL");
        assertThat(List.of(created.engine(), created.storageType(), created.multiAZ())).containsExactly("postgres", "gp3", false);
        assertThat(charges.getFirst().product().orElseThrow().region()).isEqualTo("eu-central-1");
        assertThat(charges.getLast().quantity()).isEqualTo(created.allocatedStorage());
        assertThat(charges.getLast().product().orElseThrow().usageType()).isEqualTo("RDS:GP3-Storage");
    }

    @Test
    void aStandbyCostsTwice() {
        var charges = new RdsWorld(client, "engineVersion: '17'", "engineVersion: '17', multiAz: true").operator().charges();
        assertThat(charges).extracting(Charge::name).containsExactly("RDS instance db.t4g.small, with a standby", "GiB of RDS storage, gp3, with a standby");
        assertThat(terms(charges, 0)).containsEntry("deploymentOption", "Multi-AZ");
        assertThat(charges.getLast().product().orElseThrow().usageType()).isEqualTo("RDS:Multi-AZ-GP3-Storage");
    }

    @Test
    void nothingIsAskedAndNothingChanged() {
        var world = new RdsWorld(client);
        world.operator().charges();
        assertThat(world.aws.requests).isEmpty();
    }

    private static Map<String, String> terms(List<Charge> charges, int which) {
        return charges.get(which).product().orElseThrow().terms().getFirst();
    }
}
