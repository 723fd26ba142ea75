package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.IpPermission;
import software.amazon.awssdk.services.ec2.model.IpRange;
import software.amazon.awssdk.services.ec2.model.Ipv6Range;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.ec2.model.UserIdGroupPair;

/** Who reaches the instance: our own security group that lets in whom {@code allowFrom} names, unless the admin gave groups of their own. */
final class RdsSecurityGroup implements Part {
    static final int PORT = 5432;
    private static final String TCP = "tcp";
    private static final String WHAT = "Security group";
    private final Ec2Client ec2;
    private final AwsNames names;
    private final Rds spec;

    RdsSecurityGroup(Ec2Client ec2, AwsNames names, Rds spec) {
        this.ec2 = ec2;
        this.names = names;
        this.spec = spec;
    }

    @Override
    public Optional<Provisioned> ensure() {
        return spec.securityGroupIds() != null ? Optional.empty() : find().map(this::letIn).orElseGet(this::create);
    }

    /** Of the instance to be created; {@link #ensure} had nothing left to do. */
    List<String> ids() {
        return Optional.ofNullable(spec.securityGroupIds()).orElseGet(() -> List.of(find().map(SecurityGroup::groupId)
                .orElseThrow(() -> new OutsideException(WHAT + " " + names.name() + " was deleted just now. The operator makes it again.", true))));
    }

    /** Ours; of the same name there may be others in other VPCs. @throws OutsideException when the name is taken where ours should be */
    Optional<SecurityGroup> find() {
        var named = named();
        var ours = named.stream().filter(this::isOurs).findFirst();
        if (ours.isEmpty() && !named.isEmpty()) {
            var vpc = vpc();
            named.stream().filter(group -> vpc.equals(group.vpcId())).findFirst().ifPresent(group -> {
                throw names.foreign(WHAT, AwsTags.ofEc2(group.tags()));
            });
        }
        return ours;
    }

    @Override
    public Optional<Provisioned> release() {
        return named().stream().filter(this::isOurs).findFirst().map(group -> unless(Set.of("DependencyViolation", "InvalidGroup.NotFound"), () -> ec2.deleteSecurityGroup(call -> call.groupId(group.groupId())))
                .<Provisioned>map(gone -> new Provisioned.Working("security group " + names.name() + " was removed"))
                .orElseGet(() -> new Provisioned.Working("security group " + names.name() + " (" + group.groupId() + ") is still in use: network interfaces of a deleted instance linger for minutes; if it"
                        + " stays, another group's rule or something of yours refers to it")));
    }

    private List<SecurityGroup> named() {
        return asking(() -> ec2.describeSecurityGroups(call -> call.filters(Filter.builder().name("group-name").values(names.name()).build()))).securityGroups();
    }

    private boolean isOurs(SecurityGroup group) {
        return names.areOn(AwsTags.ofEc2(group.tags()));
    }

    private Optional<Provisioned> create() {
        var vpc = vpc();
        unless(Set.of("InvalidGroup.Duplicate"), () -> ec2.createSecurityGroup(call -> call.groupName(names.name()).vpcId(vpc)
                .description("Postgres of the Mastodon migration " + names.migration()).tagSpecifications(AwsTags.ec2(ResourceType.SECURITY_GROUP, names.tags()))));
        return Optional.of(new Provisioned.Working("security group " + names.name() + " was created"));
    }

    /** Only adds: a rule that the admin put there stays. */
    private Optional<Provisioned> letIn(SecurityGroup group) {
        var missing = new TreeSet<>(wanted());
        group.ipPermissions().stream().filter(rule -> TCP.equals(rule.ipProtocol()) && Integer.valueOf(PORT).equals(rule.fromPort()) && Integer.valueOf(PORT).equals(rule.toPort())).forEach(rule -> missing.removeAll(sources(rule)));
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        unless(Set.of("InvalidPermission.Duplicate"), () -> ec2.authorizeSecurityGroupIngress(call -> call.groupId(group.groupId()).ipPermissions(rule(missing))));
        return Optional.of(new Provisioned.Working("security group " + names.name() + " was told to let in " + String.join(", ", missing)));
    }

    private List<String> wanted() {
        return Optional.ofNullable(spec.allowFrom()).map(from -> Stream.of(Optional.ofNullable(from.securityGroupIds()), Optional.ofNullable(from.cidrs()))
                .flatMap(Optional::stream).flatMap(List::stream).toList()).orElse(List.of());
    }

    private static List<String> sources(IpPermission rule) {
        return Stream.of(rule.userIdGroupPairs().stream().map(pair -> pair.groupId()), rule.ipRanges().stream().map(range -> range.cidrIp()), rule.ipv6Ranges().stream().map(range -> range.cidrIpv6()))
                .flatMap(stream -> stream).toList();
    }

    private static IpPermission rule(Set<String> sources) {
        var groups = sources.stream().filter(source -> source.startsWith("sg-")).toList();
        var v6 = sources.stream().filter(source -> source.contains(":")).toList();
        var v4 = sources.stream().filter(source -> !groups.contains(source) && !v6.contains(source)).toList();
        var rule = IpPermission.builder().ipProtocol(TCP).fromPort(PORT).toPort(PORT);
        if (!groups.isEmpty()) {
            rule.userIdGroupPairs(groups.stream().map(id -> UserIdGroupPair.builder().groupId(id).build()).toList());
        }
        if (!v4.isEmpty()) {
            rule.ipRanges(v4.stream().map(cidr -> IpRange.builder().cidrIp(cidr).build()).toList());
        }
        if (!v6.isEmpty()) {
            rule.ipv6Ranges(v6.stream().map(cidr -> Ipv6Range.builder().cidrIpv6(cidr).build()).toList());
        }
        return rule.build();
    }

    private String vpc() {
        return asking(() -> ec2.describeSubnets(call -> call.subnetIds(spec.subnetIds()))).subnets().stream().map(Subnet::vpcId).findFirst()
                .orElseThrow(() -> new OutsideException("AWS shows none of spec.target.postgres.rds.subnetIds. Check them, and spec.aws.region.", false));
    }
}
