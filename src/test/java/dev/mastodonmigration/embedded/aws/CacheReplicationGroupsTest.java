package dev.mastodonmigration.embedded.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ElastiCache as it is, where moto is kinder. */
class CacheReplicationGroupsTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();

    @ParameterizedTest
    @CsvSource({
        "ReplicationGroupId, double--hyphen, InvalidParameterValue",
        "ReplicationGroupId, a-name-of-more-than-forty-characters-so-1, InvalidParameterValue",
        "AuthToken, short, InvalidParameterValue",
        "AuthToken, with/slash/12345678, InvalidParameterValue",
        "TransitEncryptionEnabled, false, InvalidParameterCombination",
        "CacheSubnetGroupName, other, CacheSubnetGroupNotFoundFault",
        "CacheParameterGroupName, other, CacheParameterGroupNotFound",
        "EngineVersion, 9.0, InvalidParameterCombination",
        "EngineVersion, 8.0.1, InvalidParameterValue",
        "CacheNodeType, cache.t4g.gigantic, InvalidParameterValue",
        "NumCacheClusters, 1, InvalidParameterCombination",
        "AutomaticFailoverEnabled, false, InvalidParameterCombination",
        "SecurityGroupIds.SecurityGroupId.1, sg-0123456789abcdef0, InvalidParameterValue"})
    void aBadGroupIsRefused(String parameter, String value, String code) throws IOException {
        var world = CacheWorld.of(aws.client());

        assertThat(world.create("cache", parameter, value).code()).contains(code);
        assertThat(WireClient.values(aws.client().cache("DescribeReplicationGroups"), "ReplicationGroupId")).isEmpty();
    }

    @Test
    void itTakesItsTimeHasItsNodesAndShowsAvailableBeforeThatIsTrue() throws IOException {
        var world = CacheWorld.of(aws.client());
        assertThat(WireClient.value(world.create("MyCache"), "ReplicationGroupId")).isEqualTo("mycache");

        assertThat(world.create("mycache").code()).contains("ReplicationGroupAlreadyExists");
        assertThat(WireClient.values(world.look("mycache"), "PrimaryEndpoint")).isEmpty();
        assertThat(WireClient.value(world.look("mycache"), "AutomaticFailover")).isEqualTo("enabling");
        assertThat(world.statuses("mycache", 5)).containsExactly("available", "snapshotting", "modifying", "available", "available");
        assertThat(WireClient.values(world.look("mycache"), "ClusterId")).containsExactly("mycache-001", "mycache-002");
        var node = aws.client().cache("DescribeCacheClusters", "CacheClusterId", "mycache-002");
        assertThat(WireClient.value(node, "CacheClusterStatus")).isEqualTo("available");
        assertThat(WireClient.value(node, "ParameterApplyStatus")).isEqualTo("in-sync");
        assertThat(aws.client().cache("DescribeCacheClusters", "CacheClusterId", "mycache-003").code()).contains("CacheClusterNotFound");
    }

    @Test
    void whatIsNotAvailableRefusesEveryChangeAndItsTags() throws IOException {
        var world = CacheWorld.of(aws.client());
        world.create("cache");

        assertThat(world.modify("cache", "SnapshotRetentionLimit", "7", "ApplyImmediately", "true").code()).contains("InvalidReplicationGroupState");
        assertThat(world.delete("cache").code()).contains("InvalidReplicationGroupState");
        assertThat(world.tags("cache").code()).contains("InvalidReplicationGroupState");
        world.statuses("cache", 6);
        assertThat(WireClient.values(world.tags("cache"), "Key")).containsExactly("uid");
    }

    @Test
    void aChangeWaitsForTheWindowUnlessItIsAskedForAtOnce() throws IOException {
        var world = CacheWorld.of(aws.client());
        world.create("cache");
        world.statuses("cache", 6);

        world.modify("cache", "AutomaticFailoverEnabled", "false");
        assertThat(WireClient.value(world.look("cache"), "AutomaticFailover")).isEqualTo("enabled");
        assertThat(WireClient.value(world.look("cache"), "AutomaticFailoverStatus")).isEqualTo("disabled");
        world.modify("cache", "SnapshotRetentionLimit", "7", "ApplyImmediately", "true");
        assertThat(world.statuses("cache", 4)).containsExactly("available", "modifying", "modifying", "available");
        assertThat(WireClient.value(world.look("cache"), "AutomaticFailover")).isEqualTo("disabled");
    }

    @Test
    void whatADeletedGroupUsesStaysUntilItIsGoneAndItsNameIsFreeThen() throws IOException {
        var world = CacheWorld.of(aws.client());
        world.create("cache");
        world.statuses("cache", 6);
        assertThat(remove("CacheSubnetGroup").code()).contains("CacheSubnetGroupInUse");
        assertThat(remove("CacheParameterGroup").code()).contains("InvalidCacheParameterGroupState");
        assertThat(deleteSecurityGroup(world).code()).contains("DependencyViolation");

        assertThat(WireClient.value(world.delete("cache"), "Status")).isEqualTo("deleting");
        assertThat(world.delete("cache").code()).contains("InvalidReplicationGroupState");
        assertThat(world.create("cache").code()).contains("ReplicationGroupAlreadyExists");
        assertThat(WireClient.values(aws.client().cache("DescribeReplicationGroups"), "Status")).contains("deleting");
        assertThat(remove("CacheSubnetGroup").code()).contains("CacheSubnetGroupInUse");
        assertThat(world.look("cache").code()).contains("ReplicationGroupNotFoundFault");
        assertThat(WireClient.values(aws.client().cache("DescribeReplicationGroups"), "ReplicationGroupId")).isEmpty();

        // Its network interface lingers.
        assertThat(deleteSecurityGroup(world).code()).contains("DependencyViolation");
        assertThat(WireClient.value(world.create("cache"), "ReplicationGroupId")).isEqualTo("cache");
        world.statuses("cache", 6);
        assertThat(WireClient.values(world.tags("cache"), "Key")).containsExactly("uid");
        assertThat(WireClient.value(world.look("cache"), "Address")).startsWith("master.cache.");
        world.delete("cache");
        while (world.look("cache").isSuccess()) {
            assertThat(aws.proxy().calls().count("elasticache:DescribeReplicationGroups")).isLessThan(40);
        }
        assertThat(remove("CacheSubnetGroup").isSuccess()).isTrue();
        assertThat(remove("CacheParameterGroup").isSuccess()).isTrue();
        assertThat(deleteSecurityGroup(world).code()).contains("DependencyViolation");
        assertThat(deleteSecurityGroup(world).isSuccess()).isTrue();
        assertThat(aws.client().cache("DescribeCacheSubnetGroups", "CacheSubnetGroupName", "mmig").code()).contains("CacheSubnetGroupNotFoundFault");
        assertThat(aws.client().cache("DescribeCacheParameterGroups", "CacheParameterGroupName", "mmig").code()).contains("CacheParameterGroupNotFound");
    }

    private AwsAnswer remove(String kind) throws IOException {
        return aws.client().cache("Delete" + kind, kind + "Name", "mmig");
    }

    private AwsAnswer deleteSecurityGroup(CacheWorld world) throws IOException {
        return aws.client().ec2("DeleteSecurityGroup", "GroupId", world.securityGroup);
    }

    @Test
    void groupsHaveTheirOwnNamesFamiliesSubnetsAndSettings() throws IOException {
        var world = CacheWorld.of(aws.client());
        assertThat(world.subnetGroup("MMIG", world.subnets).code()).contains("CacheSubnetGroupAlreadyExists");
        assertThat(world.subnetGroup("none", List.of("subnet-0123456789abcdef0")).code()).contains("InvalidSubnet");
        assertThat(world.parameterGroup("mmig", "valkey8").code()).contains("CacheParameterGroupAlreadyExists");
        assertThat(world.parameterGroup("other", "valkey17").code()).contains("InvalidParameterValue");
        assertThat(set("shutdown-on-sigterm", "now").code()).contains("InvalidParameterValue");
        assertThat(set("maxmemory-policy", "noeviction").isSuccess()).isTrue();
        assertThat(WireClient.values(aws.client().cache("DescribeCacheParameters", "CacheParameterGroupName", "mmig", "Source", "user"), "ParameterValue")).containsExactly("noeviction");
        assertThat(WireClient.values(aws.client().cache("DescribeCacheEngineVersions", "Engine", "valkey"), "CacheParameterGroupFamily")).contains("valkey8", "valkey9");
    }

    private AwsAnswer set(String name, String value) throws IOException {
        return aws.client().cache("ModifyCacheParameterGroup", "CacheParameterGroupName", "mmig", "ParameterNameValues.ParameterNameValue.1.ParameterName", name,
                "ParameterNameValues.ParameterNameValue.1.ParameterValue", value);
    }

    @Test
    void aChangedParameterTakesALook() throws IOException {
        aws.proxy().caches().behave(CacheStatuses.prompt());
        var world = CacheWorld.of(aws.client());
        world.create("cache");
        world.look("cache");
        set("maxmemory-policy", "noeviction");
        world.look("cache");
        assertThat(WireClient.value(aws.client().cache("DescribeCacheClusters", "CacheClusterId", "cache-001"), "ParameterApplyStatus")).isEqualTo("applying");
        world.look("cache");
        assertThat(WireClient.value(aws.client().cache("DescribeCacheClusters", "CacheClusterId", "cache-001"), "ParameterApplyStatus")).isEqualTo("in-sync");
    }

    @Test
    void aTestChoosesAStatusAndAServer() throws IOException {
        aws.proxy().caches().serve(token -> InetSocketAddress.createUnresolved("localhost", 6380));
        var world = CacheWorld.of(aws.client());
        world.create("cache");
        aws.proxy().caches().show("cache", "create-failed");

        assertThat(world.statuses("cache", 2)).containsExactly("create-failed", "create-failed");
        assertThat(WireClient.value(world.look("cache"), "Address")).isEqualTo("localhost");
        assertThat(WireClient.values(world.look("cache"), "Port")).contains("6380");
    }
}
