package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The policy for machines, held against every call by its actions. moto itself allows everything. */
@EnableKubernetesMockClient(crud = true, https = false)
class MachinesPolicyTest {
    private static final String WHO_AM_I = "sts:GetCallerIdentity";
    /** Which right a tag in the call that creates something takes. */
    private static final Map<String, String> WITH_TAGS = Map.of("elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateListener", "elasticloadbalancing:AddTags", "acm:RequestCertificate", "acm:AddTagsToCertificate", "iam:CreateRole", "iam:TagRole", "iam:CreateInstanceProfile",
            "iam:TagInstanceProfile", "logs:CreateLogGroup", "logs:TagResource", "ssm:PutParameter", "ssm:AddTagsToResource");
    /** Set by the extension. */
    KubernetesClient client;

    /** Beside the other: what target.compute.ec2 needs. */
    @Test
    void thePolicyForMachinesAllowsWhatIsCalledAndNothingMore() throws IOException {
        try (var world = Ec2World.empty(client)) {
            world.operator("Single").preflight();
            new AwsPriceLists(new AwsClients(new AwsAt(world.aws.address()), new SecretReader(client))).of(world.migration("Single")).of(world.operator("Single").charges());
            world.target.put("postgres", Map.of("rds", Map.of("instanceClass", "db.t4g.medium", "allocatedStorageGiB", 50, "engineVersion", "17", "subnetIds", world.subnets(), "allowFrom", Map.of("cidrs", List.of("10.0.0.0/16")))));
            var database = new AwsSecurityGroup(world.byHand.ec2(), world.names, AwsSecurityGroup.Access.of(world.names, world.migration("Single").getSpec().target().postgres().rds()));
            database.ensure();
            world.untilServing("Single");
            // Somebody changes things by hand, and a machine is replaced.
            var balancer = world.byHand.balancing().describeLoadBalancers().loadBalancers().getFirst().loadBalancerArn();
            world.byHand.balancing().modifyLoadBalancerAttributes(call -> call.loadBalancerArn(balancer).attributes(attribute -> attribute.key("idle_timeout.timeout_seconds").value("300")));
            world.byHand.ec2().stopInstances(call -> call.instanceIds(world.instances().getFirst().instanceId()));
            world.untilServing("Single");
            var other = world.byHand.acm().requestCertificate(call -> call.domainName("example.social").subjectAlternativeNames("*.example.social").validationMethod("DNS")).certificateArn();
            world.ec2.putAll(Map.of("certificateArn", other, "instanceType", "t4g.xlarge"));
            world.untilServing("Single");
            world.ec2.remove("certificateArn");
            world.untilReleased("Single", DeletionPolicy.Delete);

            var called = new TreeSet<>(world.aws.calls().names());
            world.aws.calls().all().forEach(call -> alsoChecked(call, called));
            called.remove(WHO_AM_I);
            assertThat(allowed()).isEqualTo(called);
        }
    }

    /** What AWS asks for beside the action itself, where it is called so. */
    private static void alsoChecked(RecordedCall call, SortedSet<String> called) {
        var parameters = call.call().parameters();
        if (parameters.keySet().stream().anyMatch(name -> name.startsWith("TagSpecification."))) {
            called.add("ec2:CreateTags");
        }
        if (Set.of("rds", "elasticache").contains(call.call().service()) && parameters.keySet().stream().anyMatch(name -> name.startsWith("Tags."))) {
            called.add(call.call().service() + ":AddTagsToResource");
        }
        if (Set.of("rds:CreateDBInstance", "elasticloadbalancing:CreateLoadBalancer").contains(call.call().name())) {
            called.add("iam:CreateServiceLinkedRole");
        }
        Optional.ofNullable(WITH_TAGS.get(call.call().name())).filter(tagging -> call.call().body().contains("mastodonmigration.dev")).ifPresent(called::add);
        if (call.call().name().equals("ec2:RunInstances")) {
            called.add("iam:PassRole");
        }
    }

    private static SortedSet<String> allowed() throws IOException {
        var actions = new TreeSet<String>();
        for (var statement : new ObjectMapper().readTree(Path.of("deploy/examples/iam-policy-ec2.json").toFile()).get("Statement")) {
            assertThat(statement.get("Effect").asText()).isEqualTo("Allow");
            var action = statement.get("Action");
            (action.isArray() ? action : (Iterable<JsonNode>) List.of(action)).forEach(one -> actions.add(one.asText()));
        }
        assertThat(actions).noneMatch(action -> action.contains("*"));
        return actions;
    }
}
