package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.rds.model.CreateDbInstanceRequest;
import software.amazon.awssdk.services.rds.model.CreateDbParameterGroupRequest;
import software.amazon.awssdk.services.rds.model.DBParameterGroupStatus;
import software.amazon.awssdk.services.rds.model.ModifyDbInstanceRequest;
import software.amazon.awssdk.services.rds.model.PendingModifiedValues;

@EnableKubernetesMockClient(crud = true, https = false)
class RdsTest {
    /** The changes of an undisturbed creation, in order. */
    private static final List<String> CREATION = List.of("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "CreateDbSubnetGroup", "CreateDbParameterGroup", "ModifyDbParameterGroup", "CreateDbInstance");
    /** Set by the extension. */
    KubernetesClient client;
    private RdsWorld world;

    @BeforeEach
    void world() {
        world = new RdsWorld(client);
    }

    @Test
    void eachThingIsCreatedOnceOneALookAndTheInstanceLast() {
        world.untilReady();
        assertThat(world.aws.changes).isEqualTo(CREATION);
        world.untilReady();
        assertThat(world.aws.changes).as("run again, it changes nothing").isEqualTo(CREATION);
        var group = world.aws.ec2.groups.values().stream().filter(one -> one.groupName().equals(world.names.name())).findFirst().orElseThrow();
        assertThat(group.ipPermissions()).singleElement().satisfies(rule -> {
            assertThat(rule.fromPort()).isEqualTo(5432);
            assertThat(rule.userIdGroupPairs()).singleElement().satisfies(pair -> assertThat(pair.groupId()).isEqualTo("sg-nodes"));
            assertThat(rule.ipRanges()).singleElement().satisfies(range -> assertThat(range.cidrIp()).isEqualTo("10.0.0.0/16"));
        });
        assertThat(request(CreateDbParameterGroupRequest.class).dbParameterGroupFamily()).isEqualTo("postgres17");
        assertThat(world.aws.rds.parameters.get(world.names.name())).isEqualTo(RdsParameterGroup.SETTINGS);
    }

    @Test
    void aLookChangesAtMostOneThing() {
        var operator = world.operator();
        for (var look = 0; look < 12; look++) {
            var before = world.aws.changes.size();
            operator.ensure();
            assertThat(world.aws.changes.size() - before).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void theInstanceIsEncryptedProtectedAndSupportedWithoutExtraPay() {
        world.untilReady();
        var created = request(CreateDbInstanceRequest.class);
        assertThat(created.storageEncrypted()).isTrue();
        assertThat(created.storageType()).isEqualTo("gp3");
        assertThat(created.iops()).as("refused under 400 GiB").isNull();
        assertThat(created.storageThroughput()).isNull();
        assertThat(created.deletionProtection()).isTrue();
        assertThat(created.copyTagsToSnapshot()).isTrue();
        assertThat(created.publiclyAccessible()).isFalse();
        assertThat(created.multiAZ()).isFalse();
        assertThat(created.backupRetentionPeriod()).isEqualTo(7);
        assertThat(created.engineVersion()).isEqualTo("17");
        assertThat(created.engineLifecycleSupport()).isEqualTo("open-source-rds-extended-support-disabled");
        assertThat(AwsTags.ofRds(created.tags())).containsEntry("mastodonmigration.dev/uid", world.migration.getMetadata().getUid());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void whereverAnswersAreLostOneOfEachIsThere(int change) {
        world.aws.loseAnswerOf(change);
        assertThat(world.untilReady()).anyMatch(said -> said.contains("Connection reset"));
        assertOneOfEach();
        assertThat(world.aws.changes).as("the next look finds what was made").isEqualTo(CREATION);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void whereverRequestsAreLostTheyAreMadeAgain(int change) {
        world.aws.loseRequest(change);
        world.untilReady();
        assertOneOfEach();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void anOperatorThatIsKilledAfterAnyLookGoesOn(int looks) {
        var operator = world.operator();
        for (var look = 0; look < looks; look++) {
            operator.ensure();
            world.pass(Duration.ofSeconds(10));
        }
        var password = world.kept().get("password");
        world.untilReady();
        assertOneOfEach();
        assertThat(world.aws.changes).isEqualTo(CREATION);
        assertThat(world.aws.rds.password).isEqualTo(password).isEqualTo(world.kept().get("password"));
    }

    @Test
    void anInstanceThatIsNotShownYetIsNotMadeTwice() {
        world.aws.rds.hidden = 2;
        assertThat(world.untilReady()).anyMatch(said -> said.contains("RDS does not show yet"));
        assertOneOfEach();
    }

    @Test
    void whatIsSomebodyElsesIsLeftAsItIs() {
        var name = world.names.name();
        world.aws.rds.subnetGroup(name, AwsTags.rds(Map.of("mastodonmigration.dev/uid", "another")));
        assertThatThrownBy(world::untilReady).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse())
                .hasMessageContaining("DB subnet group " + name + " exists on AWS and was not made by this migration").hasMessageContaining("another's: another").hasMessageContaining("left as it is");
        world.aws.rds.subnetGroups.clear();
        world.aws.rds.parameterGroup(name, "postgres17", List.of());
        assertThatThrownBy(world::untilReady).hasMessageContaining("DB parameter group " + name + " exists").hasMessageContaining("is missing");
        assertThat(world.aws.rds.parameters.get(name)).isEmpty();
        world.aws.rds.parameterGroups.clear();
        world.untilReady();
        world.aws.rds.edit(name, instance -> instance.tagList(List.of()).deletionProtection(false));
        var changes = world.aws.changes.size();
        assertThatThrownBy(world::untilReady).hasMessageContaining("RDS instance " + name + " exists");
        assertThat(world.aws.changes).hasSize(changes);
    }

    @Test
    void aSecurityGroupOfOurNameInTheVpcIsRefusedAndOneInAnotherIsNoMatter() {
        world.aws.ec2.group("sg-other", world.names.name(), "vpc-2");
        world.untilReady();
        assertThat(world.aws.ec2.groups.get("sg-other").ipPermissions()).isEmpty();
        world = new RdsWorld(client);
        world.secret().release();
        world.aws.ec2.group("sg-same", world.names.name(), FakeEc2.VPC);
        assertThatThrownBy(world::untilReady).hasMessageContaining("Security group " + world.names.name() + " exists");
        assertThat(world.aws.ec2.groups.get("sg-same").ipPermissions()).isEmpty();
    }

    @Test
    void aSecretOfThatNameThatIsNotOursIsRefused() {
        world.secret(world.secret().name(), Map.of(), "password", "theirs");
        assertThatThrownBy(world::untilReady).hasMessageContaining("Secret mastodon/" + world.secret().name() + " exists and was not made by this migration");
        assertThat(world.aws.changes).isEmpty();
    }

    @Test
    void thePasswordIsInItsSecretBeforeTheInstanceIsAsked() {
        world.operator().ensure();
        assertThat(world.aws.changes).isEmpty();
        assertThat(world.kept().get("password")).matches("[A-Za-z0-9]{40}");
    }

    @Test
    void thePasswordIsInNoRequestButThoseThatSetIt() {
        var said = world.untilReady();
        var password = world.kept().get("password");
        assertThat(world.aws.rds.password).isEqualTo(password);
        assertThat(said).noneMatch(message -> message.contains(password));
        assertThat(world.aws.requests).filteredOn(request -> !(request instanceof CreateDbInstanceRequest)).noneMatch(request -> request.toString().contains(password));
        assertThat(request(CreateDbInstanceRequest.class).tags().toString()).doesNotContain(password);
    }

    @Test
    void aSecretThatWasDeletedIsMadeAgainAndItsPasswordSetOnce() {
        world.untilReady();
        world.secret().release();
        world.untilReady();
        assertThat(world.aws.rds.password).isEqualTo(world.kept().get("password"));
        assertThat(requests(ModifyDbInstanceRequest.class)).singleElement().satisfies(modified -> assertThat(modified.applyImmediately()).isTrue());
        world.untilReady();
        assertThat(requests(ModifyDbInstanceRequest.class)).as("none when it is equal").hasSize(1);
    }

    @Test
    void availableForAMomentIsNotReady() {
        world.aws.rds.creation = List.of("creating", "available", "available", "backing-up", "available", "modifying", "available");
        var said = world.untilReady();
        assertThat(said.subList(said.size() - 4, said.size())).satisfiesExactly(one -> assertThat(one).contains("1 of 3"), two -> assertThat(two).contains("2 of 3"),
                three -> assertThat(three).contains("address was written"), ready -> assertThat(ready).contains("is ready"));
        assertThat(said).filteredOn(message -> message.contains("1 of 3")).as("it began to count three times").hasSize(3);
    }

    @Test
    void looksInAHurryDoNotCountAndARestartOnlyWaitsLonger() {
        world.untilReady();
        var operator = world.operator();
        for (var look = 0; look < 10; look++) {
            assertThat(operator.ensure().message()).contains("1 of 3");
        }
        world.pass(Duration.ofSeconds(10));
        assertThat(operator.ensure().message()).contains("2 of 3");
        assertThat(world.operator().ensure().message()).contains("1 of 3");
    }

    @Test
    void aSettingThatWaitsForARestartGetsOneAndIsNotReadyBefore() {
        world.untilReady();
        world.aws.rds.edit(world.names.name(), instance -> instance.dbParameterGroups(
                DBParameterGroupStatus.builder().dbParameterGroupName(world.names.name()).parameterApplyStatus("pending-reboot").build()));
        var said = world.untilReady();
        assertThat(said.getFirst()).contains("is restarted");
        assertThat(world.aws.changes).endsWith("RebootDbInstance");
    }

    @Test
    void pendingChangesAreToldByNameAndNotReady() {
        world.untilReady();
        world.aws.rds.edit(world.names.name(), instance -> instance.pendingModifiedValues(PendingModifiedValues.builder().multiAZ(true).masterUserPassword("geheim-geheim").build()));
        assertThat(world.operator().ensure()).isInstanceOf(Provisioned.Working.class)
                .satisfies(waits -> assertThat(waits.message()).contains("MultiAZ", "MasterUserPassword", "--apply-immediately").doesNotContain("geheim"));
    }

    @Test
    void protectionAndBackupsThatSomebodyTookAwayComeBackAtOnce() {
        world.untilReady();
        world.aws.rds.edit(world.names.name(), instance -> instance.deletionProtection(false).backupRetentionPeriod(0));
        world.untilReady();
        assertThat(request(ModifyDbInstanceRequest.class).applyImmediately()).as("else RDS waits for the maintenance window").isTrue();
        assertThat(world.aws.rds.instances.get(world.names.name()).backupRetentionPeriod()).isEqualTo(7);
        assertThat(world.aws.rds.instances.get(world.names.name()).deletionProtection()).isTrue();
    }

    @Test
    void anotherParameterGroupIsNotOurs() {
        world.untilReady();
        world.aws.rds.edit(world.names.name(), instance -> instance.dbParameterGroups(DBParameterGroupStatus.builder().dbParameterGroupName("default.postgres17").parameterApplyStatus("in-sync").build()));
        assertThatThrownBy(() -> world.operator().ensure()).hasMessageContaining("another parameter group");
    }

    @Test
    void whatCannotHealSaysTheWayOutAndWhatIsUnknownIsToldAndWaitedFor() {
        world.untilReady();
        world.aws.rds.status(world.names.name(), "storage-full");
        assertThatThrownBy(() -> world.operator().ensure()).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining("--allocated-storage");
        world.aws.rds.status(world.names.name(), "incompatible-network");
        assertThatThrownBy(() -> world.operator().ensure()).hasMessageContaining("does not come back").hasMessageContaining("--skip-final-snapshot");
        world.aws.rds.status(world.names.name(), "pondering");
        assertThat(world.operator().ensure()).isInstanceOf(Provisioned.Working.class).satisfies(waits -> assertThat(waits.message()).contains("\"pondering\""));
        world.aws.rds.status(world.names.name(), "storage-optimization");
        world.untilReady();
    }

    @Test
    void theUrlIsThereWhenItIsReadyAndComesFromTheSecretAlone() {
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class);
        world.untilReady();
        var asked = world.aws.requests.size();
        var url = URI.create(world.operator().url());
        assertThat(url).hasScheme("postgres").hasHost(FakeRds.HOST).hasPort(5432).hasPath("/mastodon_production").hasQuery("sslmode=verify-full").hasUserInfo("mastodon:" + world.kept().get("password"));
        assertThat(world.aws.requests).hasSize(asked);
        assertThat(world.operator().plannedMajor()).contains(17);
    }

    /** A worker without a target's URL takes it that Postgres does not move. */
    @Test
    void onceItWasProvisionedAMissingSecretIsALossAndNotTooEarly() {
        world.untilReady();
        var provision = new PhaseRecord();
        provision.name = "Provision";
        provision.state = PhaseState.Succeeded;
        world.migration.setStatus(new MastodonMigrationStatus());
        world.migration.getStatus().phases.add(provision);
        world.secret().release();
        assertThatThrownBy(() -> world.operator().url()).isNotInstanceOf(NotCreatedException.class).hasMessageContaining("Put it back from a backup");
        var undo = new PhaseRecord();
        undo.name = "UndoProvision";
        world.migration.getStatus().phases.add(undo);
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class);
    }

    private void assertOneOfEach() {
        assertThat(world.aws.rds.instances).hasSize(1);
        assertThat(world.aws.rds.subnetGroups).hasSize(1);
        assertThat(world.aws.rds.parameterGroups).hasSize(1);
        assertThat(world.aws.ec2.groups.values()).filteredOn(group -> group.groupName().equals(world.names.name())).hasSize(1);
    }

    private <T> T request(Class<T> type) {
        return requests(type).getLast();
    }

    private <T> List<T> requests(Class<T> type) {
        return world.aws.requests.stream().filter(type::isInstance).map(type::cast).toList();
    }
}
