package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.embedded.aws.AwsAccount;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.AwsSecurityGroup.Access;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is created for web, streaming and Sidekiq, and removed again: the real SDK, moto, and the fault proxy between them. */
@Tag("thorough")
@EnableKubernetesMockClient(crud = true, https = false)
class Ec2ComputeTest {
    /**
     * Certificate; parameters of environment, instruction and report; log group and how long it keeps; the balancer's group and its two rules, the machines' and its rule; role, rights, profile, its role;
     * template, instance; target group and how long it drains, balancer, how long it idles (which moto leaves open, where AWS has the 60 s by itself), its machine, two listeners.
     */
    private static final int CHANGES = 1 + 3 + 2 + 5 + 4 + 2 + 7;
    private static final int THINGS = 15;
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
        world.untilServing("Single");

        assertThat(world.listing()).hasSize(THINGS).allSatisfy(line -> assertThat(line).contains("uid=" + world.names.uid()))
                .contains("log group /" + world.names.name() + " for 30 days uid=" + world.names.uid(), "group " + world.names.name() + "-balancer uid=" + world.names.uid() + " lets in [443 everybody, 80 everybody]",
                        "group " + world.names.name() + "-machines uid=" + world.names.uid() + " lets in [80 a group]");
        var instance = world.instances().getFirst();
        assertThat(world.aws.calls().last("ec2:CreateLaunchTemplate").orElseThrow().call().parameters()).containsEntry("LaunchTemplateData.MetadataOptions.HttpTokens", "required")
                .containsEntry("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "1").containsEntry("LaunchTemplateData.BlockDeviceMapping.1.Ebs.Encrypted", "true");
        assertThat(world.aws.calls().last("elasticloadbalancing:CreateTargetGroup").orElseThrow().call().parameters()).containsEntry("HealthCheckPath", "/health").containsEntry("Port", "80");
        assertThat(instance.networkInterfaces().getFirst().groups()).extracting(group -> group.groupName()).containsExactly(world.names.name() + "-machines");
        assertThat(AwsTags.ofEc2(instance.tags())).containsEntry(MachineTemplate.ROLE_TAG, "SINGLE").containsKeys(MachineTemplate.GENERATION_TAG, "Name");
        assertThat(world.aws.calls().changes()).as(() -> world.aws.calls().changes().stream().map(call -> call.call().name()).toList().toString()).hasSize(CHANGES);
        assertThat(world.mostChangesInALook()).isEqualTo(1);
        assertThat(world.ensureOnce("Single")).isInstanceOf(Provisioned.Ready.class);
        assertThat(world.operator("Single").entrances().web()).contains(".elb.amazonaws.com");
        assertThat(world.operator("Single").endpoint()).hasValueSatisfying(asked -> assertThat(asked.streaming().toString()).startsWith("https://").endsWith(".elb.amazonaws.com"));
        assertThat(world.policy()).contains("ssm:GetParametersByPath", "arn:aws:ssm:eu-central-1:123456789012:parameter/mastodon-migration/" + world.names.name() + "/environment/*").doesNotContain("ssm:*", "iam:");
    }

    @Test
    void splitMachinesAreOneForEachRoleAndTheBalancerKnowsThatOfWebAlone() {
        world.untilServing("Split");

        assertThat(world.instances()).extracting(instance -> AwsTags.ofEc2(instance.tags()).get(MachineTemplate.ROLE_TAG)).containsExactlyInAnyOrder("WEB", "SIDEKIQ");
        var web = world.instances().stream().filter(instance -> "WEB".equals(AwsTags.ofEc2(instance.tags()).get(MachineTemplate.ROLE_TAG))).findFirst().orElseThrow().instanceId();
        assertThat(world.aws.calls().of("elasticloadbalancing:RegisterTargets")).singleElement().satisfies(call -> assertThat(call.call().parameter("Targets.member.1.Id")).contains(web));
    }

    @Test
    void secretsAreInParameterStoreAloneAndUserDataHasNone() {
        world.untilServing("Single");

        var calls = world.aws.calls();
        var secrets = List.of("smtp-secret", "aws-secret", "secret-key-base", "are-primary", "s3cret", "p@ss:word");
        for (var secret : secrets) {
            assertThat(calls.containing(secret)).as(secret).isNotEmpty().allMatch(call -> call.call().name().equals("ssm:PutParameter"));
        }
        var userData = calls.last("ec2:CreateLaunchTemplate").orElseThrow().call().parameter("LaunchTemplateData.UserData").orElseThrow();
        assertThat(Ec2World.unpacked(Base64.getDecoder().decode(userData))).startsWith("#cloud-config").doesNotContain(secrets);
    }

