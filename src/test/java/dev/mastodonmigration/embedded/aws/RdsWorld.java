package dev.mastodonmigration.embedded.aws;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What an instance needs, and the instance: for tests of the proxy. */
final class RdsWorld {
    private final WireClient client;
    final String network;
    final List<String> subnets;
    final String securityGroup;

    private RdsWorld(WireClient client, List<String> subnets) throws IOException {
        this.client = client;
        this.subnets = subnets;
        network = client.networkOf(subnets.getFirst());
        securityGroup = client.securityGroup("database", network);
    }

    /** A network of two zones, a subnet group, and a parameter group of 17. */
    static RdsWorld of(WireClient client) throws IOException {
        var world = new RdsWorld(client, client.subnets("ab"));
        world.subnetGroup("mmig", world.subnets);
        world.parameterGroup("mmig", "postgres17");
        return world;
    }

    AwsAnswer subnetGroup(String name, List<String> of) throws IOException {
        var parameters = new ArrayList<>(List.of("DBSubnetGroupName", name, "DBSubnetGroupDescription", "test"));
        for (var at = 0; at < of.size(); at++) {
            parameters.addAll(List.of("SubnetIds.SubnetIdentifier." + (at + 1), of.get(at)));
        }
        return client.rds("CreateDBSubnetGroup", parameters.toArray(String[]::new));
    }

    AwsAnswer parameterGroup(String name, String family) throws IOException {
        return client.rds("CreateDBParameterGroup", "DBParameterGroupName", name, "DBParameterGroupFamily", family, "Description", "test");
    }

    /** A good instance, with parameters that are added, or instead of these. */
    AwsAnswer create(String identifier, String... instead) throws IOException {
        var parameters = new ArrayList<>(List.of("DBInstanceIdentifier", identifier, "Engine", "postgres", "EngineVersion", "17", "DBInstanceClass", "db.t4g.small", "StorageType", "gp3", "AllocatedStorage", "20",
                "MasterUsername", "mastodon", "MasterUserPassword", "abcdefgh12345678", "DBSubnetGroupName", "mmig", "DBParameterGroupName", "mmig", "VpcSecurityGroupIds.VpcSecurityGroupId.1", securityGroup,
                "BackupRetentionPeriod", "0"));
        for (var at = 0; at < instead.length; at += 2) {
            var there = parameters.indexOf(instead[at]);
            if (there >= 0) {
                parameters.set(there + 1, instead[at + 1]);
            } else {
                parameters.addAll(List.of(instead[at], instead[at + 1]));
            }
        }
        return client.rds("CreateDBInstance", parameters.toArray(String[]::new));
    }

    AwsAnswer look(String identifier) throws IOException {
        return client.rds("DescribeDBInstances", "DBInstanceIdentifier", identifier);
    }

    /** The statuses of so many looks. */
    List<String> statuses(String identifier, int looks) throws IOException {
        var seen = new ArrayList<String>();
        for (var at = 0; at < looks; at++) {
            seen.add(WireClient.value(look(identifier), "DBInstanceStatus"));
        }
        return seen;
    }

    AwsAnswer modify(String identifier, String... parameters) throws IOException {
        var all = new ArrayList<>(List.of("DBInstanceIdentifier", identifier));
        all.addAll(List.of(parameters));
        return client.rds("ModifyDBInstance", all.toArray(String[]::new));
    }

    AwsAnswer delete(String identifier) throws IOException {
        return client.rds("DeleteDBInstance", "DBInstanceIdentifier", identifier, "SkipFinalSnapshot", "true");
    }
}
