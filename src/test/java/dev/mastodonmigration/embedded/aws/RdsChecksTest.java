package dev.mastodonmigration.embedded.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What RDS refuses and moto takes. */
class RdsChecksTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();

    @ParameterizedTest
    @CsvSource({
        "MasterUserPassword, short12, InvalidParameterValue",
        "MasterUserPassword, abcdefgh@123, InvalidParameterValue",
        "MasterUserPassword, abcdefgh/123, InvalidParameterValue",
        "MasterUsername, admin, InvalidParameterValue",
        "AllocatedStorage, 19, InvalidParameterValue",
        "AllocatedStorage, 65537, InvalidParameterValue",
        "Iops, 3000, InvalidParameterCombination",
        "StorageThroughput, 125, InvalidParameterCombination",
        "EngineVersion, 17.99, InvalidParameterCombination",
        "DBInstanceClass, db.t4g.gigantic, InvalidParameterCombination",
        "EngineVersion, 16, InvalidParameterCombination",
        "DBParameterGroupName, other, DBParameterGroupNotFound",
        "DBSubnetGroupName, other, DBSubnetGroupNotFoundFault",
        "VpcSecurityGroupIds.VpcSecurityGroupId.1, sg-0123456789abcdef0, InvalidParameterValue",
        "DBInstanceIdentifier, double--hyphen, InvalidParameterValue"})
    void aBadInstanceIsRefused(String parameter, String value, String code) throws IOException {
        var world = RdsWorld.of(aws.client());

        assertThat(world.create("db", parameter, value).code()).contains(code);
        assertThat(WireClient.values(aws.client().rds("DescribeDBInstances"), "DBInstanceIdentifier")).isEmpty();
    }

    @Test
    void aMajorVersionBecomesItsNewestAndNamesLowerCase() throws IOException {
        var created = RdsWorld.of(aws.client()).create("MyData");

        assertThat(created.isSuccess()).as(created.body()).isTrue();
        assertThat(WireClient.value(created, "EngineVersion")).isEqualTo("17.6");
        assertThat(WireClient.value(created, "DBInstanceIdentifier")).isEqualTo("mydata");
    }

    @Test
    void multiAzIsRefusedForAClassThatOneZoneHas() throws IOException {
        var world = RdsWorld.of(aws.client());

        assertThat(world.create("db", "DBInstanceClass", "db.r7g.large", "MultiAZ", "true").code()).contains("InvalidParameterCombination");
        assertThat(world.create("db", "DBInstanceClass", "db.r7g.large").isSuccess()).isTrue();
    }

    @Test
    void aSecurityGroupOfAnotherNetworkIsRefused() throws IOException {
        var world = RdsWorld.of(aws.client());
        var other = aws.client().securityGroup("other", WireClient.value(aws.client().ec2("CreateVpc", "CidrBlock", "10.9.0.0/16"), "vpcId"));

        assertThat(world.create("db", "VpcSecurityGroupIds.VpcSecurityGroupId.1", other).code()).contains("InvalidParameterCombination");
    }

    @Test
    void aSubnetGroupNeedsTwoZonesAndItsOwnName() throws IOException {
        var subnets = aws.client().subnets("aab");
        var world = RdsWorld.of(aws.client());

        assertThat(world.subnetGroup("one", subnets.subList(0, 2)).code()).contains("DBSubnetGroupDoesNotCoverEnoughAZs");
        assertThat(world.subnetGroup("none", List.of("subnet-0123456789abcdef0")).code()).contains("InvalidSubnet");
        assertThat(world.subnetGroup("Mixed", subnets).isSuccess()).isTrue();
        assertThat(world.subnetGroup("mixed", subnets).code()).contains("DBSubnetGroupAlreadyExists");
        assertThat(aws.client().rds("ModifyDBSubnetGroup", "DBSubnetGroupName", "mixed", "SubnetIds.SubnetIdentifier.1", subnets.getFirst()).code()).contains("DBSubnetGroupDoesNotCoverEnoughAZs");
        assertThat(aws.client().rds("ModifyDBSubnetGroup", "DBSubnetGroupName", "no", "SubnetIds.SubnetIdentifier.1", subnets.getFirst()).code()).contains("DBSubnetGroupNotFoundFault");
    }

    @Test
    void aParameterGroupThatIsNotThereIsNoEmptyList() throws IOException {
        assertThat(aws.client().rds("DescribeDBParameterGroups", "DBParameterGroupName", "none").code()).contains("DBParameterGroupNotFound");
    }

    @Test
    void aStaticParameterDoesNotApplyAtOnceAndTwentyAreTheMost() throws IOException {
        RdsWorld.of(aws.client());
        var many = new ArrayList<>(List.of("DBParameterGroupName", "mmig"));
        for (var at = 1; at <= 21; at++) {
            many.addAll(List.of("Parameters.Parameter." + at + ".ParameterName", "p" + at, "Parameters.Parameter." + at + ".ParameterValue", "1"));
        }

        assertThat(aws.client().rds("ModifyDBParameterGroup", many.toArray(String[]::new)).code()).contains("InvalidParameterValue");
        assertThat(aws.client().rds("ModifyDBParameterGroup", "DBParameterGroupName", "mmig", "Parameters.Parameter.1.ParameterName", "max_connections", "Parameters.Parameter.1.ParameterValue", "300",
                "Parameters.Parameter.1.ApplyMethod", "immediate").code()).contains("InvalidParameterCombination");
    }

    @Test
    void whatCanBeOrderedIsToldPageByPage() throws IOException {
        var small = aws.client().rds("DescribeOrderableDBInstanceOptions", "Engine", "postgres", "EngineVersion", "17.6", "DBInstanceClass", "db.r7g.large");
        var first = aws.client().rds("DescribeOrderableDBInstanceOptions", "Engine", "postgres", "MaxRecords", "20");
        var second = aws.client().rds("DescribeOrderableDBInstanceOptions", "Engine", "postgres", "MaxRecords", "20", "Marker", WireClient.value(first, "Marker"));

        assertThat(WireClient.values(small, "Name")).containsExactly("eu-central-1a");
        assertThat(WireClient.value(small, "MultiAZCapable")).isEqualTo("false");
        assertThat(WireClient.values(first, "DBInstanceClass")).hasSize(20);
        assertThat(WireClient.values(second, "DBInstanceClass")).isNotEmpty();
        assertThat(WireClient.values(aws.client().rds("DescribeOrderableDBInstanceOptions", "Engine", "postgres", "EngineVersion", "16.10", "DBInstanceClass", "db.m8g.large"), "DBInstanceClass")).isEmpty();
        assertThat(WireClient.values(aws.client().rds("DescribeDBEngineVersions", "Engine", "postgres", "EngineVersion", "17"), "EngineVersion")).containsExactly("17.5", "17.6");
        assertThat(WireClient.values(aws.client().rds("DescribeDBEngineVersions", "Engine", "postgres", "DBParameterGroupFamily", "postgres16"), "EngineVersion")).containsExactly("16.10");
    }
}
