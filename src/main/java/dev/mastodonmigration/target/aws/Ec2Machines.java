package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.ec2.EnvironmentParameters;
import dev.mastodonmigration.target.aws.ec2.Machine;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The machines of {@code spec.target.compute.ec2}: the story of their creation and of their removal, one change a look. Made anew for each. */
final class Ec2Machines {
    private final MastodonMigration migration;
    private final AwsApi api;
    private final AwsNames names;
    private final List<Machine> machines;
    private final Supplier<String> securityGroupId;

    Ec2Machines(MastodonMigration migration, AwsApi api) {
        this.migration = migration;
        this.api = api;
        this.names = AwsNames.of(migration);
        this.machines = Machine.of(names.name(), migration.getSpec());
        this.securityGroupId = remembered(() -> securityGroup().id());
    }

    /** One look, and at most one change. Sidekiq stays stopped. */
    Provisioned ensure(SortedMap<String, String> environment) {
        var parameters = new MachineParameters(api.ssm(), names, EnvironmentParameters.of(environment));
        return Stream.<Supplier<Optional<Provisioned>>>of(parameters::ensure, securityGroup()::ensure, role()::ensure, () -> first(machine -> template(machine).ensure()),
                        () -> first(machine -> instance(machine).ensure()), () -> first(machine -> instance(machine).find().flatMap(found -> parameters.ensureReport(found.instanceId()))))
                .map(Supplier::get).flatMap(Optional::stream).findFirst()
                .orElseGet(() -> new Provisioned.Ready(machines.stream().map(machine -> MachineTemplate.name(names, machine) + " runs").collect(Collectors.joining(", "))));
    }

    /** The same, towards their removal: users before what they use. */
    Provisioned release() {
        if (Optional.ofNullable(migration.getSpec().aws()).filter(aws -> aws.deletionPolicy() == DeletionPolicy.Delete).isEmpty()) {
            return new Provisioned.Ready("what was created on AWS stays, and costs money, because spec.aws.deletionPolicy is not Delete: its name is " + names.name());
        }
        var nothing = new MachineParameters(api.ssm(), names, new EnvironmentParameters("", List.of()));
        return Stream.<Supplier<Optional<Provisioned>>>of(() -> MachineInstance.release(api.ec2(), names), () -> first(machine -> template(machine).release()), role()::release, securityGroup()::release, nothing::release)
                .map(Supplier::get).flatMap(Optional::stream).findFirst()
                .orElseGet(() -> new Provisioned.Ready("no machine of this migration is left on AWS under the name " + names.name()));
    }

    private Optional<Provisioned> first(Function<Machine, Optional<Provisioned>> step) {
        return machines.stream().map(step).flatMap(Optional::stream).findFirst();
    }

    /** Asked once a look. */
    private static Supplier<String> remembered(Supplier<String> ask) {
        var known = new AtomicReference<Optional<String>>(Optional.empty());
        return () -> known.updateAndGet(before -> before.or(() -> Optional.of(ask.get()))).orElseThrow();
    }

    private MachineSecurityGroup securityGroup() {
        return new MachineSecurityGroup(api.ec2(), names, migration.getSpec().target().compute().ec2().subnetIds());
    }

    private MachineRole role() {
        return new MachineRole(api, names);
    }

    private MachineTemplate template(Machine machine) {
        return new MachineTemplate(api.ec2(), names, machine, securityGroupId);
    }

    private MachineInstance instance(Machine machine) {
        return new MachineInstance(api.ec2(), names, machine, template(machine));
    }
}
