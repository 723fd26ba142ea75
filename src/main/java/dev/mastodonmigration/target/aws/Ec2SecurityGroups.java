package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationSpec.TargetPostgres;
import dev.mastodonmigration.api.MastodonMigrationSpec.TargetRedis;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.AwsSecurityGroup.Access;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;

/** Who reaches whom: everybody the load balancer, the load balancer the machines, and the machines those databases that the operator created. */
final class Ec2SecurityGroups implements Part {
    static final int HTTP = 80;
    static final int HTTPS = 443;
    private static final List<String> EVERYBODY = List.of("0.0.0.0/0", "::/0");
    private static final String FIELD = "spec.target.compute.ec2";
    private final Ec2Client ec2;
    private final AwsNames names;
    private final MastodonMigrationSpec spec;

    Ec2SecurityGroups(Ec2Client ec2, AwsNames names, MastodonMigrationSpec spec) {
        this.ec2 = ec2;
        this.names = names;
        this.spec = spec;
    }

    @Override
    public Optional<Provisioned> ensure() {
        return first(Stream.of(balancer(HTTPS)::ensure, balancer(HTTP)::ensure, () -> machines(balancerIds()).ensure(), () -> databases(group -> group.lettingIn(List.of(machinesId()), List.of()), AwsSecurityGroup::ensure)));
    }

    @Override
    public Optional<Provisioned> release() {
        var machines = machines(List.of());
        return first(Stream.of(() -> machines.ours().map(SecurityGroup::groupId).flatMap(id -> databases(group -> group, group -> group.shutOut(id))), machines::release, balancer(HTTPS)::release));
    }

    /** Refuses what stands under our names and is not ours. */
    void refuseForeign() {
        machines(List.of()).find();
        balancer(HTTPS).find();
    }

    String machinesId() {
        return machines(List.of()).ids().getFirst();
    }

    List<String> balancerIds() {
        return balancer(HTTPS).ids();
    }

    Access access() {
        return access("-machines", "Machines", HTTP, Optional.ofNullable(ec2().securityGroupIds()));
    }

    private AwsSecurityGroup machines(List<String> from) {
        return new AwsSecurityGroup(ec2, names, access("-machines", "Machines", HTTP, Optional.empty()).lettingIn(from, List.of()));
    }

    private AwsSecurityGroup balancer(int port) {
        return new AwsSecurityGroup(ec2, names, access("-balancer", "Load balancer", port, Optional.empty()).lettingIn(List.of(), EVERYBODY));
    }

    private Access access(String suffix, String server, int port, Optional<List<String>> given) {
        return new Access(names.name() + suffix, server, port, FIELD, ec2().subnetIds(), given, Optional.empty());
    }

    private interface Change {
        Access of(Access access);
    }

    private interface Step {
        Optional<Provisioned> take(AwsSecurityGroup group);
    }

    /** Of those whose group is ours: the admin's own groups are the admin's to change. */
    private Optional<Provisioned> databases(Change change, Step step) {
        return ofDatabases().stream().filter(access -> access.given().isEmpty()).map(access -> new AwsSecurityGroup(ec2, names, change.of(access))).filter(group -> group.ours().isPresent())
                .map(step::take).flatMap(Optional::stream).findFirst();
    }

    /** Of those that the operator creates. */
    List<Access> ofDatabases() {
        var all = new ArrayList<Access>();
        Optional.ofNullable(spec.target()).map(Target::postgres).map(TargetPostgres::rds).map(rds -> Access.of(names, rds)).ifPresent(all::add);
        Optional.ofNullable(spec.target()).map(Target::redis).map(TargetRedis::elastiCache).map(cache -> Access.of(names, cache)).ifPresent(all::add);
        return List.copyOf(all);
    }

    private MastodonMigrationSpec.Ec2 ec2() {
        return spec.target().compute().ec2();
    }

    private static Optional<Provisioned> first(Stream<Supplier<Optional<Provisioned>>> steps) {
        return steps.map(Supplier::get).flatMap(Optional::stream).findFirst();
    }
}
