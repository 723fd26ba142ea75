package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.SmokeTest;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What machines are told, and what is believed of what they say: Sidekiq, the smoke test, machines that take each other's place. */
@Tag("thorough")
@EnableKubernetesMockClient(crud = true, https = false)
class Ec2OrdersTest {
    /** Set by the extension. */
    KubernetesClient client;
    private Ec2World world;

    @BeforeEach
    void begin() {
        world = Ec2World.empty(client);
    }

    @AfterEach
    void end() {
        if (world != null) {
            world.close();
        }
    }

    @Test
    void sidekiqIsStoppedUntilItIsStartedAndThenRunsOnOneMachine() {
        world.untilServing("Split");
        var operator = world.operator("Split");
        assertThat(operator.runsSidekiq()).isFalse();
        assertThat(operator.ready().started()).isFalse();

        operator.startSidekiq();
        assertThat(operator.runsSidekiq()).as("it is about to").isTrue();
        assertThat(operator.ready().complete()).as("it does not run yet").isFalse();
        world.machinesLook();
        assertThat(operator.ready().complete()).isTrue();
        assertThat(operator.ready().started()).isTrue();

        var told = world.told();
        assertThat(told.epoch()).isEqualTo(1);
        assertThat(world.instances().stream().filter(instance -> instance.instanceId().equals(told.sidekiq())).map(instance -> AwsTags.ofEc2(instance.tags()).get(MachineTemplate.ROLE_TAG))).containsExactly("SIDEKIQ");
        operator.startSidekiq();
        assertThat(world.told()).as("once is enough").isEqualTo(told);
        assertThat(world.ensureOnce("Split")).isInstanceOf(Provisioned.Ready.class);
        assertThat(world.told()).as("ensure leaves it as it is").isEqualTo(told);
    }

    @Test
    void whatAnOperatorWroteThatWasAsleepIsDoneByNobodyAndIsToldAndOverwritten() {
        world.untilServing("Single");
        var asleep = world.told();
        world.operator("Single").startSidekiq();
        world.machinesLook();
        var machine = world.told().sidekiq();

        world.tell(asleep);
        world.machinesLook();

        var readiness = world.operator("Single").ready();
        assertThat(readiness.troubles()).anyMatch(said -> said.contains("asleep"));
        assertThat(world.operator("Single").runsSidekiq()).as("the machine's own words count").isTrue();
        assertThat(world.untilReady("Single")).anyMatch(said -> said.contains("somebody wrote over"));
        assertThat(world.told().epoch()).as("above all that a machine has seen").isEqualTo(2);
        world.machinesLook();
        world.operator("Single").startSidekiq();
        world.machinesLook();
        assertThat(world.told().sidekiq()).isEqualTo(machine);
        assertThat(world.operator("Single").ready().complete()).isTrue();
    }

    @Test
    void anEditReplacesTheMachineOnceTheNewOneServesAndTheOldSidekiqHasStopped() {
        world.untilServing("Single");
        world.operator("Single").startSidekiq();
        world.machinesLook();
        var old = world.told().sidekiq();
        var revision = world.operator("Single").revision();
        world.ec2.put("instanceType", "t4g.xlarge");
        world.stubborn.add(old);

        var said = new ArrayList<String>();
        for (var look = 0; look < 25; look++) {
            said.add(world.ensureOnce("Single").message());
            if (world.instances().size() == 2 && said.getLast().contains("sets itself up")) {
                assertThat(world.told().sidekiq()).as("until the new one serves, the old one works").isEqualTo(old);
            }
            if (world.told().sidekiq().isEmpty()) {
                assertThatThrownBy(() -> world.operator("Single").startSidekiq()).isInstanceOf(OutsideException.class).hasMessageContaining("it still runs").hasMessageContaining(old);
            }
            world.machinesLook();
        }
        assertThat(said).last().asString().contains("Sidekiq on machine " + old + " ends its jobs");
        assertThat(world.instances()).as("it is not terminated with jobs in hand").hasSize(2);

        world.stubborn.clear();
        world.machinesLook();
        assertThat(world.untilReady("Single")).anyMatch(words -> words.contains("requests under way on machine " + old)).anyMatch(words -> words.contains("machine " + old + " is being terminated"));
        world.operator("Single").startSidekiq();
        world.machinesLook();
        assertThat(world.instances()).singleElement().satisfies(instance -> {
            assertThat(instance.instanceTypeAsString()).isEqualTo("t4g.xlarge");
            assertThat(world.told().sidekiq()).isEqualTo(instance.instanceId());
        });
        assertThat(world.operator("Single").ready().complete()).isTrue();
        assertThat(world.operator("Single").revision()).isNotEqualTo(revision);
    }

