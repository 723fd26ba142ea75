package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;

/** The machines' own security group: nobody comes in until somebody is let in, and what the databases let in is this group. */
final class MachineSecurityGroup implements Part {
    private static final String WHAT = "Security group";
    private final Ec2Client ec2;
    private final AwsNames names;
    private final List<String> subnetIds;

    MachineSecurityGroup(Ec2Client ec2, AwsNames names, List<String> subnetIds) {
        this.ec2 = ec2;
        this.names = names;
        this.subnetIds = subnetIds;
    }

    private String name() {
        return names.name() + "-machines";
    }

    @Override
    public Optional<Provisioned> ensure() {
        if (find().isPresent()) {
            return Optional.empty();
        }
        unless(Set.of("InvalidGroup.Duplicate"), () -> ec2.createSecurityGroup(call -> call.groupName(name()).vpcId(vpc())
                .description("Machines of the Mastodon migration " + names.migration()).tagSpecifications(AwsTags.ec2(ResourceType.SECURITY_GROUP, names.tags()))));
        return Optional.of(new Provisioned.Working("security group " + name() + " was created"));
    }

    String id() {
        return find().map(SecurityGroup::groupId).orElseThrow(() -> new OutsideException(WHAT + " " + name() + " was deleted just now. The operator makes it again.", true));
    }

    /** Ours; of the same name there may be others in other VPCs. @throws OutsideException when the name is taken where ours should be */
    private Optional<SecurityGroup> find() {
        var named = named();
        var ours = named.stream().filter(this::isOurs).findFirst();
        if (ours.isEmpty() && !named.isEmpty()) {
            var vpc = vpc();
            named.stream().filter(group -> vpc.equals(group.vpcId())).findFirst().ifPresent(group -> {
                throw AwsNames.foreign(WHAT, name(), AwsTags.ofEc2(group.tags()));
            });
        }
        return ours;
    }

    @Override
    public Optional<Provisioned> release() {
        return named().stream().filter(this::isOurs).findFirst().map(group -> unless(Set.of("DependencyViolation"), () -> unless(Set.of("InvalidGroup.NotFound"), () -> ec2.deleteSecurityGroup(call -> call.groupId(group.groupId()))))
                .<Provisioned>map(gone -> new Provisioned.Working("security group " + name() + " was removed"))
                .orElseGet(() -> new Provisioned.Working("security group " + name() + " (" + group.groupId() + ") is still in use: network interfaces of terminated instances linger for minutes; if it"
                        + " stays, another group's rule or something of yours refers to it")));
    }

    private List<SecurityGroup> named() {
        return asking(() -> ec2.describeSecurityGroups(call -> call.filters(Filter.builder().name("group-name").values(name()).build()))).securityGroups();
    }

    private boolean isOurs(SecurityGroup group) {
        return names.areOn(AwsTags.ofEc2(group.tags()));
    }

    private String vpc() {
        return asking(() -> ec2.describeSubnets(call -> call.subnetIds(subnetIds))).subnets().stream().map(Subnet::vpcId).findFirst()
                .orElseThrow(() -> new OutsideException("AWS shows none of spec.target.compute.ec2.subnetIds. Check them, and spec.aws.region.", false));
    }
}