    /** Every change is done, and of none does anybody ever hear. */
    @Test
    void whereverAnswersAreLostOneOfEachIsThereAndAnAbortLeavesTheAccountAsItWas() {
        var before = world.listing();
        world.aws.faults().whenever(call -> call.isChange(), new AwsFault.LostAnswer());
        world.untilReady("Split");

        assertThat(world.aws.calls().changes()).isNotEmpty().allMatch(call -> call.outcome() == RecordedCall.Outcome.ANSWER_LOST);
        assertThat(world.instances()).hasSize(2);
        assertThat(world.listing()).as("another template, machine and report").hasSize(THINGS + 3);

        assertThat(world.untilReleased("Split", DeletionPolicy.Delete)).last().asString().contains("No machine of this migration is left");
        assertThat(world.listing()).isEqualTo(before);
    }

    /** Of each change the first does not arrive, and of each kind of look the first two are refused. */
    @Test
    void whereverCallsDoNotArriveOneOfEachIsThereAndAnAbortLeavesTheAccountAsItWas() {
        var before = world.listing();
        var cut = new HashSet<String>();
        var refused = new HashMap<String, Integer>();
        world.aws.faults().whenever(call -> call.isChange() && cut.add(call.body().replaceAll("(ClientToken|IdempotencyToken)=[^&]*", "")), new AwsFault.CutBefore());
        world.aws.faults().whenever(call -> !call.isChange() && refused.merge(call.name(), 1, Integer::sum) <= 2, new AwsFault.Throttled());
        world.stand("Single");
        assertThat(cut).hasSizeGreaterThanOrEqualTo(CHANGES);
        assertThat(world.listing()).hasSize(THINGS).doesNotHaveDuplicates();

        world.untilReleased("Single", DeletionPolicy.Delete);
        assertThat(world.listing()).isEqualTo(before);
    }

    @Test
    void anInstanceThatAwsDoesNotShowYetIsNotLaunchedAgain() {
        for (var n = 2; n <= 4; n++) {
            world.aws.faults().nth(n, "ec2:DescribeInstances", new AwsFault.Stale());
        }
        world.stand("Single");

        assertThat(world.instances()).hasSize(1);
        assertThat(world.aws.calls().of("ec2:RunInstances")).hasSizeGreaterThan(1).extracting(call -> call.call().parameter("ClientToken").orElseThrow()).containsOnly(
                world.aws.calls().last("ec2:RunInstances").orElseThrow().call().parameter("ClientToken").orElseThrow());
    }

    @Test
    void aProfileThatEc2DoesNotKnowYetIsWaitedFor() {
        world.aws.faults().next("ec2:RunInstances", new AwsFault.Refused(400, "InvalidParameterValue", "Value (" + world.names.name() + ") for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"));

        assertThat(world.stand("Single")).anyMatch(said -> said.contains("EC2 does not know instance profile"));
        assertThat(world.instances()).hasSize(1);
    }

    @Test
    void oneThatSomebodyTerminatedIsLaunchedAnewAndServes() {
        world.untilServing("Single");
        var first = world.instances().getFirst().instanceId();
        world.byHand.ec2().terminateInstances(call -> call.instanceIds(first));
        assertThat(world.operator("Single").ready().waitingFor()).contains("machine of all processes missing");

        world.untilServing("Single");

        assertThat(world.instances()).hasSize(1).noneMatch(instance -> instance.instanceId().equals(first));
    }

