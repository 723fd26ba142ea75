package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.ec2.Machine;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.ResourceType;

/**
 * One machine. Its launch carries a token that is made from migration, role and generation: the same launch again, after an answer that was lost or while AWS does not show the instance yet, is the
 * same instance (kubernetes-sigs/cluster-api-provider-aws#5794 and #2915 are what happens without).
 */
final class MachineInstance {
    private static final Set<InstanceStateName> GONE = Set.of(InstanceStateName.SHUTTING_DOWN, InstanceStateName.TERMINATED);
    /** A token whose instance was terminated is used up. */
    private static final Set<String> USED_UP = Set.of("IdempotentInstanceTerminated");
    private static final int MOST_TOKENS = 10;
    private static final List<ResourceType> TAGGED = List.of(ResourceType.INSTANCE, ResourceType.VOLUME, ResourceType.NETWORK_INTERFACE);
    private final Ec2Client ec2;
    private final AwsNames names;
    private final Machine machine;
    private final MachineTemplate template;

    MachineInstance(Ec2Client ec2, AwsNames names, Machine machine, MachineTemplate template) {
        this.ec2 = ec2;
        this.names = names;
        this.machine = machine;
        this.template = template;
    }

    /** @return what was just done or is waited for; empty when it runs */
    Optional<Provisioned> ensure() {
        var found = find();
        if (found.isEmpty()) {
            return launch();
        }
        return switch (found.get().state().name()) {
            case RUNNING -> Optional.empty();
            case STOPPED -> start(found.get());
            default -> working(found.get(), "is " + found.get().state().nameAsString());
        };
    }

    /** That of the present generation. */
    Optional<Instance> find() {
        var generation = template.generation();
        return ours(ec2, names).filter(instance -> machine.role().name().equals(AwsTags.ofEc2(instance.tags()).get(MachineTemplate.ROLE_TAG)))
                .filter(instance -> generation.equals(AwsTags.ofEc2(instance.tags()).get(MachineTemplate.GENERATION_TAG))).findFirst();
    }

    /** All of the migration that are not gone, whatever their role and generation. */
    static Stream<Instance> ours(Ec2Client ec2, AwsNames names) {
        return asking(() -> ec2.describeInstancesPaginator(call -> call.filters(Filter.builder().name("tag:" + AwsNames.UID_TAG).values(names.uid()).build())).reservations().stream()
                .flatMap(reservation -> reservation.instances().stream()).toList()).stream().filter(instance -> !GONE.contains(instance.state().name()));
    }

    /** Terminates one, or waits for those that go. */
    static Optional<Provisioned> release(Ec2Client ec2, AwsNames names) {
        var left = asking(() -> ec2.describeInstancesPaginator(call -> call.filters(Filter.builder().name("tag:" + AwsNames.UID_TAG).values(names.uid()).build())).reservations().stream()
                .flatMap(reservation -> reservation.instances().stream()).toList()).stream().filter(instance -> instance.state().name() != InstanceStateName.TERMINATED).toList();
        var doomed = left.stream().filter(instance -> !GONE.contains(instance.state().name())).findFirst();
        if (doomed.isPresent()) {
            return terminate(ec2, doomed.get());
        }
        return left.stream().findFirst().flatMap(instance -> working(instance, "is being terminated"));
    }

    /** Terminates one that is no longer wanted. */
    static Optional<Provisioned> terminate(Ec2Client ec2, Instance instance) {
        unless(Set.of("InvalidInstanceID.NotFound"), () -> ec2.terminateInstances(call -> call.instanceIds(instance.instanceId())));
        return working(instance, "is being terminated");
    }

    private Optional<Provisioned> launch() {
        var version = template.version();
        for (var number = 0; number < MOST_TOKENS; number++) {
            var token = AwsNames.digest(names.uid() + "/" + machine.role() + "/" + template.generation() + "/" + number);
            try {
                var launched = unless(USED_UP, () -> ec2.runInstances(call -> call.launchTemplate(from -> from.launchTemplateName(MachineTemplate.name(names, machine)).version(String.valueOf(version)))
                        .networkInterfaces(network -> network.deviceIndex(0).subnetId(subnetIds().getFirst()).groups(template.securityGroups()).deleteOnTermination(true)).minCount(1).maxCount(1).clientToken(token)
                        .tagSpecifications(TAGGED.stream().map(type -> AwsTags.ec2(type, template.tags())).toList())));
                if (launched.isPresent()) {
                    return working(launched.get().instances().getFirst(), "was launched");
                }
            } catch (AwsException refused) {
                // EC2 hears of a new profile seconds to minutes after IAM has it (hashicorp/terraform-provider-aws#13199).
                if (refused.code().equals("InvalidParameterValue") && refused.getMessage().contains("IAM Instance Profile")) {
                    return Optional.of(new Provisioned.Working("EC2 does not know instance profile " + names.name() + " yet, which is new"));
                }
                throw refused;
            }
        }
        throw new AwsException("IdempotentInstanceTerminated", "Machine " + MachineTemplate.name(names, machine) + " was terminated " + MOST_TOKENS
                + " times by somebody else. Find out who does it (CloudTrail, TerminateInstances) before the operator launches another.", false);
    }

    private Optional<Provisioned> start(Instance stopped) {
        asking(() -> ec2.startInstances(call -> call.instanceIds(stopped.instanceId())));
        return working(stopped, "was stopped by somebody, and is started again");
    }

    private List<String> subnetIds() {
        return machine.spec().target().compute().ec2().subnetIds();
    }

    private static Optional<Provisioned> working(Instance instance, String what) {
        return Optional.of(new Provisioned.Working("machine " + instance.instanceId() + " " + what));
    }
}
