package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.outside.Findings;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@EnableKubernetesMockClient(crud = true, https = false)
class RdsPreflightTest {
    /** Set by the extension. */
    KubernetesClient client;

    @Test
    void aGoodSpecPassesAndChangesNothing() {
        var world = new RdsWorld(client);
        var found = look(world);
        assertThat(found.blockers()).isEmpty();
        assertThat(found.notes()).singleElement().asString().contains("123456789012", world.names.name(), "eu-central-1");
        assertThat(world.aws.changes).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [subnet-a, subnet-b] | [subnet-a, subnet-c]      | all in availability zone eu-central-1a
            [subnet-a, subnet-b] | [subnet-a, subnet-d]      | in 2 VPCs (vpc-1, vpc-2)
            [subnet-a, subnet-b] | [subnet-a, subnet-dead]   | The subnet ID 'subnet-dead' does not exist
            db.t4g.small         | db.x9.huge                | offers no Postgres on db.x9.huge
            '17'                 | '18'                      | offers no Postgres 18 on db.t4g.small in eu-central-1. It offers 16.9, 17.4, 17.5
            '17'                 | '17.9'                    | offers no Postgres 17.9
            20                   | 65537                     | cannot have 65537 GiB
            [sg-nodes]           | [sg-dead]                 | The security group 'sg-dead' does not exist
            allowFrom: {securityGroupIds: [sg-nodes], cidrs: [10.0.0.0/16]} | securityGroupIds: [sg-far] | sg-far is not in vpc-1
            """)
    void aMistakeIsFoundBeforeAnythingIsCreated(String good, String bad, String words) {
        var world = new RdsWorld(client, good.equals("17") ? "'17'" : good, bad.matches("1[78].*") ? "'" + bad + "'" : bad);
        world.aws.ec2.subnet("subnet-c", FakeEc2.VPC, "eu-central-1a");
        world.aws.ec2.subnet("subnet-d", "vpc-2", "eu-central-1b");
        world.aws.ec2.group("sg-far", "far", "vpc-2");
        assertThat(look(world).blockers()).singleElement().asString().contains(words);
        assertThat(world.aws.changes).isEmpty();
    }

    @Test
    void namesThatAreTakenAreAllToldAtOnce() {
        var world = new RdsWorld(client);
        world.aws.rds.subnetGroup(world.names.name(), List.of());
        world.aws.rds.parameterGroup(world.names.name(), "postgres17", List.of());
        world.secret(world.secret().name(), Map.of(), "password", "theirs");
        assertThat(look(world).blockers()).hasSize(3).allMatch(blocker -> blocker.contains("left as it is"));
    }

    private static Findings look(RdsWorld world) {
        return new RdsPreflight(world.aws.api(), world.names, world.migration.getSpec().target().postgres().rds(), world.secret()).look();
    }
}
