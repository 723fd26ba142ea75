package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The real SDK, moto, and the fault proxy between them. */
@EnableKubernetesMockClient(crud = true, https = false)
class Ec2MachinesTest {
    /** Parameters of environment, instruction and report; group, role, rights, profile, its role, template, instance. */
    private static final int CHANGES = 10;
    private static final List<String> ACTIONS = List.of("ssm:PutParameter", "ec2:CreateSecurityGroup", "iam:CreateRole", "iam:PutRolePolicy", "iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile",
            "ec2:CreateLaunchTemplate", "ec2:RunInstances");
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
    void oneOfEachIsCreatedWithOurTagsAndEachLookMakesOneChange() {
        world.untilReady("Single");

        assertThat(world.listing()).hasSize(8).allSatisfy(line -> assertThat(line).contains("uid=" + world.names.uid()));
        var instance = world.instances().getFirst();
        assertThat(world.aws.calls().last("ec2:CreateLaunchTemplate").orElseThrow().call().parameters()).containsEntry("LaunchTemplateData.MetadataOptions.HttpTokens", "required")
                .containsEntry("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "1").containsEntry("LaunchTemplateData.BlockDeviceMapping.1.Ebs.Encrypted", "true");
        assertThat(instance.networkInterfaces().getFirst().groups()).extracting(group -> group.groupName()).containsExactly(world.names.name() + "-machines");
        assertThat(AwsTags.ofEc2(instance.tags())).containsEntry(MachineTemplate.ROLE_TAG, "SINGLE").containsKeys(MachineTemplate.GENERATION_TAG, "Name");
        assertThat(world.changes()).isEqualTo(CHANGES);
        assertThat(world.mostChangesInALook()).isEqualTo(1);
        assertThat(world.ensureOnce("Single").message()).contains("runs");
        assertThat(world.policy()).contains("ssm:GetParametersByPath", "arn:aws:ssm:eu-central-1:123456789012:parameter/mastodon-migration/" + world.names.name() + "/environment/*").doesNotContain("ssm:*", "iam:");
    }

    @Test
    void splitMachinesAreOneForEachRole() {
        world.untilReady("Split");

        assertThat(world.instances()).extracting(instance -> AwsTags.ofEc2(instance.tags()).get(MachineTemplate.ROLE_TAG)).containsExactlyInAnyOrder("WEB", "SIDEKIQ");
    }

    @Test
    void secretsAreInParameterStoreAloneAndUserDataHasNone() {
        world.untilReady("Single");

        var calls = world.aws.calls();
        var secrets = List.of("smtp-secret", "aws-secret", "secret-key-base", "are-primary", "s3cret", "p@ss:word");
        for (var secret : secrets) {
            assertThat(calls.containing(secret)).as(secret).isNotEmpty().allMatch(call -> call.call().name().equals("ssm:PutParameter"));
        }
        var userData = calls.last("ec2:CreateLaunchTemplate").orElseThrow().call().parameter("LaunchTemplateData.UserData").orElseThrow();
        assertThat(Ec2World.unpacked(Base64.getDecoder().decode(userData))).startsWith("#cloud-config").doesNotContain(secrets);
    }

    /** Of each change: it is done, and nobody hears of it, nor is it done when it is tried again: what the SDK does not bring through ends the look, as a crash does. */
    @Test
    void whereverAnswersAreLostOneOfEachIsThere() {
        for (var action : ACTIONS) {
            world.aws.faults().nth(1, action, new AwsFault.LostAnswer());
            for (var again = 2; again <= 4; again++) {
                world.aws.faults().nth(again, action, new AwsFault.CutBefore());
            }
        }
        world.untilReady("Single");

        assertThat(ACTIONS).allSatisfy(action -> assertThat(world.aws.calls().of(action).getFirst().outcome()).as(action).isEqualTo(RecordedCall.Outcome.ANSWER_LOST));
        assertThat(world.listing()).hasSize(8).doesNotHaveDuplicates();
    }

    @Test
    void whereverCallsDoNotArriveOneOfEachIsThere() {
        for (var action : ACTIONS) {
            for (var call = 1; call <= 4; call++) {
                world.aws.faults().nth(call, action, new AwsFault.CutBefore());
            }
        }
        world.untilReady("Single");

        assertThat(world.aws.faults().waiting()).isZero();
        assertThat(world.listing()).hasSize(8).doesNotHaveDuplicates();
    }

    @Test
    void anInstanceThatAwsDoesNotShowYetIsNotLaunchedAgain() {
        for (var n = 2; n <= 4; n++) {
            world.aws.faults().nth(n, "ec2:DescribeInstances", new AwsFault.Stale());
        }
        world.untilReady("Single");

        assertThat(world.instances()).hasSize(1);
        assertThat(world.aws.calls().of("ec2:RunInstances")).hasSizeGreaterThan(1).extracting(call -> call.call().parameter("ClientToken").orElseThrow()).containsOnly(
                world.aws.calls().last("ec2:RunInstances").orElseThrow().call().parameter("ClientToken").orElseThrow());
    }

    @Test
    void aProfileThatEc2DoesNotKnowYetIsWaitedFor() {
        world.aws.faults().next("ec2:RunInstances", new AwsFault.Refused(400, "InvalidParameterValue", "Value (" + world.names.name() + ") for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"));

        assertThat(world.untilReady("Single")).anyMatch(said -> said.contains("EC2 does not know instance profile"));
        assertThat(world.instances()).hasSize(1);
    }

    @Test
    void oneThatSomebodyTerminatedIsLaunchedAnew() {
        world.untilReady("Single");
        var first = world.instances().getFirst().instanceId();
        world.api.ec2().terminateInstances(call -> call.instanceIds(first));

        world.untilReady("Single");

        assertThat(world.instances()).hasSize(1).noneMatch(instance -> instance.instanceId().equals(first));
    }

    @Test
    void aChangedEnvironmentIsWrittenWholeBeforeItIsNamed() {
        world.untilReady("Single");
        var before = world.aws.calls().all().size();

        world.untilReady("Single", Example.environment("SMTP_PASSWORD", "rotated"));

        var puts = world.aws.calls().all().stream().skip(before).filter(call -> call.call().name().equals("ssm:PutParameter")).map(call -> call.call().body()).toList();
        assertThat(puts).hasSize(2);
        assertThat(puts.getFirst()).contains("rotated");
        assertThat(puts.getLast()).contains("/desired").doesNotContain("rotated");
        assertThat(world.instances()).hasSize(1);
    }

    @Test
    void abortLeavesTheAccountAsItWas() {
        var before = world.listing();
        world.untilReady("Split");
        for (var call : List.of("ec2:TerminateInstances", "ec2:DeleteLaunchTemplate", "iam:DeleteInstanceProfile", "iam:DeleteRole", "ec2:DeleteSecurityGroup", "ssm:DeleteParameter")) {
            world.aws.faults().next(call, new AwsFault.LostAnswer());
        }

        assertThat(world.untilReleased("Split", DeletionPolicy.Delete)).last().asString().contains("no machine of this migration is left");

        assertThat(world.listing()).isEqualTo(before);
        assertThat(world.aws.faults().waiting()).isZero();
    }

    @Test
    void withoutDeletionPolicyDeleteNothingIsRemoved() {
        world.untilReady("Single");
        var before = world.listing();

        assertThat(world.untilReleased("Single", DeletionPolicy.Retain)).singleElement().asString().contains("stays, and costs money", world.names.name());

        assertThat(world.listing()).isEqualTo(before);
    }

    @Test
    void whatIsSomebodyElsesIsLeftAsItIs() {
        for (var foreign : Ec2World.Foreign.values()) {
            world.reset();
            world.make(foreign);
            var before = world.listing();
            assertThatThrownBy(() -> world.untilReady("Single")).as(foreign.name()).isInstanceOf(OutsideException.class).hasMessageContaining(world.names.name()).hasMessageContaining("was not made by this migration");
            world.untilReleased("Single", DeletionPolicy.Delete);
            assertThat(world.listing()).as(foreign.name()).isEqualTo(before);
        }
    }

    @Test
    void namesAreWithinWhatEachServiceTakes() {
        var longest = new AwsNames("mastodon", "a".repeat(200), "uid");
        assertThat(longest.name()).hasSizeLessThanOrEqualTo(64);
        assertThat(Arrays.asList(longest.name() + "-machines", longest.name() + "-sidekiq")).allMatch(name -> name.length() <= 128);
    }
}
