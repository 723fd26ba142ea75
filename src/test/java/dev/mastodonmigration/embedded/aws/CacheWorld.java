package dev.mastodonmigration.embedded.aws;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What a replication group needs, and the group: for tests of the proxy. */
final class CacheWorld {
    private final WireClient client;
    final List<String> subnets;
    final String securityGroup;

    private CacheWorld(WireClient client, List<String> subnets) throws IOException {
        this.client = client;
        this.subnets = subnets;
        securityGroup = client.securityGroup("cache", client.networkOf(subnets.getFirst()));
    }

    /** A network of two zones, a subnet group, and a parameter group of Valkey 8. */
    static CacheWorld of(WireClient client) throws IOException {
        var world = new CacheWorld(client, client.subnets("ab"));
        world.subnetGroup("mmig", world.subnets);
        world.parameterGroup("mmig", "valkey8");
        return world;
    }

    AwsAnswer subnetGroup(String name, List<String> of) throws IOException {
        var parameters = new ArrayList<>(List.of("CacheSubnetGroupName", name, "CacheSubnetGroupDescription", "test", "Tags.Tag.1.Key", "uid", "Tags.Tag.1.Value", "1"));
        for (var at = 0; at < of.size(); at++) {
            parameters.addAll(List.of("SubnetIds.SubnetIdentifier." + (at + 1), of.get(at)));
        }
        return client.cache("CreateCacheSubnetGroup", parameters.toArray(String[]::new));
    }

    AwsAnswer parameterGroup(String name, String family) throws IOException {
        return client.cache("CreateCacheParameterGroup", "CacheParameterGroupName", name, "CacheParameterGroupFamily", family, "Description", "test", "Tags.Tag.1.Key", "uid", "Tags.Tag.1.Value", "1");
    }

    /** A good group, with parameters that are added, or instead of these; an empty one is left out. */
    AwsAnswer create(String identifier, String... instead) throws IOException {
        var parameters = new ArrayList<>(List.of("ReplicationGroupId", identifier, "ReplicationGroupDescription", "test", "Engine", "valkey", "EngineVersion", "8.0", "CacheNodeType", "cache.t4g.small",
                "NumCacheClusters", "2", "AutomaticFailoverEnabled", "true", "MultiAZEnabled", "true", "CacheSubnetGroupName", "mmig", "CacheParameterGroupName", "mmig", "SecurityGroupIds.SecurityGroupId.1",
                securityGroup, "TransitEncryptionEnabled", "true", "AuthToken", "abcdefgh12345678", "SnapshotRetentionLimit", "0", "Tags.Tag.1.Key", "uid", "Tags.Tag.1.Value", "1"));
        for (var at = 0; at < instead.length; at += 2) {
            var there = parameters.indexOf(instead[at]);
            if (there >= 0) {
                parameters.set(there + 1, instead[at + 1]);
            } else {
                parameters.addAll(List.of(instead[at], instead[at + 1]));
            }
        }
        return client.cache("CreateReplicationGroup", parameters.toArray(String[]::new));
    }

    AwsAnswer look(String identifier) throws IOException {
        return client.cache("DescribeReplicationGroups", "ReplicationGroupId", identifier);
    }

    /** The statuses of so many looks. */
    List<String> statuses(String identifier, int looks) throws IOException {
        var seen = new ArrayList<String>();
        for (var at = 0; at < looks; at++) {
            seen.add(WireClient.value(look(identifier), "Status"));
        }
        return seen;
    }

    AwsAnswer modify(String identifier, String... parameters) throws IOException {
        var all = new ArrayList<>(List.of("ReplicationGroupId", identifier));
        all.addAll(List.of(parameters));
        return client.cache("ModifyReplicationGroup", all.toArray(String[]::new));
    }

    AwsAnswer delete(String identifier) throws IOException {
        return client.cache("DeleteReplicationGroup", "ReplicationGroupId", identifier);
    }

    AwsAnswer tags(String identifier) throws IOException {
        return client.cache("ListTagsForResource", "ResourceName", "arn:aws:elasticache:" + WireClient.REGION + ":123456789012:replicationgroup:" + identifier);
    }
}
