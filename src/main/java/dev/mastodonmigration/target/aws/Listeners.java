package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.services.elasticloadbalancingv2.ElasticLoadBalancingV2Client;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.Action;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.ActionTypeEnum;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.Certificate;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.Listener;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.ProtocolEnum;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.RedirectActionStatusCodeEnum;

/** HTTPS, where TLS ends, and HTTP, which sends everybody there. They go with their load balancer. */
final class Listeners {
    private static final String WHAT = "Listener";
    private static final Set<String> DUPLICATE = Set.of("DuplicateListener");
    /** TLS 1.2 and 1.3, as AWS recommends. */
    private static final String POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06";
    private final ElasticLoadBalancingV2Client elb;
    private final AwsNames names;
    private final String balancer;

    /** @param balancer its ARN */
    Listeners(ElasticLoadBalancingV2Client elb, AwsNames names, String balancer) {
        this.elb = elb;
        this.names = names;
        this.balancer = balancer;
    }

    /** @param targets and certificate are ARNs */
    Optional<Provisioned> ensure(String targets, String certificate) {
        var all = asking(() -> elb.describeListeners(call -> call.loadBalancerArn(balancer))).listeners();
        return https(on(all, Ec2SecurityGroups.HTTPS), forward(targets), certificate).or(() -> http(on(all, Ec2SecurityGroups.HTTP)));
    }

    private Optional<Provisioned> https(Optional<Listener> found, Action forward, String certificate) {
        var shown = Certificate.builder().certificateArn(certificate).build();
        if (found.isEmpty()) {
            unless(DUPLICATE, () -> elb.createListener(call -> call.loadBalancerArn(balancer).protocol(ProtocolEnum.HTTPS).port(Ec2SecurityGroups.HTTPS).sslPolicy(POLICY).certificates(shown).defaultActions(forward)
                    .tags(AwsTags.balancing(names.tags()))));
            return working("was given HTTPS");
        }
        if (found.get().certificates().stream().map(Certificate::certificateArn).noneMatch(certificate::equals)
                || found.get().defaultActions().stream().noneMatch(action -> forward.targetGroupArn().equals(action.targetGroupArn()))) {
            asking(() -> elb.modifyListener(call -> call.listenerArn(found.get().listenerArn()).certificates(shown).defaultActions(forward)));
            return working("was given its certificate and target group again");
        }
        return Optional.empty();
    }

    private Optional<Provisioned> http(Optional<Listener> found) {
        if (found.isPresent()) {
            return Optional.empty();
        }
        unless(DUPLICATE, () -> elb.createListener(call -> call.loadBalancerArn(balancer).protocol(ProtocolEnum.HTTP).port(Ec2SecurityGroups.HTTP).defaultActions(toHttps()).tags(AwsTags.balancing(names.tags()))));
        return working("was told to send HTTP to HTTPS");
    }

    private Optional<Listener> on(List<Listener> all, int port) {
        var found = all.stream().filter(listener -> Integer.valueOf(port).equals(listener.port())).findFirst();
        found.map(listener -> LoadBalancer.tags(elb, listener.listenerArn(), Set.of("ListenerNotFound"))).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw AwsNames.foreign(WHAT + " on port " + port + " of load balancer", names.balancerName(), tags);
        });
        return found;
    }

    private static Action forward(String targets) {
        return Action.builder().type(ActionTypeEnum.FORWARD).targetGroupArn(targets).build();
    }

    private static Action toHttps() {
        return Action.builder().type(ActionTypeEnum.REDIRECT).redirectConfig(to -> to.protocol("HTTPS").port("443").statusCode(RedirectActionStatusCodeEnum.HTTP_301)).build();
    }

    private Optional<Provisioned> working(String what) {
        return Optional.of(new Provisioned.Working("load balancer " + names.balancerName() + " " + what));
    }
}
