package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.AllowFrom;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
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

/** Who reaches a database, a machine or the load balancer: our own security group that lets in whom its {@link Access} names, unless the admin gave groups of their own. */
final class AwsSecurityGroup implements DatabasePart {
    static final int POSTGRES = 5432;
    static final int REDIS = 6379;
    private static final String TCP = "tcp";
    static final String WHAT = "Security group";
    private final Ec2Client ec2;
    private final AwsNames names;
    private final Access access;

    /**
     * Of what, and what its part of the spec says of it.
     *
     * @param name   of our own group
     * @param server its description begins with, as "Postgres"
     * @param field  of the spec, as "spec.target.postgres.rds"
     * @param given  the admin's groups; empty when ours is wanted
     */
    record Access(String name, String server, int port, String field, List<String> subnetIds, Optional<List<String>> given, Optional<AllowFrom> allowFrom) {
        static Access of(AwsNames names, MastodonMigrationSpec.Rds spec) {
            return new Access(names.name(), "Postgres", POSTGRES, "spec.target.postgres.rds", spec.subnetIds(), Optional.ofNullable(spec.securityGroupIds()), Optional.ofNullable(spec.allowFrom()));
        }

        static Access of(AwsNames names, MastodonMigrationSpec.ElastiCache spec) {
            return new Access(names.cacheName(), "Redis", REDIS, "spec.target.redis.elastiCache", spec.subnetIds(), Optional.ofNullable(spec.securityGroupIds()),
                    Optional.ofNullable(spec.allowFrom()));
        }

        /** The same, for others than the spec names. */
        Access lettingIn(List<String> groups, List<String> cidrs) {
            return new Access(name, server, port, field, subnetIds, given, Optional.of(new AllowFrom(groups, cidrs)));
        }

        /** The groups that it lets in. */
        List<String> allowedGroups() {
            return allowFrom.flatMap(from -> Optional.ofNullable(from.securityGroupIds())).orElse(List.of());
        }

        /** All that it lets in. */
        Stream<String> allowed() {
            return Stream.concat(allowedGroups().stream(), allowFrom.flatMap(from -> Optional.ofNullable(from.cidrs())).orElse(List.of()).stream());
        }
    }

    AwsSecurityGroup(Ec2Client ec2, AwsNames names, Access access) {
        this.ec2 = ec2;
        this.names = names;
        this.access = access;
    }

    @Override
    public Optional<Provisioned> ensure() {
        return access.given().isPresent() ? Optional.empty() : find().map(this::letIn).orElseGet(this::create);
    }

    /** Of the database to be created; {@link #ensure} had nothing left to do. */
    List<String> ids() {
        return access.given().orElseGet(() -> List.of(find().map(SecurityGroup::groupId)
                .orElseThrow(() -> new OutsideException(WHAT + " " + access.name() + " was deleted just now. The operator makes it again.", true))));
    }

    /** Ours; of the same name there may be others in other VPCs. @throws OutsideException when the name is taken where ours should be */
    Optional<SecurityGroup> find() {
        var named = ofThatName();
        var ours = named.stream().filter(this::isOurs).findFirst();
        if (ours.isEmpty() && !named.isEmpty()) {
            var vpc = vpc();
            named.stream().filter(group -> vpc.equals(group.vpcId())).findFirst().ifPresent(group -> {
                throw names.foreign(WHAT, access.name(), AwsTags.ofEc2(group.tags()));
            });
        }
        return ours;
    }

    /** Whatever else stands under the name. */
    Optional<SecurityGroup> ours() {
        return ofThatName().stream().filter(this::isOurs).findFirst();
    }

    @Override
    public String named() {
        return WHAT + " " + access.name();
    }

    @Override
    public Optional<String> standing() {
        return ours().map(group -> named() + " (" + group.groupId() + ")");
    }

