package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.TargetHealth;

/** What stands in front of the machines: certificate, target group, load balancer and its listeners, one change a look. */
final class Ec2Balancer {
    private final AwsApi api;
    private final AwsNames names;
    private final MastodonMigrationSpec spec;

    Ec2Balancer(AwsApi api, AwsNames names, MastodonMigrationSpec spec) {
        this.api = api;
        this.names = names;
        this.spec = spec;
    }

    BalancerCertificate certificate() {
        return new BalancerCertificate(api.acm(), names, spec);
    }

    LoadBalancer balancer() {
        return new LoadBalancer(api.balancing(), names, spec.target().compute().ec2().subnetIds());
    }

    TargetGroup targets() {
        return new TargetGroup(api.balancing(), names);
    }

    /** @param serving ids of the machines that it is to send requests to */
    Optional<Provisioned> ensure(Supplier<List<String>> securityGroups, List<String> serving) {
        return Ec2Machines.first(Stream.of(() -> targets().ensure(this::vpc), () -> balancer().ensure(securityGroups), () -> registered(serving), certificate()::unissued,
                () -> new Listeners(api.balancing(), names, balancer().find().orElseThrow(this::gone).arn()).ensure(targets().find().orElseThrow(this::gone), certificate().arn().orElseThrow(this::gone))));
    }

    private Optional<Provisioned> registered(List<String> serving) {
        var group = targets().find().orElseThrow(this::gone);
        var known = targets().health(group);
        return serving.stream().filter(id -> !known.containsKey(id) || "draining".equals(known.get(id).stateAsString())).findFirst().flatMap(id -> targets().register(group, id));
    }

    /** By machine; empty where there is no target group. */
    Map<String, TargetHealth> health() {
        return targets().find().map(targets()::health).orElse(Map.of());
    }

    /** Sends no more requests there. Empty once those under way have ended. */
    Optional<Provisioned> letGo(String instance) {
        var group = targets().find().orElseThrow(this::gone);
        return Optional.ofNullable(targets().health(group).get(instance)).flatMap(health -> "draining".equals(health.stateAsString())
                ? Optional.of(new Provisioned.Working("requests under way on machine " + instance + " end")) : targets().deregister(group, instance));
    }

    /** Users before what they use. */
    Optional<Provisioned> release() {
        return Ec2Machines.first(Stream.of(balancer()::release, targets()::release, certificate()::release));
    }

    private String vpc() {
        return asking(() -> api.ec2().describeSubnets(call -> call.subnetIds(spec.target().compute().ec2().subnetIds()))).subnets().stream().map(Subnet::vpcId).findFirst()
                .orElseThrow(() -> new OutsideException("AWS shows none of spec.target.compute.ec2.subnetIds. Check them, and spec.aws.region.", false));
    }

    private OutsideException gone() {
        return new OutsideException("A part of load balancer " + names.balancerName() + " was deleted just now. The operator makes it again.", true);
    }
}