    @Test
    void aChangedEnvironmentIsWrittenWholeBeforeItIsNamedAndTheOldOneGoesOnceNobodyReadsIt() {
        world.untilServing("Single");
        var before = world.aws.calls().all().size();

        world.untilReady("Single", Example.environment("SMTP_PASSWORD", "rotated"));
        world.machinesLook();
        var puts = world.aws.calls().all().stream().skip(before).filter(call -> call.call().name().equals("ssm:PutParameter")).map(call -> call.call().body()).toList();
        assertThat(puts).hasSize(2);
        assertThat(puts.getFirst()).contains("rotated");
        assertThat(puts.getLast()).contains("/desired").doesNotContain("rotated");
        assertThat(world.instances()).hasSize(1);

        world.untilReady("Single", Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(world.listing().stream().filter(line -> line.contains("/environment/"))).hasSize(1);
    }

    @Test
    void withoutDeletionPolicyDeleteNothingIsRemoved() {
        world.stand("Single");
        var before = world.listing();

        assertThat(world.untilReleased("Single", DeletionPolicy.Retain)).singleElement().asString().contains("stays, and costs money", world.names.name());

        assertThat(world.listing()).isEqualTo(before);
    }

    @Test
    void whereNothingWasCreatedNothingIsSaidToStay() {
        assertThat(world.untilReleased("Single", DeletionPolicy.Retain)).singleElement().asString().contains("No machine of this migration is on AWS").doesNotContain("costs money");
    }

    @Test
    void withCredentialsOfAnotherAccountNothingIsTakenForGoneNorCreatedAgain() {
        world.stand("Single");
        var before = world.listing();
        world.startedIn = AwsAccount.ELSEWHERE;
        assertThatThrownBy(() -> world.operator("Single").remove()).hasMessageContainingAll(AwsAccount.HERE, AwsAccount.ELSEWHERE);
        assertThatThrownBy(() -> world.ensureOnce("Single")).hasMessageContainingAll(AwsAccount.HERE, AwsAccount.ELSEWHERE);
        assertThat(world.operator("Single").remains()).hasValueSatisfying(said -> assertThat(said).contains("whatever was created of machines", AwsAccount.ELSEWHERE));
        assertThat(world.untilReleased("Single", DeletionPolicy.Retain)).singleElement().asString().contains("stays, and costs money: whatever was created");
        assertThat(world.listing()).isEqualTo(before);
        world.startedIn = AwsAccount.HERE;
        assertThat(world.operator("Single").remains()).hasValueSatisfying(said -> assertThat(said).startsWith("Until then this stays, and costs money: machines, "));
        world.untilReleased("Single", DeletionPolicy.Delete);
        assertThat(world.operator("Single").remains()).isEmpty();
    }

    @Test
    void whatIsSomebodyElsesIsLeftAsItIs() {
        for (var foreign : Ec2World.Foreign.values()) {
            world.reset();
            world.make(foreign);
            var before = world.listing();
            assertThatThrownBy(() -> world.stand("Single")).as(foreign.name()).isInstanceOf(OutsideException.class).hasMessageContaining("mastodon-example-soci").hasMessageContaining("was not made by this migration");
            assertThat(world.operator("Single").preflight().blockers()).as(foreign.name()).anyMatch(said -> said.contains("was not made by this migration"));
            world.untilReleased("Single", DeletionPolicy.Delete);
            assertThat(world.listing()).as(foreign.name()).isEqualTo(before);
        }
    }

    /** AWS does not show it yet, and answers the create of one with the same settings with success. */
    @Test
    void aCreateThatSucceedsWithSomebodyElsesObjectIsRecognised() {
        world.make(Ec2World.Foreign.TARGET_GROUP);
        world.aws.faults().next("elasticloadbalancing:DescribeTargetGroups", new AwsFault.Refused(400, "TargetGroupNotFound", "One or more target groups not found"));

        assertThatThrownBy(() -> world.stand("Single")).isInstanceOf(OutsideException.class).hasMessageContaining("Target group").hasMessageContaining("another's");

        assertThat(world.aws.calls().last("elasticloadbalancing:CreateTargetGroup").orElseThrow().result()).startsWith("200");
        assertThat(world.aws.calls().count("elasticloadbalancing:RegisterTargets") + world.aws.calls().count("elasticloadbalancing:ModifyTargetGroupAttributes")).isZero();
        world.untilReleased("Single", DeletionPolicy.Delete);
        assertThat(world.listing()).singleElement().asString().startsWith("target group");
    }

    @Test
    void aLoadBalancerThatSomebodyDeletedIsMissingAndIsMadeAgain() {
        world.untilServing("Single");
        world.aws.account().deleteLoadBalancers();

        assertThat(world.operator("Single").ready().missing()).containsExactly("load balancer");
        world.untilServing("Single");
        assertThat(world.listing()).hasSize(THINGS).doesNotHaveDuplicates();
    }

    @Test
    void theRecordsThatTheCertificateNeedsAreNamedAndNothingIsOpenBefore() {
        world.dnsIsKept = false;

        assertThatThrownBy(() -> world.stand("Single")).isInstanceOf(OutsideException.class)
                .hasMessageContaining("add to the domain's DNS CNAME _").hasMessageContaining("www.example.social").hasMessageContaining("streaming.example.social").hasMessageContaining("acm-validations.aws");
        assertThat(world.aws.calls().count("elasticloadbalancing:CreateListener")).isZero();
        world.aws.certificates().addRecords();
        world.untilServing("Single");
        assertThat(world.aws.calls().count("acm:RequestCertificate")).isEqualTo(1);
    }

    @Test
    void aCertificateThatAwsGivesUpOnIsToldWithTheWayOut() {
        world.aws.certificates().fail("FAILED");

        assertThatThrownBy(() -> world.untilReady("Single")).isInstanceOf(OutsideException.class).hasMessageContaining("is FAILED").hasMessageContaining("aws acm delete-certificate");
    }

    @Test
    void aCertificateOfTheAdminsMustBeForAllDomainsAndIsNeverDeleted() {
        var arn = world.byHand.acm().requestCertificate(call -> call.domainName("www.example.social").validationMethod("DNS")).certificateArn();
        world.aws.certificates().addRecords();
        world.ec2.put("certificateArn", arn);
        assertThat(world.operator("Single").preflight().blockers()).anyMatch(said -> said.contains("is not for example.social, streaming.example.social"));

        var wide = world.byHand.acm().requestCertificate(call -> call.domainName("example.social").subjectAlternativeNames("*.example.social").validationMethod("DNS")).certificateArn();
        world.ec2.put("certificateArn", wide);
        assertThat(world.operator("Single").preflight().blockers()).isEmpty();
        world.untilServing("Single");
        assertThat(world.byHand.balancing().describeListeners(call -> call.loadBalancerArn(world.byHand.balancing().describeLoadBalancers().loadBalancers().getFirst().loadBalancerArn())).listeners().stream()
                .flatMap(listener -> listener.certificates().stream())).extracting(certificate -> certificate.certificateArn()).containsExactly(wide);
        world.untilReleased("Single", DeletionPolicy.Delete);
        assertThat(world.listing()).hasSize(2).allMatch(line -> line.startsWith("certificate"));
    }

    @Test
    void databasesThatTheOperatorCreatedLetTheMachinesInUntilTheyGo() {
        world.target.put("postgres", Map.of("rds", Map.of("instanceClass", "db.t4g.medium", "allocatedStorageGiB", 50, "engineVersion", "17", "subnetIds", world.subnets(), "allowFrom", Map.of("cidrs", List.of("10.0.0.0/16")))));
        world.target.put("redis", Map.of("elastiCache", Map.of("nodeType", "cache.t4g.small", "engineVersion", "8.0", "subnetIds", world.subnets(), "securityGroupIds", List.of("sg-0a"))));
        var spec = world.migration("Single").getSpec().target().postgres().rds();
        var database = new AwsSecurityGroup(world.byHand.ec2(), world.names, Access.of(world.names, spec));
        // As Provision makes it: the group, then its rule.
        database.ensure();
        database.ensure();
        var before = world.listing();
        world.untilServing("Single");

        assertThat(database.ours().orElseThrow().ipPermissions().stream().flatMap(rule -> rule.userIdGroupPairs().stream())).hasSize(1);
        world.untilReleased("Single", DeletionPolicy.Delete);
        assertThat(database.ours().orElseThrow().ipPermissions().stream().flatMap(rule -> rule.userIdGroupPairs().stream())).isEmpty();
        assertThat(world.listing()).isEqualTo(before);
    }

    @Test
    void namesAreWithinWhatEachServiceTakes() {
        var longest = new AwsNames("mastodon", "a".repeat(200), "uid");
        assertThat(longest.name()).hasSizeLessThanOrEqualTo(64);
        assertThat(longest.balancerName()).hasSizeLessThanOrEqualTo(32).doesNotStartWith("internal-").doesNotEndWith("-");
        assertThat(List.of(longest.name() + "-machines", longest.name() + "-sidekiq")).allMatch(name -> name.length() <= 128);
    }
}
