package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsFindings.blocker;
import static dev.mastodonmigration.target.aws.AwsFindings.note;
import static dev.mastodonmigration.target.aws.AwsFindings.tried;
import static dev.mastodonmigration.target.aws.AwsRefusals.asking;

import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.outside.Findings;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.rds.model.AvailabilityZone;
import software.amazon.awssdk.services.rds.model.OrderableDBInstanceOption;

/** Asks AWS, before anything is created, whether it would be: who we are, whether the names are free, and whether class, version, storage, subnets and groups fit. */
final class RdsPreflight {
    private static final String FIELD = "spec.target.postgres.rds.";
    private final AwsApi api;
    private final AwsNames names;
    private final Rds spec;
    private final RdsSecret secret;

    RdsPreflight(AwsApi api, AwsNames names, Rds spec, RdsSecret secret) {
        this.api = api;
        this.names = names;
        this.spec = spec;
        this.secret = secret;
    }

    Findings look() {
        return tried(this::identity).and(tried(this::network)).and(free());
    }

    private Findings identity() {
        var caller = asking(() -> api.sts().getCallerIdentity());
        return note("Provision creates RDS instance " + names.name() + " with its groups of the same name in AWS account " + caller.account() + ", region " + api.region() + ", as " + caller.arn() + ".");
    }

    /** Each name, with whether what stands under it is ours. */
    private Findings free() {
        return Stream.<Supplier<Optional<?>>>of(() -> new RdsInstance(api.rds(), names, spec).find(), () -> new RdsSubnetGroup(api.rds(), names, spec).find(),
                        () -> new RdsParameterGroup(api.rds(), names, spec).find(), secret::find)
                .map(find -> tried(() -> {
                    find.get();
                    return Findings.NONE;
                })).reduce(Findings.NONE, Findings::and);
    }

    private Findings network() {
        var subnets = asking(() -> api.ec2().describeSubnets(call -> call.subnetIds(spec.subnetIds()))).subnets();
        var vpcs = subnets.stream().map(Subnet::vpcId).collect(Collectors.toCollection(TreeSet::new));
        if (vpcs.size() != 1) {
            return blocker(FIELD + "subnetIds are in " + vpcs.size() + " VPCs (" + String.join(", ", vpcs) + "): RDS wants them in one.");
        }
        var zones = subnets.stream().map(Subnet::availabilityZone).collect(Collectors.toCollection(TreeSet::new));
        var spread = zones.size() < 2 ? blocker(FIELD + "subnetIds are all in availability zone " + String.join(", ", zones) + ": RDS wants subnets in two or more. Add one in another zone.") : Findings.NONE;
        return spread.and(tried(() -> groups(vpcs.first()))).and(tried(() -> new RdsSecurityGroup(api.ec2(), names, spec).find().map(ours -> Findings.NONE).orElse(Findings.NONE)))
                .and(tried(() -> offer(zones)));
    }

    /** The groups that the spec names exist; those that the instance is to have are in its VPC. */
    private Findings groups(String vpc) {
        var own = Optional.ofNullable(spec.securityGroupIds()).orElse(List.of());
        var named = Stream.concat(own.stream(), Optional.ofNullable(spec.allowFrom()).flatMap(from -> Optional.ofNullable(from.securityGroupIds())).stream().flatMap(List::stream)).distinct().toList();
        if (named.isEmpty()) {
            return Findings.NONE;
        }
        var elsewhere = asking(() -> api.ec2().describeSecurityGroups(call -> call.groupIds(named))).securityGroups().stream()
                .filter(group -> own.contains(group.groupId()) && !vpc.equals(group.vpcId())).map(SecurityGroup::groupId).toList();
        return elsewhere.isEmpty() ? Findings.NONE : blocker(FIELD + "securityGroupIds: " + String.join(", ", elsewhere) + " is not in " + vpc + ", the VPC of the subnets. Name groups of that VPC.");
    }

    private Findings offer(Set<String> zones) {
        var options = asking(() -> api.rds().describeOrderableDBInstanceOptionsPaginator(call -> call.engine("postgres").dbInstanceClass(spec.instanceClass())).stream()
                .flatMap(page -> page.orderableDBInstanceOptions().stream()).filter(option -> "gp3".equals(option.storageType())).toList());
        if (options.isEmpty()) {
            return blocker(FIELD + "instanceClass: RDS offers no Postgres on " + spec.instanceClass() + " with gp3 storage in " + api.region() + ". Choose another class.");
        }
        var fitting = options.stream().filter(option -> PostgresVersion.fits(spec, option.engineVersion())).toList();
        if (fitting.isEmpty()) {
            return blocker(FIELD + "engineVersion: RDS offers no Postgres " + spec.engineVersion() + " on " + spec.instanceClass() + " in " + api.region() + ". It offers "
                    + options.stream().map(OrderableDBInstanceOption::engineVersion).distinct().collect(Collectors.joining(", ")) + ".");
        }
        var there = fitting.stream().flatMap(option -> option.availabilityZones().stream()).map(AvailabilityZone::name).filter(zones::contains).collect(Collectors.toCollection(TreeSet::new));
        var wanted = Boolean.TRUE.equals(spec.multiAz()) ? 2 : 1;
        return Stream.of(
                        there.size() < wanted ? blocker(FIELD + "instanceClass: " + spec.instanceClass() + " is offered in " + there.size() + " of the subnets' availability zones ("
                                + String.join(", ", zones) + "), and " + wanted + " are needed. Choose other subnets or another class.") : Findings.NONE,
                        wanted > 1 && fitting.stream().noneMatch(option -> Boolean.TRUE.equals(option.multiAZCapable()))
                                ? blocker(FIELD + "multiAz: " + spec.instanceClass() + " cannot have a standby. Choose another class, or leave multiAz out.") : Findings.NONE,
                        fitting.stream().noneMatch(this::holds) ? blocker(FIELD + "allocatedStorageGiB: " + spec.instanceClass() + " cannot have " + spec.allocatedStorageGiB() + " GiB of gp3 storage.") : Findings.NONE)
                .reduce(Findings.NONE, Findings::and);
    }

    private boolean holds(OrderableDBInstanceOption option) {
        return (option.minStorageSize() == null || spec.allocatedStorageGiB() >= option.minStorageSize()) && (option.maxStorageSize() == null || spec.allocatedStorageGiB() <= option.maxStorageSize());
    }
}
