package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsFindings.blocker;
import static dev.mastodonmigration.target.aws.AwsFindings.note;
import static dev.mastodonmigration.target.aws.AwsFindings.tried;
import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.AwsSecurityGroup.Access;
import dev.mastodonmigration.target.aws.ec2.UserData;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.InstanceTypeInfo;
import software.amazon.awssdk.services.ec2.model.LocationType;
import software.amazon.awssdk.services.ec2.model.Subnet;

/** Asks AWS, before anything is created, whether it would be: who we are, whether the names are free, and whether type, subnets, groups and certificate fit. */
final class Ec2Preflight {
    private static final String TYPE = Ec2Compute.FIELD + ".instanceType: ";
    private static final long LITTLE_MIB = 3500;
    private static final long MIB_OF_GIB = 1024;
    private final AwsApi api;
    private final AwsNames names;
    private final MastodonMigrationSpec spec;
    private final Ec2Machines machines;
    private final Ec2Balancer balancer;

    Ec2Preflight(AwsApi api, AwsNames names, MastodonMigration migration, Ec2Machines machines, Ec2Balancer balancer) {
        this.api = api;
        this.names = names;
        this.spec = migration.getSpec();
        this.machines = machines;
        this.balancer = balancer;
    }

    private MastodonMigrationSpec.Ec2 ec2() {
        return spec.target().compute().ec2();
    }

    Findings look() {
        return Stream.of(tried(this::identity), tried(this::network), free(), tried(this::userData), tried(this::certificate), reach()).reduce(Findings.NONE, Findings::and);
    }

    private Findings identity() {
        var caller = asking(() -> api.sts().getCallerIdentity());
        return note("DeployCompute creates " + machines.all().size() + " EC2 instance(s) " + ec2().instanceType() + " behind load balancer " + names.balancerName() + " in AWS account " + caller.account() + ", region " + api.region()
                + ", as " + caller.arn() + ".");
    }

    private Findings network() {
        return new AwsNetwork(api.ec2(), names, machines.securityGroups().access()).look(AwsNetwork.TWO_ZONES, "the load balancer wants subnets in two or more.", zones -> offer());
    }

    private Findings offer() {
        var type = ec2().instanceType();
        var known = unless(Set.of("InvalidInstanceType"), () -> api.ec2().describeInstanceTypes(call -> call.instanceTypesWithStrings(type)))
                .flatMap(answer -> answer.instanceTypes().stream().findFirst());
        if (known.isEmpty()) {
            return blocker(TYPE + "EC2 offers no " + type + " in " + api.region() + ". Choose another, as t4g.large.");
        }
        var first = ec2().subnetIds().getFirst();
        var subnet = asking(() -> api.ec2().describeSubnets(call -> call.subnetIds(first))).subnets().getFirst();
        var zone = subnet.availabilityZone();
        var offered = asking(() -> api.ec2().describeInstanceTypeOfferings(call -> call.locationType(LocationType.AVAILABILITY_ZONE)
                .filters(Filter.builder().name("location").values(zone).build(), Filter.builder().name("instance-type").values(type).build()))).instanceTypeOfferings();
        return offered.isEmpty() ? blocker(TYPE + "EC2 offers no " + type + " in " + zone + ", the zone of the first of subnetIds, where the machines are. Put a subnet of another zone first, or choose another type.") : memory(known.get()).and(internet(subnet));
    }

    private static Findings internet(Subnet subnet) {
        return Boolean.TRUE.equals(subnet.mapPublicIpOnLaunch()) ? Findings.NONE
                : note(Ec2Compute.FIELD + ".subnetIds: the machines get no public address in " + subnet.subnetId() + " (its MapPublicIpOnLaunch is off), so it must route to a NAT gateway: they fetch packages and images from the internet.");
    }

    private static Findings memory(InstanceTypeInfo type) {
        return Optional.ofNullable(type.memoryInfo()).map(memory -> memory.sizeInMiB()).filter(size -> size < LITTLE_MIB)
                .map(size -> note(TYPE + type.instanceTypeAsString() + " has " + size / MIB_OF_GIB + " GiB of memory. Web, streaming and Sidekiq of a small instance want 4 together.")).orElse(Findings.NONE);
    }

    /** Each name, with whether what stands under it is ours; and each kind of look that an abort will take, because one that is not allowed would end there. */
    private Findings free() {
        return Stream.concat(Stream.of(AwsFindings.free(() -> MachineInstance.ours(api.ec2(), names).findFirst(), () -> balancer.certificate().arn(), () -> balancer.balancer().find(), () -> balancer.targets().find(), () -> machines.logs().find(), () -> machines.parameters().desired(), () -> {
            machines.role().refuseForeign();
            return Optional.empty();
        }, () -> {
            machines.securityGroups().refuseForeign();
            return Optional.empty();
        })), machines.all().stream().map(machine -> AwsFindings.free(() -> machines.template(machine).find()))).reduce(Findings.NONE, Findings::and);
    }

    private Findings userData() {
        machines.all().forEach(machine -> UserData.of(machine).bytes());
        return Findings.NONE;
    }

    /** The admin's own; one that the operator requests is not there yet. */
    private Findings certificate() {
        return ec2().certificateArn() == null ? Findings.NONE : balancer.certificate().unissued().map(Provisioned::message).map(open -> blocker(Ec2Compute.FIELD + ".certificateArn: " + open + ".")).orElse(Findings.NONE);
    }

    /** Only what the operator created lets the machines in by itself. */
    private Findings reach() {
        var theirs = Stream.of(Optional.ofNullable(spec.target().postgres()).filter(database -> database.existing() != null).map(database -> "spec.target.postgres.existing"),
                Optional.ofNullable(spec.target().redis()).filter(database -> database.existing() != null).map(database -> "spec.target.redis.existing")).flatMap(Optional::stream);
        var groups = machines.securityGroups().ofDatabases().stream().filter(access -> access.given().isPresent()).map(Access::field).map(field -> field + ".securityGroupIds");
        var all = Stream.concat(theirs, groups).toList();
        return all.isEmpty() || ec2().securityGroupIds() != null ? Findings.NONE
                : note("The machines must be let in to databases whose network is yours (" + String.join(", ", all) + "). Make a security group that they let in on their ports, and name it in " + Ec2Compute.FIELD
                        + ".securityGroupIds; or let in the first subnet's address range.");
    }
}
