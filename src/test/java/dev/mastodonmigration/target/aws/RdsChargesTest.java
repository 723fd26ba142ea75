package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@EnableKubernetesMockClient(crud = true, https = false)
class RdsChargesTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;

    /** Its name in the list comes from the very fields that the instance is created with. */
    @Test
    void theListIsAskedAboutWhatWillBeCreated() {
        var world = new RdsWorld(client, aws.proxy());
        world.untilReady();
        var created = world.asked("rds:CreateDBInstance");
        var charges = world.operator().charges();
        assertThat(charges).extracting(Charge::name).containsExactly("RDS instance db.t4g.small", "GiB of RDS storage, gp3");
        assertThat(terms(charges, 0)).containsEntry("instanceType", created.get("DBInstanceClass")).containsEntry("deploymentOption", "Single-AZ").containsEntry("databaseEngine", "PostgreSQL");
        assertThat(List.of(created.get("Engine"), created.get("StorageType"), created.get("MultiAZ"))).containsExactly("postgres", "gp3", "false");
        assertThat(charges.getFirst().product().orElseThrow().region()).isEqualTo("eu-central-1");
        assertThat(charges.getLast().quantity()).hasToString(created.get("AllocatedStorage"));
        assertThat(charges.getLast().product().orElseThrow().usageType()).isEqualTo("RDS:GP3-Storage");
    }

    @Test
    void aStandbyCostsTwice() {
        var charges = new RdsWorld(client, aws.proxy(), "engineVersion: '17'", "engineVersion: '17', multiAz: true").operator().charges();
        assertThat(charges).extracting(Charge::name).containsExactly("RDS instance db.t4g.small, with a standby", "GiB of RDS storage, gp3, with a standby");
        assertThat(terms(charges, 0)).containsEntry("deploymentOption", "Multi-AZ");
        assertThat(charges.getLast().product().orElseThrow().usageType()).isEqualTo("RDS:Multi-AZ-GP3-Storage");
    }

    @Test
    void nothingIsAskedAndNothingChanged() {
        var world = new RdsWorld(client, aws.proxy());
        world.calls().clear();
        world.operator().charges();
        assertThat(world.calls().all()).isEmpty();
    }

    private static Map<String, String> terms(List<Charge> charges, int which) {
        return charges.get(which).product().orElseThrow().terms().getFirst();
    }
}
