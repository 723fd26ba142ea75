package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.mastodon.MastodonProcesses;
import dev.mastodonmigration.outside.Provisioned;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.elasticloadbalancingv2.ElasticLoadBalancingV2Client;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.ProtocolEnum;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.TargetDescription;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.TargetGroupAttribute;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.TargetHealth;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.TargetTypeEnum;

/** The machines that the load balancer sends requests to: those whose nginx answers /health, which it asks Mastodon's web process for. nginx tells web from streaming there. */
final class TargetGroup {
    private static final String WHAT = "Target group";
    private static final Set<String> NOT_FOUND = Set.of("TargetGroupNotFound");
    private static final String DRAIN = "deregistration_delay.timeout_seconds";
    /** Longer than Mastodon's longest requests; AWS's own 300 s would hold up the end of a machine that is replaced. */
    private static final String DRAIN_SECONDS = "60";
    private static final int EVERY_SECONDS = 10;
    private static final int TIMEOUT_SECONDS = 5;
    private static final int IN_A_ROW = 2;
    private final ElasticLoadBalancingV2Client elb;
    private final AwsNames names;

    TargetGroup(ElasticLoadBalancingV2Client elb, AwsNames names) {
        this.elb = elb;
        this.names = names;
    }

    Optional<Provisioned> ensure(Supplier<String> vpc) {
        var found = find();
        if (found.isEmpty()) {
            var in = vpc.get();
            unless(Set.of("DuplicateTargetGroupName"), () -> elb.createTargetGroup(call -> call.name(names.balancerName()).vpcId(in).protocol(ProtocolEnum.HTTP).port(Ec2SecurityGroups.HTTP).targetType(TargetTypeEnum.INSTANCE)
                    .healthCheckProtocol(ProtocolEnum.HTTP).healthCheckPath(MastodonProcesses.WEB_HEALTH).healthCheckIntervalSeconds(EVERY_SECONDS).healthCheckTimeoutSeconds(TIMEOUT_SECONDS)
                    .healthyThresholdCount(IN_A_ROW).unhealthyThresholdCount(IN_A_ROW).matcher(matcher -> matcher.httpCode("200")).tags(AwsTags.balancing(names.tags()))));
            return working("was created");
        }
        var seconds = asking(() -> elb.describeTargetGroupAttributes(call -> call.targetGroupArn(found.get()))).attributes().stream().filter(one -> DRAIN.equals(one.key())).map(TargetGroupAttribute::value).findFirst();
        if (seconds.filter(DRAIN_SECONDS::equals).isEmpty()) {
            asking(() -> elb.modifyTargetGroupAttributes(call -> call.targetGroupArn(found.get()).attributes(TargetGroupAttribute.builder().key(DRAIN).value(DRAIN_SECONDS).build())));
            return working("was told to let go of machines within " + DRAIN_SECONDS + " s");
        }
        return Optional.empty();
    }

    /** Its ARN. @throws dev.mastodonmigration.outside.OutsideException when the one of that name is not ours */
    Optional<String> find() {
        var found = named();
        found.map(this::tags).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw AwsNames.foreign(WHAT, names.balancerName(), tags);
        });
        return found;
    }

    /** What the load balancer says of each of its machines, by the machine's id. */
    Map<String, TargetHealth> health(String arn) {
        return asking(() -> elb.describeTargetHealth(call -> call.targetGroupArn(arn))).targetHealthDescriptions().stream()
                .collect(Collectors.toMap(one -> one.target().id(), one -> one.targetHealth(), (first, second) -> first));
    }

    Optional<Provisioned> register(String arn, String instance) {
        asking(() -> elb.registerTargets(call -> call.targetGroupArn(arn).targets(TargetDescription.builder().id(instance).build())));
        return working("was told of machine " + instance);
    }

    Optional<Provisioned> deregister(String arn, String instance) {
        asking(() -> elb.deregisterTargets(call -> call.targetGroupArn(arn).targets(TargetDescription.builder().id(instance).build())));
        return working("sends no more requests to machine " + instance);
    }

    Optional<Provisioned> release() {
        return named().filter(arn -> names.areOn(tags(arn))).flatMap(arn -> working(unless(Set.of("ResourceInUse"), () -> unless(NOT_FOUND, () -> elb.deleteTargetGroup(call -> call.targetGroupArn(arn))))
                .map(gone -> "was removed").orElse("is still in use")));
    }

    private Optional<String> named() {
        return unless(NOT_FOUND, () -> elb.describeTargetGroups(call -> call.names(names.balancerName()))).flatMap(answer -> answer.targetGroups().stream().findFirst()).map(one -> one.targetGroupArn());
    }

    private Map<String, String> tags(String arn) {
        return LoadBalancer.tags(elb, arn, NOT_FOUND);
    }

    private Optional<Provisioned> working(String what) {
        return Optional.of(new Provisioned.Working("target group " + names.balancerName() + " " + what));
    }
}