    @Test
    void theOldMachineStaysWhileTheNewOneDoesNotServe() {
        world.untilServing("Single");
        var old = world.instances().getFirst().instanceId();
        world.ec2.put("instanceType", "t4g.xlarge");
        var said = "";
        for (var look = 0; look < 15; look++) {
            said = world.ensureOnce("Single").message();
            world.instances().stream().map(instance -> instance.instanceId()).filter(id -> !id.equals(old)).forEach(world.aws.balancers()::sick);
            world.machinesLook();
        }

        assertThat(said).contains("sets itself up", "those that it replaces go on");
        assertThat(world.instances()).hasSize(2);
    }

    @Test
    void theSmokeTestRunsOncePerRevisionOnEveryMachineAndAgainWhenItIsForgotten() {
        world.untilServing("Split");
        var operator = world.operator("Split");
        world.smokeTestFails = "2 migrations are pending: 1, 2.";
        assertThat(operator.smokeTest()).isInstanceOf(SmokeTest.Running.class);
        world.machinesLook();
        assertThat(operator.smokeTest()).isInstanceOf(SmokeTest.Failed.class).extracting(SmokeTest.Failed.class::cast).satisfies(failed -> assertThat(failed.message()).contains("2 migrations are pending", "Correct it"));
        assertThat(world.told().once()).containsOnlyKeys("mastodon-smoke-web", "mastodon-smoke-streaming");

        operator.removeSmokeTest();
        assertThat(world.told().once()).isEmpty();
        world.smokeTestFails = "";
        // Nobody looked in between: it is a new run all the same.
        assertThat(operator.smokeTest()).isInstanceOf(SmokeTest.Running.class);
        world.machinesLook();
        assertThat(operator.smokeTest()).isInstanceOf(SmokeTest.Passed.class).extracting(SmokeTest.Passed.class::cast).satisfies(passed -> assertThat(passed.message()).contains("mastodon-smoke-streaming passed"));
        assertThat(operator.smokeTest()).as("and not again").isInstanceOf(SmokeTest.Passed.class);

        world.untilReady("Split", Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(operator.smokeTest()).as("another configuration").isInstanceOf(SmokeTest.Running.class);
        world.asleep.add(world.instances().getFirst().instanceId());
        world.machinesLook();
        assertThat(operator.smokeTest()).as("every machine").isInstanceOf(SmokeTest.Running.class);
    }

    @Test
    void aMachineIsBelievedWhileItsWordsAreFreshAndTheLoadBalancerAgrees() {
        world.untilServing("Single");
        var machine = world.instances().getFirst().instanceId();

        world.later = Ec2Readiness.SILENT.plusSeconds(60);
        assertThat(world.operator("Single").ready().waitingFor()).contains("mastodon-web 0/1", "is silent since", "aws ssm start-session --target " + machine);
        world.later = Duration.ZERO;
        assertThat(world.operator("Single").ready().complete()).isTrue();

        world.aws.balancers().sick(machine);
        assertThat(world.operator("Single").ready().waitingFor()).contains("load balancer 0/1", "unhealthy, Target.Timeout");
        world.aws.balancers().well(machine);

        world.trouble = "Of the 3 parameters of the environment there are 2.";
        world.machinesLook();
        assertThat(world.operator("Single").ready().troubles()).anyMatch(said -> said.contains("Of the 3 parameters"));
        world.asleep.add(machine);
        world.untilReady("Single", Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(world.operator("Single").ready().complete()).as("it has not done what it was told last").isFalse();
    }

    /** In the freeze nothing is asked for that was edited meanwhile and not rolled out. */
    @Test
    void anEditThatIsNotRolledOutChangesNothingOfWhatStands() {
        world.untilServing("Single");
        var revision = world.operator("Single").revision();
        world.ec2.put("sidekiq", List.of(Map.of("name", "all"), Map.of("name", "mail", "queues", List.of("mailers"))));
        world.ec2.put("instanceType", "t4g.xlarge");

        var operator = world.operator("Single");
        assertThat(operator.ready().complete()).isTrue();
        assertThat(operator.revision()).isEqualTo(revision);
        operator.startSidekiq();
        world.stubborn.add(world.instances().getFirst().instanceId());
        assertThat(operator.ready().parts()).containsKey("mastodon-sidekiq-default").doesNotContainKey("mastodon-sidekiq-mail");
    }
}
