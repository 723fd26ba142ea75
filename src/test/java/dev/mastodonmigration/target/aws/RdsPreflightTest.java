package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.outside.Findings;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@EnableKubernetesMockClient(crud = true, https = false)
class RdsPreflightTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;

    @Test
    void aGoodSpecPassesAndChangesNothing() {
        var world = new RdsWorld(client, aws.proxy());
        var found = look(world);
        assertThat(found.blockers()).isEmpty();
        assertThat(found.notes()).singleElement().asString().contains("123456789012", world.names.name(), "eu-central-1");
        assertThat(world.changes()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SUBNETS      | SAMEZONE        | all in availability zone eu-central-1a
            SUBNETS      | TWOVPCS         | in 2 VPCs (vpc-
            SUBNETS      | MISSING         | InvalidSubnetID.NotFound
            db.t4g.small | db.x9.huge      | offers no Postgres on db.x9.huge
            engineVersion: '17' | engineVersion: '19'   | offers no Postgres 19 on db.t4g.small in eu-central-1. It offers 14.19, 15.14, 16.10, 17.5, 17.6, 18.1
            engineVersion: '17' | engineVersion: '17.9' | offers no Postgres 17.9
            db.t4g.small, allocatedStorageGiB: 20, engineVersion: '17' | db.r7g.large, multiAz: true, allocatedStorageGiB: 20, engineVersion: '17' | 1 of the subnets' availability zones
            allocatedStorageGiB: 20 | allocatedStorageGiB: 65537 | cannot have 65537 GiB
            NODES        | sg-0dead        | InvalidGroup.NotFound
            allowFrom: {securityGroupIds: [NODES], cidrs: [10.0.0.0/16]} | securityGroupIds: [FAR] | is not in vpc-
            """)
    void aMistakeIsFoundBeforeAnythingIsCreated(String good, String bad, String words) {
        var account = aws.proxy().account();
        var same = account.subnets("aa");
        var other = account.subnets("b").getFirst();
        var far = account.securityGroup("far", account.networkOf(other));
        var world = new RdsWorld(client, aws.proxy(), good, bad.replace("SAMEZONE", String.join(", ", same)).replace("TWOVPCS", same.getFirst() + ", " + other)
                .replace("MISSING", same.getFirst() + ", subnet-0dead").replace("FAR", far));
        assertThat(look(world).blockers()).anySatisfy(blocker -> assertThat(blocker).contains(words));
        assertThat(world.changes()).isEmpty();
    }

    @Test
    void namesThatAreTakenAreAllToldAtOnce() {
        var world = new RdsWorld(client, aws.proxy());
        world.account.rds("CreateDBSubnetGroup", "DBSubnetGroupName", world.names.name(), "DBSubnetGroupDescription", "theirs", "SubnetIds.SubnetIdentifier.1", world.subnets.getFirst(),
                "SubnetIds.SubnetIdentifier.2", world.subnets.getLast());
        world.account.rds("CreateDBParameterGroup", "DBParameterGroupName", world.names.name(), "DBParameterGroupFamily", "postgres17", "Description", "theirs");
        world.account.securityGroup(world.names.name(), world.vpc);
        world.secret(world.secret().name(), Map.of(), "password", "theirs");
        assertThat(look(world).blockers()).hasSize(4).allMatch(blocker -> blocker.contains("left as it is"));
    }

    private static Findings look(RdsWorld world) {
        return new RdsPreflight(world.api, world.names, world.migration.getSpec().target().postgres().rds(), world.secret()).look();
    }
}