    @Override
    public Optional<Provisioned> release() {
        return ours().map(group -> unless(Set.of("DependencyViolation", "InvalidGroup.NotFound"), () -> ec2.deleteSecurityGroup(call -> call.groupId(group.groupId())))
                .<Provisioned>map(gone -> new Provisioned.Working("security group " + access.name() + " was removed"))
                .orElseGet(() -> new Provisioned.Working("security group " + access.name() + " (" + group.groupId() + ") is still in use: network interfaces of what was removed linger for minutes; if it"
                        + " stays, another group's rule or something of yours refers to it")));
    }

    /** Takes back what lets this group in, which else could not be removed. */
    Optional<Provisioned> shutOut(String groupId) {
        return ours().flatMap(group -> {
            var rules = group.ipPermissions().stream().filter(rule -> rule.userIdGroupPairs().stream().anyMatch(pair -> groupId.equals(pair.groupId())))
                    .map(rule -> IpPermission.builder().ipProtocol(rule.ipProtocol()).fromPort(rule.fromPort()).toPort(rule.toPort()).userIdGroupPairs(UserIdGroupPair.builder().groupId(groupId).build()).build()).toList();
            if (rules.isEmpty()) {
                return Optional.empty();
            }
            unless(Set.of("InvalidPermission.NotFound", "InvalidGroup.NotFound"), () -> ec2.revokeSecurityGroupIngress(call -> call.groupId(group.groupId()).ipPermissions(rules)));
            return Optional.of(new Provisioned.Working("security group " + access.name() + " lets " + groupId + " in no more"));
        });
    }

    private List<SecurityGroup> ofThatName() {
        return asking(() -> ec2.describeSecurityGroups(call -> call.filters(Filter.builder().name("group-name").values(access.name()).build()))).securityGroups();
    }

    private boolean isOurs(SecurityGroup group) {
        return names.areOn(AwsTags.ofEc2(group.tags()));
    }

    private Optional<Provisioned> create() {
        var vpc = vpc();
        unless(Set.of("InvalidGroup.Duplicate"), () -> ec2.createSecurityGroup(call -> call.groupName(access.name()).vpcId(vpc)
                .description(access.server() + " of the Mastodon migration " + names.migration()).tagSpecifications(AwsTags.ec2(ResourceType.SECURITY_GROUP, names.tags()))));
        return Optional.of(new Provisioned.Working("security group " + access.name() + " was created"));
    }

    /** Only adds: a rule that the admin put there stays. */
    private Optional<Provisioned> letIn(SecurityGroup group) {
        var missing = access.allowed().collect(Collectors.toCollection(TreeSet::new));
        var port = Integer.valueOf(access.port());
        group.ipPermissions().stream().filter(rule -> TCP.equals(rule.ipProtocol()) && port.equals(rule.fromPort()) && port.equals(rule.toPort())).forEach(rule -> missing.removeAll(sources(rule)));
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        unless(Set.of("InvalidPermission.Duplicate"), () -> ec2.authorizeSecurityGroupIngress(call -> call.groupId(group.groupId()).ipPermissions(rule(missing))));
        return Optional.of(new Provisioned.Working("security group " + access.name() + " was told to let in " + String.join(", ", missing)));
    }

    private static List<String> sources(IpPermission rule) {
        return Stream.of(rule.userIdGroupPairs().stream().map(pair -> pair.groupId()), rule.ipRanges().stream().map(range -> range.cidrIp()), rule.ipv6Ranges().stream().map(range -> range.cidrIpv6()))
                .flatMap(stream -> stream).toList();
    }

    private IpPermission rule(Set<String> sources) {
        var groups = sources.stream().filter(source -> source.startsWith("sg-")).toList();
        var v6 = sources.stream().filter(source -> source.contains(":")).toList();
        var v4 = sources.stream().filter(source -> !groups.contains(source) && !v6.contains(source)).toList();
        var rule = IpPermission.builder().ipProtocol(TCP).fromPort(access.port()).toPort(access.port());
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
        return asking(() -> ec2.describeSubnets(call -> call.subnetIds(access.subnetIds()))).subnets().stream().map(Subnet::vpcId).findFirst()
                .orElseThrow(() -> new OutsideException("AWS shows none of " + access.field() + ".subnetIds. Check them, and spec.aws.region.", false));
    }
}
