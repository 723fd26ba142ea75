package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.ec2.Machine;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.TargetHealth;

/**
 * Machines of the present generation take the place of those of another, after an edit of image, type or Sidekiq: the new ones serve first, then the old Sidekiq stops and is seen to have stopped, then requests
 * under way on the old ones end, and then the old ones go. Whoever starts Sidekiq again starts it on the new ones.
 */
final class Ec2Replacement {
    private static final String HEALTHY = "healthy";
    private final Ec2Client ec2;
    private final Map<Machine, Instance> present;
    private final List<Instance> replaced;
    private final Ec2Orders orders;

    Ec2Replacement(Ec2Client ec2, Map<Machine, Instance> present, List<Instance> replaced, Ec2Orders orders) {
        this.ec2 = ec2;
        this.present = present;
        this.replaced = replaced;
        this.orders = orders;
    }

    /** Empty when none of another generation is left, and Sidekiq is to run on none but those that are there. */
    Optional<Provisioned> ensure(Ec2Balancer balancer) {
        if (orders.isOverwritten()) {
            return Optional.of(orders.stop("somebody wrote over what the machines were told, with something older"));
        }
        if (replaced.isEmpty()) {
            return orders.works().filter(id -> present.values().stream().noneMatch(instance -> instance.instanceId().equals(id))).map(id -> orders.stop("machine " + id + ", on which it ran, is gone"));
        }
        var health = balancer.health();
        return Ec2Machines.first(Stream.of(() -> late(health), this::stopped, () -> first(old -> balancer.letGo(old.instanceId())), () -> first(old -> MachineInstance.terminate(ec2, old))));
    }

    private Optional<Provisioned> late(Map<String, TargetHealth> health) {
        return present.entrySet().stream().filter(one -> !isUp(one.getKey(), one.getValue().instanceId(), health)).findFirst()
                .map(one -> new Provisioned.Working("machine " + one.getValue().instanceId() + " sets itself up, in some minutes; until then those that it replaces go on" + trouble(one.getValue().instanceId())));
    }

    private boolean isUp(Machine machine, String id, Map<String, TargetHealth> health) {
        return orders.isDone(id) && (!machine.role().serves || health.containsKey(id) && HEALTHY.equals(health.get(id).stateAsString()));
    }

    private String trouble(String id) {
        return orders.report(id).map(one -> one.report().trouble()).filter(words -> !words.isEmpty()).map(words -> " (it says: " + words + ")").orElse("");
    }

    private Optional<Provisioned> stopped() {
        var ids = replaced.stream().map(Instance::instanceId).toList();
        if (orders.works().filter(ids::contains).isPresent()) {
            return Optional.of(orders.stop("machine " + orders.works().get() + ", on which it runs, is replaced"));
        }
        // One that never said a word never started a Sidekiq: it was never named.
        var open = ids.stream().filter(id -> orders.report(id).isPresent() && (!orders.isDone(id) || orders.working().contains(id))).findFirst();
        return open.map(id -> new Provisioned.Working("Sidekiq on machine " + id + " ends its jobs. If it does not within minutes, look: aws ssm start-session --target " + id + ", then journalctl -u 'mastodon-*'"));
    }

    private Optional<Provisioned> first(Step step) {
        return replaced.stream().map(step::take).flatMap(Optional::stream).findFirst();
    }

    private interface Step {
        Optional<Provisioned> take(Instance old);
    }
}
