package dev.mastodonmigration.embedded.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Instances take their time. */
class RdsInstancesTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();

    @Test
    void availableFlickersBeforeItIsTrue() throws IOException {
        var world = RdsWorld.of(aws.client());
        assertThat(WireClient.value(world.create("db"), "DBInstanceStatus")).isEqualTo("creating");

        assertThat(WireClient.values(world.look("db"), "Address")).isEmpty();
        assertThat(world.statuses("db", 7)).containsExactly("creating", "available", "backing-up", "modifying", "available", "available", "available");
        assertThat(WireClient.value(world.look("db"), "Address")).contains("db.").contains("rds");
    }

    @Test
    void aChangeThatNobodyAskedForAtOnceStaysPending() throws IOException {
        aws.proxy().rds().behave(RdsStatuses.prompt());
        var world = RdsWorld.of(aws.client());
        world.create("db");
        world.look("db");

        assertThat(world.modify("db", "MultiAZ", "true", "DBInstanceClass", "db.t4g.small").isSuccess()).isTrue();

        for (var look = 0; look < 5; look++) {
            assertThat(WireClient.values(world.look("db"), "MultiAZ")).containsExactlyInAnyOrder("false", "true");
        }
        // Another change that is to be made at once takes it along.
        world.modify("db", "BackupRetentionPeriod", "7", "ApplyImmediately", "true");
        var seen = world.look("db");
        assertThat(WireClient.values(seen, "MultiAZ")).containsExactly("true");
        assertThat(WireClient.values(seen, "BackupRetentionPeriod")).containsExactly("7");
    }

    @Test
    void aChangeIsSeenWhenItsStatusesHavePassed() throws IOException {
        var world = RdsWorld.of(aws.client());
        world.create("db");
        world.statuses("db", 6);

        var asked = world.modify("db", "MultiAZ", "true", "ApplyImmediately", "true");

        assertThat(WireClient.values(asked, "MultiAZ")).containsExactlyInAnyOrder("false", "true");
        assertThat(world.statuses("db", 2)).containsExactly("available", "modifying");
        assertThat(world.modify("db", "BackupRetentionPeriod", "7", "ApplyImmediately", "true").code()).contains("InvalidDBInstanceState");
        assertThat(WireClient.values(world.look("db"), "MultiAZ")).containsExactlyInAnyOrder("false", "true");
        assertThat(world.statuses("db", 1)).containsExactly("available");
        assertThat(WireClient.values(world.look("db"), "MultiAZ")).containsExactly("true");

        world.modify("db", "BackupRetentionPeriod", "7", "ApplyImmediately", "true");
        assertThat(world.statuses("db", 5)).containsExactly("available", "modifying", "modifying", "backing-up", "available");
        assertThat(WireClient.values(world.look("db"), "BackupRetentionPeriod")).containsExactly("7");
    }

    @Test
    void aChangeToWhatItHasChangesNothing() throws IOException {
        aws.proxy().rds().behave(RdsStatuses.prompt());
        var world = RdsWorld.of(aws.client());
        world.create("db");
        world.look("db");
        aws.proxy().rds().behave(RdsStatuses.flickering(3));

        assertThat(world.modify("db", "DBInstanceClass", "db.t4g.small", "AllocatedStorage", "20", "ApplyImmediately", "true").isSuccess()).isTrue();

        assertThat(world.statuses("db", 3)).containsOnly("available");
    }

    @Test
    void storageGrowsByATenthAndIsOptimisedAfterwards() throws IOException {
        var world = RdsWorld.of(aws.client());
        world.create("db");
        world.statuses("db", 6);

        assertThat(world.modify("db", "AllocatedStorage", "21", "ApplyImmediately", "true").code()).contains("InvalidParameterCombination");
        assertThat(world.modify("db", "AllocatedStorage", "30", "ApplyImmediately", "true").isSuccess()).isTrue();
        assertThat(world.statuses("db", 4)).containsExactly("available", "modifying", "modifying", "storage-optimization");
        assertThat(world.modify("db", "AllocatedStorage", "40", "ApplyImmediately", "true").code()).contains("InvalidParameterCombination");
        world.statuses("db", 2);
        assertThat(world.modify("db", "AllocatedStorage", "20", "ApplyImmediately", "true").code()).contains("InvalidParameterCombination");
    }

    @Test
    void aNewPasswordIsUnderWayForAWhileAndNeverShown() throws IOException {
        var world = RdsWorld.of(aws.client());
        world.create("db");
        world.statuses("db", 6);

        assertThat(world.modify("db", "MasterUserPassword", "bad word").code()).contains("InvalidParameterValue");
        assertThat(WireClient.value(world.modify("db", "MasterUserPassword", "anewpassword123"), "MasterUserPassword")).isEqualTo("****");
        assertThat(world.statuses("db", 3)).containsExactly("available", "resetting-master-credentials", "available");
        assertThat(WireClient.values(world.look("db"), "MasterUserPassword")).isEmpty();
    }

    @Test
    void aGroupThatIsAttachedLaterWaitsForAReboot() throws IOException {
        aws.proxy().rds().behave(RdsStatuses.prompt());
        var world = RdsWorld.of(aws.client());
        world.parameterGroup("later", "postgres17");
        world.create("db");
        assertThat(WireClient.value(world.look("db"), "ParameterApplyStatus")).isEqualTo("in-sync");

        world.modify("db", "DBParameterGroupName", "later", "ApplyImmediately", "true");
        world.look("db");
        assertThat(WireClient.value(world.look("db"), "ParameterApplyStatus")).isEqualTo("pending-reboot");
        aws.client().rds("RebootDBInstance", "DBInstanceIdentifier", "db");
        world.statuses("db", 2);
        assertThat(WireClient.value(world.look("db"), "ParameterApplyStatus")).isEqualTo("in-sync");
    }

    @Test
    void aDynamicParameterIsAppliedForALookAndAStaticOneUntilAReboot() throws IOException {
        aws.proxy().rds().behave(RdsStatuses.prompt());
        var world = RdsWorld.of(aws.client());
        world.create("db");
        world.look("db");

        set("checkpoint_timeout", "immediate");
        assertThat(WireClient.value(world.look("db"), "ParameterApplyStatus")).isEqualTo("applying");
        assertThat(WireClient.value(world.look("db"), "ParameterApplyStatus")).isEqualTo("in-sync");
        set("max_connections", "pending-reboot");
        world.look("db");
        assertThat(WireClient.value(world.look("db"), "ParameterApplyStatus")).isEqualTo("pending-reboot");
    }

    private void set(String parameter, String method) throws IOException {
        var done = aws.client().rds("ModifyDBParameterGroup", "DBParameterGroupName", "mmig", "Parameters.Parameter.1.ParameterName", parameter, "Parameters.Parameter.1.ParameterValue", "300",
                "Parameters.Parameter.1.ApplyMethod", method);
        assertThat(done.isSuccess()).as(done.body()).isTrue();
    }

    @Test
    void whatADeletedInstanceUsesStaysUntilItIsGone() throws IOException {
        var world = RdsWorld.of(aws.client());
        world.create("db");
        assertThat(deleteSubnetGroup().code()).contains("InvalidDBSubnetGroupStateFault");
        assertThat(deleteParameterGroup().code()).contains("InvalidDBParameterGroupState");
        assertThat(deleteSecurityGroup(world).code()).contains("DependencyViolation");

        assertThat(WireClient.value(world.delete("db"), "DBInstanceStatus")).isEqualTo("deleting");
        assertThat(world.delete("db").code()).contains("InvalidDBInstanceState");
        assertThat(world.create("db").code()).contains("DBInstanceAlreadyExists");
        assertThat(WireClient.values(aws.client().rds("DescribeDBInstances"), "DBInstanceStatus")).containsExactly("deleting");
        assertThat(deleteSubnetGroup().code()).contains("InvalidDBSubnetGroupStateFault");
        assertThat(world.look("db").code()).contains("DBInstanceNotFound");

        assertThat(deleteSubnetGroup().isSuccess()).isTrue();
        assertThat(deleteParameterGroup().isSuccess()).isTrue();
        // Its network interface lingers.
        assertThat(deleteSecurityGroup(world).code()).contains("DependencyViolation");
        assertThat(deleteSecurityGroup(world).isSuccess()).isTrue();
    }

    private AwsAnswer deleteSubnetGroup() throws IOException {
        return aws.client().rds("DeleteDBSubnetGroup", "DBSubnetGroupName", "mmig");
    }

    private AwsAnswer deleteParameterGroup() throws IOException {
        return aws.client().rds("DeleteDBParameterGroup", "DBParameterGroupName", "mmig");
    }

    private AwsAnswer deleteSecurityGroup(RdsWorld world) throws IOException {
        return aws.client().ec2("DeleteSecurityGroup", "GroupId", world.securityGroup);
    }

    @Test
    void deletionProtectionAndTheFinalSnapshotAreAskedFor() throws IOException {
        aws.proxy().rds().behave(RdsStatuses.prompt());
        var world = RdsWorld.of(aws.client());
        world.create("db", "DeletionProtection", "true");
        assertThat(aws.client().rds("DeleteDBInstance", "DBInstanceIdentifier", "db", "FinalDBSnapshotIdentifier", "last").code()).contains("InvalidDBInstanceState");
        world.look("db");

        assertThat(world.delete("db").code()).contains("InvalidParameterCombination");
        world.modify("db", "DeletionProtection", "false");
        assertThat(aws.client().rds("DeleteDBInstance", "DBInstanceIdentifier", "db").code()).contains("InvalidParameterCombination");
        assertThat(aws.client().rds("DeleteDBInstance", "DBInstanceIdentifier", "db", "FinalDBSnapshotIdentifier", "last").isSuccess()).isTrue();
        assertThat(WireClient.values(aws.client().rds("DescribeDBSnapshots"), "DBSnapshotIdentifier")).contains("last");
    }

    @Test
    void aTestChoosesAStatusAndAServer() throws IOException {
        var world = RdsWorld.of(aws.client());
        world.create("db");
        aws.proxy().rds().show("db", "creating", "incompatible-network");
        aws.proxy().rds().serve("db", InetSocketAddress.createUnresolved("localhost", 5544));

        assertThat(world.statuses("db", 3)).containsExactly("creating", "incompatible-network", "incompatible-network");
        assertThat(WireClient.value(world.look("db"), "Address")).isEqualTo("localhost");
        assertThat(WireClient.values(world.look("db"), "Port")).contains("5544");
    }
}
