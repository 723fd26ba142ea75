package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsFindings.blocker;
import static dev.mastodonmigration.target.aws.AwsFindings.tried;
import static dev.mastodonmigration.target.aws.AwsRefusals.asking;

import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.target.aws.AwsSecurityGroup.Access;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
        return AwsFindings.identity(api, "RDS instance " + names.name());
    }

    /** Each name, with whether what stands under it is ours. */
    private Findings free() {
        return AwsFindings.free(() -> new RdsInstance(api.rds(), names, spec).find(), () -> new RdsSubnetGroup(api.rds(), names, spec).find(),
                () -> new RdsParameterGroup(api.rds(), names, spec).find(), secret::find);
    }

    private Findings network() {
        return new AwsNetwork(api.ec2(), names, Access.of(names, spec)).look(AwsNetwork.TWO_ZONES, "RDS wants subnets in two or more.", this::offer);
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
