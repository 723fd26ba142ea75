package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.Target;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.TaggedThings.Thing;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
class AwsMigrationIT {
    /** Everything that the example's migration creates, and how often. */
    static Map<String, Long> created(long machines) {
        return Map.ofEntries(
                Map.entry("RDS instance", 1L), Map.entry("RDS snapshot", 1L), Map.entry("DB subnet group", 1L), Map.entry("DB parameter group", 1L),
                Map.entry("ElastiCache replication group", 1L), Map.entry("cache subnet group", 1L), Map.entry("cache parameter group", 1L),
                Map.entry("EC2 instance t4g.large", machines), Map.entry("launch template", machines), Map.entry("IAM role", 1L), Map.entry("instance profile", 1L), Map.entry("log group", 1L),
                Map.entry("parameter String", 1 + machines), Map.entry("parameter SecureString", 1L),
                Map.entry("load balancer", 1L), Map.entry("listener", 2L), Map.entry("target group", 1L), Map.entry("certificate", 1L), Map.entry("security group", 4L));
    }

    static Map<String, Long> kinds(World world) {
        return world.created().stream().collect(Collectors.groupingBy(Thing::kind, Collectors.counting()));
    }

    /** The example of deploy/examples with machines of their own for Sidekiq and for web, answers lost on the way, and the operator killed where the answer to a launch would be. */
    @Test
    void movesToDatabasesAndMachinesThatTheOperatorCreatesAndMakesNothingTwice() throws Exception {
        try (var world = World.start(World.Options.SMALL.withMajors(15, 17).on(Target.AWS_SPLIT))) {
            var faults = world.aws().faults();
            List.of("rds:CreateDBInstance", "elasticache:CreateReplicationGroup", "ssm:PutParameter", "iam:CreateRole", "ec2:CreateLaunchTemplate", "ec2:RunInstances",
                    "elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:RegisterTargets").forEach(call -> faults.next(call, new AwsFault.LostAnswer()));
            world.aws().certificates().addRecords();
            EndToEnd.applyUnattended(world, Map.of("/spec/strategy/postgres", "Live", "/spec/strategy/redis", "Live", "/spec/rehearsal/enabled", "false"));
            EndToEnd.await(world, "a machine is launched", status -> world.aws().calls().count("ec2:RunInstances") > 0);
            world.operator().restart();
            EndToEnd.awaitCompleted(world);

            assertThat(faults.waiting()).as("answers that were to be lost").isZero();
            assertThat(kinds(world)).isEqualTo(created(2));
            assertThat(world.secretsAstray()).isEmpty();
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }
}
