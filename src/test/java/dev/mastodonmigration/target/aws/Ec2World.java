package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.embedded.Moto;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ssm.model.ParameterType;

/** The example's migration to machines on EC2, in an account of its own. */
final class Ec2World implements AutoCloseable {
    private static final int MOST_LOOKS = 60;
    final AwsFaultProxy aws = AwsFaultProxy.before(Moto.shared());
    final AwsApi api;
    final AwsNames names;
    private String subnet = "subnet-0";
    private int seen;
    private int mostChanges;

    /** What stands under our names and is not ours. */
    enum Foreign { PARAMETER, SECURITY_GROUP, ROLE, PROFILE, TEMPLATE }

    private Ec2World(KubernetesClient client) {
        System.setProperty("aws.accessKeyId", "AKIATEST");
        System.setProperty("aws.secretAccessKey", "test");
        api = new AwsClients(() -> Optional.of(aws.address()), new SecretReader(client)).of(migration("Single"));
        names = AwsNames.of(migration("Single"));
        makeNetwork();
    }

    static Ec2World empty(KubernetesClient client) {
        Moto.require();
        return new Ec2World(client);
    }

    void reset() {
        aws.reset();
        mostChanges = 0;
        makeNetwork();
    }

    private void makeNetwork() {
        var vpc = api.ec2().createVpc(call -> call.cidrBlock("10.0.0.0/16")).vpc().vpcId();
        subnet = api.ec2().createSubnet(call -> call.vpcId(vpc).cidrBlock("10.0.0.0/24").availabilityZone("eu-central-1a")).subnet().subnetId();
        seen = aws.calls().all().size();
    }

    private MastodonMigration migration(String topology) {
        return migration(topology, DeletionPolicy.Delete);
    }

    @SuppressWarnings("unchecked")
    private MastodonMigration migration(String topology, DeletionPolicy policy) {
        var migration = (Map<String, Object>) Serialization.unmarshal(Serialization.asYaml(Example.migration()), Map.class);
        var spec = (Map<String, Object>) migration.get("spec");
        spec.put("aws", Map.of("region", "eu-central-1", "deletionPolicy", policy.name()));
        ((Map<String, Object>) spec.get("target")).put("compute", Map.of("ec2", Map.of("topology", topology, "instanceType", "t4g.large", "subnetIds", List.of(subnet))));
        return Serialization.unmarshal(Serialization.asYaml(migration), MastodonMigration.class);
    }

    Provisioned ensureOnce(String topology) {
        return new Ec2Machines(migration(topology), api).ensure(Example.environment());
    }

    List<String> untilReady(String topology) {
        return untilReady(topology, Example.environment());
    }

    List<String> untilReady(String topology, SortedMap<String, String> environment) {
        return until(() -> new Ec2Machines(migration(topology), api).ensure(environment));
    }

    List<String> untilReleased(String topology, DeletionPolicy policy) {
        return until(() -> new Ec2Machines(migration(topology, policy), api).release());
    }

    /** Each look is one of an operator that was just started. */
    private List<String> until(Supplier<Provisioned> look) {
        var said = new ArrayList<String>();
        while (said.size() < MOST_LOOKS) {
            var before = changes();
            try {
                var provisioned = look.get();
                said.add(provisioned.message());
                mostChanges = Math.max(mostChanges, changes() - before);
                if (provisioned instanceof Provisioned.Ready) {
                    return said;
                }
            } catch (OutsideException e) {
                if (!e.mayPass()) {
                    throw e;
                }
                said.add(e.getMessage());
            }
        }
        throw new AssertionError("not ready after " + said.size() + " looks: " + said);
    }

    /** Calls that change something, since the network was made. */
    int changes() {
        return (int) aws.calls().all().stream().skip(seen).filter(call -> !call.call().action().matches("(Describe|Get|List).*")).count();
    }

    int mostChangesInALook() {
        return mostChanges;
    }

    List<Instance> instances() {
        return api.ec2().describeInstances().reservations().stream().flatMap(reservation -> reservation.instances().stream())
                .filter(instance -> instance.state().name() != InstanceStateName.TERMINATED && instance.state().name() != InstanceStateName.SHUTTING_DOWN).toList();
    }

    String policy() {
        return URLDecoder.decode(api.iam().getRolePolicy(call -> call.roleName(names.name()).policyName("machine")).policyDocument(), StandardCharsets.UTF_8);
    }

    /** Everything of the kinds that machines consist of, and whose it is. */
    List<String> listing() {
        var lines = new ArrayList<String>();
        instances().forEach(instance -> lines.add("instance " + uid(AwsTags.ofEc2(instance.tags()))));
        api.ec2().describeSecurityGroups().securityGroups().stream().filter(group -> !group.groupName().equals("default")).forEach(group -> lines.add("group " + group.groupName() + " " + uid(AwsTags.ofEc2(group.tags()))));
        api.ec2().describeLaunchTemplates().launchTemplates().forEach(template -> lines.add("template " + template.launchTemplateName() + " " + uid(AwsTags.ofEc2(template.tags()))));
        api.iam().listRoles().roles().forEach(role -> lines.add("role " + role.roleName() + " " + uid(AwsTags.ofIam(api.iam().getRole(call -> call.roleName(role.roleName())).role().tags()))));
        api.iam().listInstanceProfiles().instanceProfiles().forEach(profile -> lines.add("profile " + profile.instanceProfileName() + " " + uid(AwsTags.ofIam(api.iam().getInstanceProfile(call -> call.instanceProfileName(profile.instanceProfileName())).instanceProfile().tags()))));
        api.ssm().describeParameters().parameters().forEach(parameter -> lines.add("parameter " + parameter.name().replaceAll("i-[0-9a-f]+$", "i") + " "
                + uid(AwsTags.ofSsm(api.ssm().listTagsForResource(call -> call.resourceType("Parameter").resourceId(parameter.name())).tagList()))));
        return lines.stream().sorted().toList();
    }

    private static String uid(Map<String, String> tags) {
        return "uid=" + tags.get(AwsNames.UID_TAG);
    }

    void make(Foreign foreign) {
        var theirs = Map.of(AwsNames.UID_TAG, "another");
        switch (foreign) {
            case PARAMETER -> api.ssm().putParameter(call -> call.name("/mastodon-migration/" + names.name() + "/desired").type(ParameterType.STRING).value("{}").tags(AwsTags.ssm(theirs)));
            case SECURITY_GROUP -> {
                var vpc = api.ec2().describeSubnets(call -> call.subnetIds(subnet)).subnets().getFirst().vpcId();
                api.ec2().createSecurityGroup(call -> call.groupName(names.name() + "-machines").description("theirs").vpcId(vpc));
            }
            case ROLE -> api.iam().createRole(call -> call.roleName(names.name()).assumeRolePolicyDocument("{}").tags(AwsTags.iam(theirs)));
            case PROFILE -> api.iam().createInstanceProfile(call -> call.instanceProfileName(names.name()).tags(AwsTags.iam(theirs)));
            case TEMPLATE -> api.ec2().createLaunchTemplate(call -> call.launchTemplateName(names.name() + "-single").launchTemplateData(data -> data.instanceType("t3.micro"))
                    .tagSpecifications(AwsTags.ec2(ResourceType.LAUNCH_TEMPLATE, theirs)));
        }
        seen = aws.calls().all().size();
    }

    static String unpacked(byte[] userData) {
        try (var in = new GZIPInputStream(new ByteArrayInputStream(userData))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        aws.close();
    }
}
