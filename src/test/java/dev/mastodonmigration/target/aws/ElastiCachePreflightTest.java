package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.aws.AwsExtension;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@EnableKubernetesMockClient(crud = true, https = false)
class ElastiCachePreflightTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;

    @Test
    void aGoodSpecPassesChangesNothingAndTellsWhatAFailoverMayLose() {
        var world = new ElastiCacheWorld(client, aws.proxy());
        assertThat(world.operator().violations()).isEmpty();
        var found = world.operator().preflight();
        assertThat(found.blockers()).isEmpty();
        assertThat(found.notes()).satisfiesExactly(who -> assertThat(who).contains("123456789012", world.name(), "eu-central-1"), loses -> assertThat(loses).contains("can be lost", "newest jobs"),
                driver -> assertThat(driver).contains("REDIS_DRIVER=ruby"));
        assertThat(world.changes()).isEmpty();
        assertThat(new ElastiCacheWorld(client, aws.proxy(), "nodeType", "replicas: 0, nodeType").operator().preflight().notes()).anyMatch(note -> note.contains("all that Redis holds is lost"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            , subnet-[0-9a-f]+\\]        | ]                                    | all in availability zone eu-central-1a: with replicas
            (subnetIds: \\[)              | $1subnet-0123456789abcdef0,          | InvalidSubnetID.NotFound
            engineVersion: .8[.]0.        | engineVersion: "8.7"                 | offers no Valkey 8.7 in eu-central-1. It offers 7.2, 8.0, 8.1, 9.0
            (\\{securityGroupIds: \\[)    | $1sg-0123456789abcdef0,              | sg-0123456789abcdef0
            """)
    void aMistakeIsFoundBeforeAnythingIsCreated(String good, String bad, String words) {
        var world = new ElastiCacheWorld(client, aws.proxy(), good, bad);
        assertThat(world.operator().preflight().blockers()).singleElement().asString().contains(words);
        assertThat(world.changes()).isEmpty();
    }

    @Test
    void networksThatDoNotFitAreTold() {
        var world = new ElastiCacheWorld(client, aws.proxy());
        var other = world.api.ec2().createVpc(call -> call.cidrBlock("10.9.0.0/16")).vpc().vpcId();
        var far = world.subnet(other, "10.9.1.0/24", "a");
        assertThat(world.with("(subnetIds: \\[)", "$1" + far + ",").preflight().blockers()).singleElement().asString().contains("in 2 VPCs");
        var group = world.securityGroup("far", other);
        assertThat(world.with("allowFrom: .*\\}\\}", "securityGroupIds: [" + group + "]}").preflight().blockers()).singleElement().asString().contains(group + " is not in " + world.vpc);
        assertThat(world.with("(subnetIds: \\[)(subnet-[0-9a-f]+)", "$1$2, $2").violations()).singleElement().asString().contains("names a subnet twice");
        assertThat(world.with("  aws: .*\n", "").violations()).singleElement().asString().contains("spec.aws.region is required with spec.target.redis.elastiCache");
    }

    @Test
    void namesThatAreTakenAreAllToldAtOnce() {
        var world = new ElastiCacheWorld(client, aws.proxy());
        world.securityGroup(world.name(), world.vpc);
        world.api.cache().createCacheSubnetGroup(call -> call.cacheSubnetGroupName(world.name()).cacheSubnetGroupDescription("theirs").subnetIds(world.migration.getSpec().target().redis().elastiCache().subnetIds()));
        world.api.cache().createCacheParameterGroup(call -> call.cacheParameterGroupName(world.name()).cacheParameterGroupFamily("valkey8").description("theirs"));
        client.resource(new SecretBuilder().withNewMetadata().withName(world.secret().name()).withNamespace("mastodon").endMetadata().build()).create();
        assertThat(world.operator().preflight().blockers()).hasSize(4).allMatch(blocker -> blocker.contains("left as it is"));
    }

    @Test
    void aCaThatIsNoneIsTold() {
        var world = new ElastiCacheWorld(client, aws.proxy(), "nodeType", "caSecretRef: {name: ca, key: ca.crt}, nodeType");
        assertThat(world.operator().preflight().blockers()).isEqualTo(List.of("Secret mastodon/ca does not exist. Create it with the key \"ca.crt\"."));
    }
}
