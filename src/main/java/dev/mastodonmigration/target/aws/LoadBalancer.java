package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import software.amazon.awssdk.services.elasticloadbalancingv2.ElasticLoadBalancingV2Client;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.LoadBalancerAttribute;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.LoadBalancerSchemeEnum;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.LoadBalancerTypeEnum;

/**
 * What users come to. ELB answers a create of a name that exists with success where the settings are the same, whoever made it: so nothing is done with what a create answers, and the next look reads its
 * tags before it goes on.
 */
final class LoadBalancer {
    private static final String WHAT = "Load balancer";
    private static final Set<String> NOT_FOUND = Set.of("LoadBalancerNotFound");
    private static final String IDLE = "idle_timeout.timeout_seconds";
    /** Shorter than nginx's 75 s, else the balancer sends a request into a connection that was just closed; longer than streaming's pings, 30 s apart. */
    private static final String IDLE_SECONDS = "60";
    private final ElasticLoadBalancingV2Client elb;
    private final AwsNames names;
    private final List<String> subnetIds;

    /**
     * Without its type's many other words.
     *
     * @param zone hosted zone of {@code dnsName}, by which Route 53 makes aliases of it
     */
    record Seen(String arn, String dnsName, String zone, String state, String reason) {}

    LoadBalancer(ElasticLoadBalancingV2Client elb, AwsNames names, List<String> subnetIds) {
        this.elb = elb;
        this.names = names;
        this.subnetIds = subnetIds;
    }

    Optional<Provisioned> ensure(Supplier<List<String>> securityGroups) {
        var found = find();
        if (found.isEmpty()) {
            var groups = securityGroups.get();
            unless(Set.of("DuplicateLoadBalancerName"), () -> elb.createLoadBalancer(call -> call.name(names.balancerName()).type(LoadBalancerTypeEnum.APPLICATION).scheme(LoadBalancerSchemeEnum.INTERNET_FACING)
                    .subnets(subnetIds).securityGroups(groups).tags(AwsTags.balancing(names.tags()))));
            return working("was created");
        }
        return switch (found.get().state()) {
            case "active", "active_impaired" -> idleTimeout(found.get().arn());
            case "failed" -> throw new OutsideException(WHAT + " " + names.balancerName() + " could not be set up by AWS (" + found.get().reason() + "). Correct spec.target.compute.ec2.subnetIds: each needs"
                    + " eight free addresses and a route to an internet gateway. Then delete it: aws elbv2 delete-load-balancer --load-balancer-arn " + found.get().arn() + ". The operator makes another.", false);
            default -> working("is " + found.get().state());
        };
    }

    private Optional<Provisioned> idleTimeout(String arn) {
        var seconds = asking(() -> elb.describeLoadBalancerAttributes(call -> call.loadBalancerArn(arn))).attributes().stream().filter(one -> IDLE.equals(one.key())).map(LoadBalancerAttribute::value).findFirst();
        if (seconds.filter(IDLE_SECONDS::equals).isPresent()) {
            return Optional.empty();
        }
        asking(() -> elb.modifyLoadBalancerAttributes(call -> call.loadBalancerArn(arn).attributes(LoadBalancerAttribute.builder().key(IDLE).value(IDLE_SECONDS).build())));
        return working("was told to close idle connections after " + IDLE_SECONDS + " s");
    }

    /** @throws OutsideException when the one of that name is not ours */
    Optional<Seen> find() {
        var found = named();
        found.map(this::tags).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw AwsNames.foreign(WHAT, names.balancerName(), tags);
        });
        return found;
    }

    /** With its listeners. */
    Optional<Provisioned> release() {
        return named().filter(one -> names.areOn(tags(one))).flatMap(one -> {
            unless(NOT_FOUND, () -> elb.deleteLoadBalancer(call -> call.loadBalancerArn(one.arn())));
            return working("is being removed");
        });
    }

    private Optional<Seen> named() {
        return unless(NOT_FOUND, () -> elb.describeLoadBalancers(call -> call.names(names.balancerName()))).flatMap(answer -> answer.loadBalancers().stream().findFirst())
                .map(one -> new Seen(one.loadBalancerArn(), one.dnsName(), one.canonicalHostedZoneId(), one.state().codeAsString(), Optional.ofNullable(one.state().reason()).orElse("no reason given")));
    }

    private Map<String, String> tags(Seen one) {
        return tags(elb, one.arn(), NOT_FOUND);
    }

    /** Of anything of ELB's; none when it is gone. */
    static Map<String, String> tags(ElasticLoadBalancingV2Client elb, String arn, Set<String> notFound) {
        return unless(notFound, () -> elb.describeTags(call -> call.resourceArns(arn))).stream().flatMap(answer -> answer.tagDescriptions().stream()).findFirst()
                .map(description -> AwsTags.ofBalancing(description.tags())).orElse(Map.of());
    }

    private Optional<Provisioned> working(String what) {
        return Optional.of(new Provisioned.Working("load balancer " + names.balancerName() + " " + what));
    }
}
