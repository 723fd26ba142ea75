package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.RdsStatuses;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.TargetDatabase;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@EnableKubernetesMockClient(crud = true, https = false)
class RdsTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private RdsWorld world;

    @BeforeEach
    void world() {
        world = new RdsWorld(client, aws.proxy());
    }

    @Test
    void eachThingIsCreatedOnceOneALookAndTheInstanceLast() {
        var operator = world.operator();
        for (var look = 0; look < 12; look++) {
            var before = world.changes().size();
            operator.ensure();
            world.pass(RdsWorld.APART);
            assertThat(world.changes().size() - before).isLessThanOrEqualTo(1);
        }
        assertThat(operator.ensure()).isInstanceOf(Provisioned.Ready.class);
        assertThat(world.changes()).isEqualTo(RdsWorld.CREATION);
        assertThat(world.tagged()).hasSize(RdsWorld.WHOLE);
        var ours = world.ourSecurityGroups();
        assertThat(ours).hasSize(1);
        assertThat(world.asked("ec2:AuthorizeSecurityGroupIngress")).containsEntry("GroupId", ours.getFirst()).containsEntry("IpPermissions.1.FromPort", "5432").containsEntry("IpPermissions.1.ToPort", "5432")
                .containsEntry("IpPermissions.1.Groups.1.GroupId", world.nodes).containsEntry("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16");
        assertThat(world.asked("rds:CreateDBParameterGroup")).containsEntry("DBParameterGroupFamily", "postgres17");
        assertThat(world.account.rdsValues("ParameterName", "DescribeDBParameters", "DBParameterGroupName", world.names.name(), "Source", "user")).containsAll(RdsParameterGroup.SETTINGS.keySet());
    }

    @Test
    void theInstanceIsEncryptedProtectedAndSupportedWithoutExtraPay() {
        world.untilReady();
        assertThat(world.asked("rds:CreateDBInstance")).containsEntry("StorageEncrypted", "true").containsEntry("StorageType", "gp3").containsEntry("DeletionProtection", "true")
                .containsEntry("CopyTagsToSnapshot", "true").containsEntry("PubliclyAccessible", "false").containsEntry("MultiAZ", "false").containsEntry("BackupRetentionPeriod", "7")
                .containsEntry("EngineVersion", "17").containsEntry("EngineLifecycleSupport", "open-source-rds-extended-support-disabled")
                // Refused under 400 GiB.
                .doesNotContainKeys("Iops", "StorageThroughput").containsValue("mastodonmigration.dev/uid").containsValue(world.names.uid());
        var changed = world.changes().size();
        world.untilReady();
        assertThat(world.changes()).as("run again, it changes nothing").hasSize(changed);
    }

    @Test
    void anOperatorThatIsKilledAfterEveryLookGoesOn() {
        while (world.calls().count("rds:CreateDBInstance") == 0) {
            world.operator().ensure();
        }
        var password = world.kept().get("password");
        world.untilReady();
        assertThat(world.tagged()).hasSize(RdsWorld.WHOLE);
        assertThat(world.changes()).isEqualTo(RdsWorld.CREATION);
        assertThat(world.asked("rds:CreateDBInstance")).containsEntry("MasterUserPassword", password);
        assertThat(world.kept()).containsEntry("password", password);
    }

    @Test
    void anInstanceThatIsNotShownYetIsNotMadeTwice() {
        var operator = world.operator();
        while (world.calls().count("rds:CreateDBInstance") == 0) {
            operator.ensure();
        }
        world.aws.faults().nth(1, "rds:DescribeDBInstances", new AwsFault.Stale());
        world.aws.faults().nth(2, "rds:DescribeDBInstances", new AwsFault.Stale());
        assertThat(world.untilReady()).filteredOn(said -> said.contains("RDS does not show yet")).hasSize(2);
        assertThat(world.tagged()).hasSize(RdsWorld.WHOLE);
    }

    @Test
    void whatIsSomebodyElsesIsLeftAsItIs() {
        var name = world.names.name();
        world.account.rds("CreateDBSubnetGroup", "DBSubnetGroupName", name, "DBSubnetGroupDescription", "theirs", "SubnetIds.SubnetIdentifier.1", world.subnets.getFirst(),
                "SubnetIds.SubnetIdentifier.2", world.subnets.getLast(), "Tags.Tag.1.Key", "mastodonmigration.dev/uid", "Tags.Tag.1.Value", "another");
        assertThatThrownBy(world::untilReady).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse())
                .hasMessageContaining("DB subnet group " + name + " exists on AWS and was not made by this migration").hasMessageContaining("another's: another").hasMessageContaining("left as it is");
        world.account.rds("DeleteDBSubnetGroup", "DBSubnetGroupName", name);
        world.account.rds("CreateDBParameterGroup", "DBParameterGroupName", name, "DBParameterGroupFamily", "postgres17", "Description", "theirs");
        assertThatThrownBy(world::untilReady).hasMessageContaining("DB parameter group " + name + " exists").hasMessageContaining("is missing");
        assertThat(world.calls().count("rds:ModifyDBParameterGroup")).isZero();
        world.account.rds("DeleteDBParameterGroup", "DBParameterGroupName", name);
        world.untilReady();
        world.takeTagsOff("DBInstanceArn", "DescribeDBInstances");
        world.modify("DeletionProtection", "false");
        var changes = world.changes().size();
        assertThatThrownBy(world::untilReady).hasMessageContaining("RDS instance " + name + " exists");
        assertThat(world.changes()).hasSize(changes);
    }

    @Test
    void aSecurityGroupOfOurNameInTheVpcIsRefusedAndOneInAnotherIsNoMatter() {
        var same = world.account.securityGroup(world.names.name(), world.vpc);
        world.account.securityGroup(world.names.name(), world.account.networkOf(world.account.subnets("ab").getFirst()));
        assertThatThrownBy(world::untilReady).hasMessageContaining("Security group " + world.names.name() + " exists");
        assertThat(world.changes()).isEmpty();
        world.account.ec2("DeleteSecurityGroup", "GroupId", same);
        world.untilReady();
        assertThat(world.ourSecurityGroups()).hasSize(2);
        assertThat(world.tagged()).hasSize(RdsWorld.WHOLE);
    }

    @Test
    void aSecretOfThatNameThatIsNotOursIsRefused() {
        world.secret(world.secret().name(), Map.of(), "password", "theirs");
        assertThatThrownBy(world::untilReady).hasMessageContaining("Secret mastodon/" + world.secret().name() + " exists and lacks the label");
        assertThat(world.changes()).isEmpty();
    }

    @Test
    void thePasswordIsInItsSecretFirstAndInNoCallButThoseThatSetIt() {
        world.operator().ensure();
        assertThat(world.changes()).isEmpty();
        var password = world.kept().get("password");
        assertThat(password).matches("[A-Za-z0-9]{40}");
        var said = world.untilReady();
        world.client.secrets().inNamespace(RdsWorld.NAMESPACE).withName(world.secret().name()).delete();
        said.addAll(world.untilReady());
        var another = world.kept().get("password");
        said.addAll(world.untilReleased());
        assertThat(another).isNotEqualTo(password);
        assertThat(said).noneMatch(message -> message.contains(password) || message.contains(another));
        assertThat(world.calls().containing(password)).extracting(call -> call.call().name()).containsExactly("rds:CreateDBInstance");
        assertThat(world.calls().containing(another)).extracting(call -> call.call().name()).as("a Secret that was lost is made again, and its password set once").containsExactly("rds:ModifyDBInstance");
        assertThat(world.calls().containing("geheim")).as("the credentials are never sent").isEmpty();
    }

    @Test
    void availableForAMomentIsNotReady() {
        world.aws.rds().behave(RdsStatuses.flickering(2));
        var said = world.untilReady();
        assertThat(said.subList(said.size() - 4, said.size())).satisfiesExactly(one -> assertThat(one).contains("1 of 3"), two -> assertThat(two).contains("2 of 3"),
                three -> assertThat(three).contains("address was written"), ready -> assertThat(ready).contains("is ready"));
        assertThat(said).filteredOn(message -> message.contains("1 of 3")).as("it began to count twice").hasSize(2);
        assertThat(said).anyMatch(message -> message.contains("takes it 5 to 15 minutes")).anyMatch(message -> message.contains("RDS says \"backing-up\" of instance"));
    }

    @Test
    void looksInAHurryDoNotCountAndARestartOnlyWaitsLonger() {
        world.untilReady();
        var operator = world.operator();
        for (var look = 0; look < 4; look++) {
            assertThat(operator.ensure().message()).contains("1 of 3");
        }
        world.pass(RdsWorld.APART);
        assertThat(operator.ensure().message()).contains("2 of 3");
        assertThat(world.operator().ensure().message()).contains("1 of 3");
    }

    @Test
    void aSettingThatWaitsForARestartGetsOneAndIsNotReadyBefore() {
        world.untilReady();
        world.account.rds("ModifyDBParameterGroup", "DBParameterGroupName", world.names.name(), "Parameters.Parameter.1.ParameterName", "max_connections", "Parameters.Parameter.1.ParameterValue", "300",
                "Parameters.Parameter.1.ApplyMethod", "pending-reboot");
        assertThat(world.untilReady().getFirst()).contains("is restarted");
        assertThat(world.changes()).endsWith("rds:RebootDBInstance");
    }

    @Test
    void pendingChangesAreToldByNameAndNotReady() {
        world.untilReady();
        world.account.rds("ModifyDBInstance", "DBInstanceIdentifier", world.names.name(), "MultiAZ", "true");
        assertThat(world.operator().ensure()).isInstanceOf(Provisioned.Working.class).satisfies(waits -> assertThat(waits.message()).contains("MultiAZ", "--apply-immediately"));
    }

    @Test
    void protectionAndBackupsThatSomebodyTookAwayComeBackAtOnce() {
        world.untilReady();
        world.modify("DeletionProtection", "false", "BackupRetentionPeriod", "0");
        world.untilReady();
        assertThat(world.asked("rds:ModifyDBInstance")).as("else RDS waits for the maintenance window").containsEntry("ApplyImmediately", "true");
        assertThat(world.account.rdsValues("BackupRetentionPeriod", "DescribeDBInstances")).containsExactly("7");
        assertThat(world.account.rdsValues("DeletionProtection", "DescribeDBInstances")).containsExactly("true");
    }

    @Test
    void anotherParameterGroupIsNotOurs() {
        world.untilReady();
        world.account.rds("CreateDBParameterGroup", "DBParameterGroupName", "theirs", "DBParameterGroupFamily", "postgres17", "Description", "theirs");
        world.modify("DBParameterGroupName", "theirs");
        assertThatThrownBy(() -> world.operator().ensure()).hasMessageContaining("another parameter group");
    }

    @Test
    void whatCannotHealSaysTheWayOutAndWhatIsUnknownIsToldAndWaitedFor() {
        world.untilReady();
        world.aws.rds().show(world.names.name(), "storage-full");
        assertThatThrownBy(() -> world.operator().ensure()).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining("--allocated-storage");
        world.aws.rds().show(world.names.name(), "incompatible-network");
        assertThatThrownBy(() -> world.operator().ensure()).hasMessageContaining("does not come back").hasMessageContaining("--skip-final-snapshot");
        world.aws.rds().show(world.names.name(), "pondering");
        assertThat(world.operator().ensure()).isInstanceOf(Provisioned.Working.class).satisfies(waits -> assertThat(waits.message()).contains("\"pondering\""));
        world.aws.rds().show(world.names.name(), "storage-optimization");
        world.untilReady();
    }

    @Test
    void theUrlIsThereWhenItIsReadyAndComesFromTheSecretAlone() {
        world.aws.rds().serve(world.names.name(), InetSocketAddress.createUnresolved("example.abc.eu-central-1.rds.amazonaws.com", 5432));
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class);
        world.untilReady();
        var asked = world.calls().all().size();
        var url = URI.create(world.operator().url());
        assertThat(url).hasScheme("postgres").hasHost("example.abc.eu-central-1.rds.amazonaws.com").hasPort(5432).hasPath("/mastodon_production").hasQuery("sslmode=verify-full")
                .hasUserInfo("mastodon:" + world.kept().get("password"));
        assertThat(world.calls().all()).hasSize(asked);
        assertThat(world.operator().planned()).hasValueSatisfying(planned -> assertThat(planned).isEqualTo(new TargetDatabase.Planned(17, Optional.of(new TargetDatabase.Storage(20L << 30, "spec.target.postgres.rds.allocatedStorageGiB")))));
    }

    /** A worker without a target's URL takes it that Postgres does not move. */
    @Test
    void onceItWasProvisionedAMissingSecretIsALossAndNotTooEarly() {
        begun("Provision");
        assertThatThrownBy(() -> world.operator().url()).isNotInstanceOf(NotCreatedException.class).hasMessageContaining("Put it back from a backup");
        begun("UndoProvision");
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class);
    }

    /** Whoever had to reset it first might wait for ever for a server that nobody reaches. */
    @Test
    void whatIsToBeDeletedIsLookedAtFirstUnlessItWasNeverReady() {
        var values = new HashSet<>(List.of("mastodon", "p", "mastodon_production"));
        world.secret(world.secret().name(), Map.of(AwsNames.UID_TAG, world.names.uid()), "username", "mastodon", "password", "p", "database", "mastodon_production", "host", "h", "port", "5432");
        begun("UndoProvision");
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class).hasMessageContaining("was never ready");
        begun("Provision");
        assertThat(world.operator().url()).contains(values);
        world.secret().forgetLocation();
        assertThatThrownBy(() -> world.operator().url()).as("its removal has begun").isInstanceOf(NotCreatedException.class);
    }

    @Test
    void whoMayReachItIsToldWithTheFieldToChange() {
        assertThat(world.operator().reach()).hasValueSatisfying(words -> assertThat(words).contains(world.names.name(), world.nodes, "10.0.0.0/16", "spec.target.postgres.rds.allowFrom"));
        world.edit(RdsWorld.migration("SUBNETS", "subnet-0a, subnet-0b", "allowFrom: {securityGroupIds: [NODES], cidrs: [10.0.0.0/16]}", "securityGroupIds: [sg-0yours]"));
        assertThat(world.operator().reach()).hasValueSatisfying(words -> assertThat(words).contains("sg-0yours", "inbound rule", "TCP 5432", "spec.target.postgres.rds.securityGroupIds"));
    }

    private void begun(String phase) {
        var record = new PhaseRecord();
        record.name = phase;
        record.state = PhaseState.Succeeded;
        if (world.migration.getStatus() == null) {
            world.migration.setStatus(new MastodonMigrationStatus());
        }
        world.migration.getStatus().phases.add(record);
    }
}
