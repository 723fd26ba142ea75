package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Topology;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.target.aws.ec2.LaunchedMachines;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the admin of a migration to EC2 sees, with an operator that is restarted before every look, and machines whose own program runs, out of the user-data that they were launched with. */
@Tag("thorough")
class Ec2FlowTest {
    private static final String SIDEKIQ = "mastodon-sidekiq-default";
    private static final int MOST_LOOKS = 1500;
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    private MigrationFlow flow;
    private LaunchedMachines machines;
    private List<String> subnets;
    private Map<String, String> before;

    @BeforeEach
    void start() {
        flow = MigrationFlow.onAws(aws.proxy());
        machines = new LaunchedMachines(aws.proxy());
        subnets = aws.proxy().account().subnets("ab");
        before = aws.proxy().account().listing();
    }

    @AfterEach
    void stop() {
        machines.close();
        flow.close();
    }

    private FlowSpec ec2(Topology topology) {
        return new FlowSpec().ec2(subnets, topology, "t4g.large", DeletionPolicy.Delete).withoutRehearsal();
    }

    /** By looks and not by the clock; a machine that sets itself up is given time in between. */
    private void until(String what, Predicate<MastodonMigrationStatus> wanted) throws IOException {
        for (var look = 0; look < MOST_LOOKS; look++) {
            flow.look();
            machines.look();
            var status = flow.status();
            if (status != null && wanted.test(status)) {
                return;
            }
            if (look > 200) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        }
        throw new AssertionError("not reached: " + what + ": " + flow.status().summary + flow.status().phases.stream().map(record -> "\n  " + record.name + " " + record.state + " " + record.message).toList() + flow.events());
    }

    @Test
    void movesToAMachineThatIsCreatedOnTheWayAndSidekiqRunsThereOnceTheTargetTakesWrites() throws IOException {
        flow.apply(ec2(Topology.Single).soak("1h").spec());
        until("the certificate's records are asked for", status -> flow.events().stream().anyMatch(event -> event.contains("add to the domain's DNS CNAME _")));
        assertThat(flow.condition("Stalled")).startsWith("True");
        assertThat(machines.ids()).as("the machine sets itself up meanwhile").hasSize(1);
        aws.proxy().certificates().addRecords();

        until("the target takes writes", status -> {
            assertThat(machines.thatRun(SIDEKIQ)).as("no Sidekiq runs before").isEmpty();
            return status.downtime != null && status.downtime.targetWritableAt != null;
        });
        assertThat(flow.phase("SmokeTest").message).contains("the smoke test passed");
        until("Soak", status -> "Soak".equals(status.phase));

        assertThat(machines.thatRun(SIDEKIQ)).hasSize(1);
        assertThat(machines.environment("mastodon-web")).containsEntry("LOCAL_DOMAIN", "example.social").containsEntry("SECRET_KEY_BASE", "s3cr3t-base");
        assertThat(flow.status().findings).anyMatch(finding -> finding.message.contains("Point DNS of example.social at the load balancer, ") && finding.message.contains(".elb.amazonaws.com"));
        assertThat(aws.proxy().calls().containing("s3cr3t-base")).isNotEmpty().allMatch(call -> call.call().name().equals("ssm:PutParameter"));
        assertThat(flow.read().toString() + flow.events()).doesNotContain("s3cr3t-base");

        // An edit after the move makes another machine, and Sidekiq is never on two.
        var old = machines.ids();
        flow.edit(new FlowSpec().ec2(subnets, Topology.Single, "t4g.xlarge", DeletionPolicy.Delete).withoutRehearsal().soak("1h").spec());
        until("the machine was replaced, and Sidekiq runs on the new one", status -> {
            assertThat(machines.thatRun(SIDEKIQ)).hasSizeLessThanOrEqualTo(1);
            return machines.ids().size() == 1 && !machines.ids().equals(old) && machines.thatRun(SIDEKIQ).size() == 1;
        });
    }

    @Test
    void abortedAtTheGateItLeavesTheAccountAsItWas() throws IOException {
        aws.proxy().certificates().addRecords();
        var lost = new HashSet<String>();
        aws.proxy().faults().whenever(call -> call.isChange() && !call.service().equals("ssm") && lost.add(call.name()), new AwsFault.LostAnswer());
        flow.apply(ec2(Topology.Split).notApproved().spec());
        until("the gate", status -> flow.isWaitingForApproval());
        assertThat(machines.ids()).hasSize(2);
        assertThat(flow.phase("DeployCompute").message).contains("Sidekiq is stopped");
        flow.edit(ec2(Topology.Split).notApproved().state(DesiredState.Aborted).spec());
        until("aborted", status -> MastodonMigrationStatus.ABORTED.equals(status.phase));

        assertThat(machines.ids()).isEmpty();
        assertThat(aws.proxy().account().listing()).isEqualTo(before);
        assertThat(flow.phase("UndoDeployCompute").message).contains("No machine of this migration is left on AWS");
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
    }
}
