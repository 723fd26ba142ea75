package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.ec2.EnvironmentParameters;
import dev.mastodonmigration.target.aws.ec2.Machine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;

/** The machines of {@code spec.target.compute.ec2}: the story of their creation and of their removal, one change a look. Made anew for each. */
final class Ec2Machines {
    private final MastodonMigrationSpec spec;
    private final AwsApi api;
    private final AwsNames names;
    private final List<Machine> machines;
    private final Supplier<List<String>> groupIds;

    Ec2Machines(MastodonMigration migration, AwsApi api) {
        this.spec = migration.getSpec();
        this.api = api;
        this.names = AwsNames.of(migration);
        this.machines = Machine.of(names.name(), spec);
        this.groupIds = remembered(() -> Stream.concat(Stream.of(securityGroups().machinesId()), Optional.ofNullable(spec.target().compute().ec2().securityGroupIds()).orElse(List.of()).stream()).toList());
    }

    List<Machine> all() {
        return machines;
    }

    /** Each is one look, and at most one change, and is passed once it answers empty; when all are, all machines run. Sidekiq stays as it is. */
    List<Supplier<Optional<Provisioned>>> steps(SortedMap<String, String> environment) {
        var parameters = new MachineParameters(api.ssm(), names, EnvironmentParameters.of(environment));
        return List.of(parameters::ensure, logs()::ensure, securityGroups()::ensure, role()::ensure, () -> first(machine -> template(machine).ensure()), () -> first(machine -> instance(machine).ensure()),
                () -> first(machine -> instance(machine).find().flatMap(found -> parameters.ensureReport(found.instanceId()))));
    }

    /** The same, towards their removal: users before what they use. Empty when nothing of ours is left. */
    Optional<Provisioned> release() {
        return first(Stream.of(() -> MachineInstance.release(api.ec2(), names), () -> first(machine -> template(machine).release()), role()::release, securityGroups()::release, logs()::release, parameters()::release));
    }

    /** Those of the present generation that run, by what they are for. */
    Map<Machine, Instance> running() {
        var running = new LinkedHashMap<Machine, Instance>();
        machines.forEach(machine -> instance(machine).find().filter(found -> found.state().name() == InstanceStateName.RUNNING).ifPresent(found -> running.put(machine, found)));
        return running;
    }

    /** Of other generations, which the present ones take the place of. */
    List<Instance> replaced(Map<Machine, Instance> present) {
        var kept = present.values().stream().map(Instance::instanceId).toList();
        return MachineInstance.ours(api.ec2(), names).filter(instance -> !kept.contains(instance.instanceId())).toList();
    }

    /** To read, and to tell the machines something. */
    MachineParameters parameters() {
        return new MachineParameters(api.ssm(), names, new EnvironmentParameters("", List.of()));
    }

    Ec2SecurityGroups securityGroups() {
        return new Ec2SecurityGroups(api.ec2(), names, spec);
    }

    MachineRole role() {
        return new MachineRole(api, names);
    }

    MachineLogs logs() {
        return new MachineLogs(api.logs(), names);
    }

    MachineTemplate template(Machine machine) {
        return new MachineTemplate(api.ec2(), names, machine, groupIds);
    }

    private MachineInstance instance(Machine machine) {
        return new MachineInstance(api.ec2(), names, machine, template(machine));
    }

    private Optional<Provisioned> first(Function<Machine, Optional<Provisioned>> step) {
        return machines.stream().map(step).flatMap(Optional::stream).findFirst();
    }

    static Optional<Provisioned> first(Stream<Supplier<Optional<Provisioned>>> steps) {
        return steps.map(Supplier::get).flatMap(Optional::stream).findFirst();
    }

    /** Asked once a look. */
    private static <T> Supplier<T> remembered(Supplier<T> ask) {
        var known = new AtomicReference<Optional<T>>(Optional.empty());
        return () -> known.updateAndGet(before -> before.or(() -> Optional.of(ask.get()))).orElseThrow();
    }
}
