package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bad input, and what it gets, before anything is created. */
@EnableKubernetesMockClient(crud = true, https = false)
class Ec2PreflightTest {
    /** Set by the extension. */
    KubernetesClient client;
    private Ec2World world;

    @BeforeEach
    void begin() {
        world = Ec2World.empty(client);
    }

    @AfterEach
    void end() {
        if (world != null) {
            world.close();
        }
    }

    @Test
    void whatFitsIsToldAndNothingIsChanged() {
        var findings = world.operator("Split").preflight();

        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).anyMatch(said -> said.contains("2 EC2 instance(s) t4g.large") && said.contains("123456789012") && said.contains("eu-central-1"))
                .anyMatch(said -> said.contains("spec.target.postgres.existing, spec.target.redis.existing"));
        assertThat(world.changes()).isZero();
        world.ec2.put("securityGroupIds", List.of(world.aws.account().securityGroup("databases", world.vpc())));
        assertThat(world.operator("Split").preflight().notes()).noneMatch(said -> said.contains("must be let in"));
    }

    @Test
    void everythingThatDoesNotFitIsNamedAtOnce() {
        world.ec2.put("instanceType", "t9z.large");
        world.ec2.put("certificateArn", "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-4000-8000-000000000000");

        assertThat(world.operator("Single").preflight().blockers()).anyMatch(said -> said.contains("spec.target.compute.ec2.instanceType: EC2 offers no t9z.large in eu-central-1"))
                .anyMatch(said -> said.contains("is not there. Correct spec.target.compute.ec2.certificateArn"));
    }

    @Test
    void subnetsOfOneZoneAreRefused() {
        world.ec2.put("subnetIds", world.aws.account().subnets("aa"));
        assertThat(world.operator("Single").preflight().blockers()).anyMatch(said -> said.contains("all in availability zone eu-central-1a: the load balancer wants subnets in two or more."));
        world.ec2.put("subnetIds", Collections.nCopies(2, world.subnets().getFirst()));
        assertThat(world.operator("Single").violations()).anyMatch(said -> said.contains("names a subnet twice"));
    }

    @Test
    void groupsOfAnotherNetworkAreRefused() {
        world.ec2.put("securityGroupIds", List.of(world.aws.account().securityGroup("elsewhere", world.aws.account().networkOf(world.aws.account().subnets("a").getFirst()))));

        assertThat(world.operator("Single").preflight().blockers()).anyMatch(said -> said.contains("spec.target.compute.ec2.securityGroupIds") && said.contains("the VPC of the subnets"));
    }

    @Test
    void tooLittleMemoryIsToldAndUserDataThatIsTooLargeIsRefused() {
        world.ec2.put("instanceType", "t4g.small");
        assertThat(world.operator("Single").preflight().notes()).anyMatch(said -> said.contains("t4g.small has 2 GiB of memory"));

        world.ec2.put("sidekiq", IntStream.range(0, 400).mapToObj(number -> Map.of("name", "worker-" + Integer.toHexString(number * 7919), "queues", List.of(number == 0 ? "scheduler" : "pull"))).toList());
        assertThat(world.operator("Single").preflight().blockers()).anyMatch(said -> said.contains("user-data would be"));
    }

    @Test
    void aSubnetThatGivesNoPublicAddressMustRouteToNat() {
        assertThat(world.operator("Single").preflight().notes()).noneMatch(said -> said.contains("NAT gateway"));

        world.byHand.ec2().modifySubnetAttribute(call -> call.subnetId(world.subnets().getFirst()).mapPublicIpOnLaunch(on -> on.value(false)));
        assertThat(world.operator("Single").preflight().notes()).anyMatch(said -> said.contains("no public address in " + world.subnets().getFirst()) && said.contains("NAT gateway"));
    }

    @Test
    void twoSchedulersAreAViolation() {
        world.ec2.put("sidekiq", List.of(Map.of("name", "one"), Map.of("name", "two")));

        assertThat(world.operator("Single").violations()).anyMatch(said -> said.contains("exactly one Sidekiq process must serve the scheduler queue"));
    }

    @Test
    void whatItCostsIsWhatIsCreated() {
        assertThat(world.operator("Split").charges()).extracting(charge -> charge.quantity() + " " + charge.name()).containsExactly("2 EC2 instance t4g.large", "60 GiB of EBS storage, gp3",
                "1 Application Load Balancer, without what it carries");
    }
}
