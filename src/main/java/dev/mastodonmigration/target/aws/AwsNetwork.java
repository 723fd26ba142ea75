package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsFindings.blocker;
import static dev.mastodonmigration.target.aws.AwsFindings.tried;
import static dev.mastodonmigration.target.aws.AwsRefusals.asking;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.target.aws.AwsSecurityGroup.Access;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;

/** Whether the subnets and security groups that a database's part of the spec names are there, and fit together. */
record AwsNetwork(Ec2Client ec2, AwsNames names, Access access) {
    static final int ONE_ZONE = 1;
    static final int TWO_ZONES = 2;

    /**
     * @param wanted so many availability zones
     * @param why    a sentence
     * @param more   what else depends on the zones
     */
    Findings look(int wanted, String why, Function<Set<String>, Findings> more) {
        var subnets = asking(() -> ec2.describeSubnets(call -> call.subnetIds(access.subnetIds()))).subnets();
        var vpcs = subnets.stream().map(Subnet::vpcId).collect(Collectors.toCollection(TreeSet::new));
        if (vpcs.size() != 1) {
            return blocker(access.field() + ".subnetIds are in " + vpcs.size() + " VPCs (" + String.join(", ", vpcs) + "): they must be in one.");
        }
        var zones = subnets.stream().map(Subnet::availabilityZone).collect(Collectors.toCollection(TreeSet::new));
        var spread = zones.size() < wanted ? blocker(access.field() + ".subnetIds are all in availability zone " + String.join(", ", zones) + ": " + why + " Add one in another zone.") : Findings.NONE;
        return spread.and(tried(() -> groups(vpcs.first()))).and(tried(this::free)).and(tried(() -> more.apply(zones)));
    }

    private Findings free() {
        return AwsFindings.free(() -> new AwsSecurityGroup(ec2, names, access).find());
    }

    /** The groups that the spec names exist; those that the database is to have are in its VPC. */
    private Findings groups(String vpc) {
        var own = access.given().orElse(List.of());
        var named = Stream.concat(own.stream(), access.allowedGroups().stream()).distinct().toList();
        if (named.isEmpty()) {
            return Findings.NONE;
        }
        var elsewhere = asking(() -> ec2.describeSecurityGroups(call -> call.groupIds(named))).securityGroups().stream()
                .filter(group -> own.contains(group.groupId()) && !vpc.equals(group.vpcId())).map(SecurityGroup::groupId).toList();
        return elsewhere.isEmpty() ? Findings.NONE
                : blocker(access.field() + ".securityGroupIds: " + String.join(", ", elsewhere) + " is not in " + vpc + ", the VPC of the subnets. Name groups of that VPC.");
    }
}
