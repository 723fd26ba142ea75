package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.Target;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.embedded.aws.AwsFault;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
@Tag("longest")
class RdsMigrationIT {
    /** The example of deploy/examples, with two answers lost on the way and the operator killed where the third would be. */
    @Test
    void movesToAnInstanceThatTheOperatorCreatesAndVerifiesItsCertificate() throws Exception {
        try (var world = World.start(World.Options.SMALL.withMajors(15, 17).on(Target.RDS))) {
            var faults = world.aws().faults();
            faults.next("ec2:CreateSecurityGroup", new AwsFault.LostAnswer());
            faults.next("rds:CreateDBInstance", new AwsFault.LostAnswer());
            EndToEnd.applyUnattended(world, EndToEnd.LIVE);
            EndToEnd.await(world, "the instance is asked for", status -> world.aws().calls().count("rds:CreateDBInstance") > 0);
            world.operator().restart();
            EndToEnd.awaitCompleted(world);

            assertThat(world.aws().account().tagged(world.migration().getMetadata().getUid())).as("an instance, its snapshot, and a subnet, a parameter and a security group").hasSize(5);
            var password = password(world);
            assertThat(world.aws().calls().containing(password)).allMatch(call -> call.call().name().equals("rds:CreateDBInstance"));
            assertThat(world.describe()).doesNotContain(password);
            try (var target = world.target(); var rows = target.createStatement().executeQuery("SELECT count(*) FROM statuses")) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getLong(1)).isGreaterThanOrEqualTo(1000);
            }
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }

    private static String password(World world) {
        var secret = world.client().secrets().inNamespace(World.NAMESPACE).list().getItems().stream().filter(one -> one.getMetadata().getName().endsWith("-rds")).findFirst().orElseThrow();
        return new String(Base64.getDecoder().decode(secret.getData().get("password")), StandardCharsets.UTF_8);
    }
}
