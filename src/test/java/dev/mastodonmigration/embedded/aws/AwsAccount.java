package dev.mastodonmigration.embedded.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The account as its owner has it before them, in the console: changed by hand, and listed whole. These calls are recorded nowhere, and no fault meets them. */
public final class AwsAccount implements AutoCloseable {
    static final String KEY = "AKIABYHAND";
    /** Everything that moto can list of the services that hold a database: what an abort leaves is compared with what was there before. */
    private static final List<String> LISTS = List.of("rds DescribeDBInstances", "rds DescribeDBClusters", "rds DescribeDBSnapshots", "rds DescribeDBSubnetGroups", "rds DescribeDBParameterGroups",
            "elasticache DescribeReplicationGroups", "elasticache DescribeCacheClusters", "elasticache DescribeCacheSubnetGroups", "elasticache DescribeCacheParameterGroups", "elasticache DescribeSnapshots",
            "rds DescribeEventSubscriptions", "ec2 DescribeLaunchTemplates", "ec2 DescribeSecurityGroups", "ec2 DescribeSecurityGroupRules", "ec2 DescribeNetworkInterfaces", "ec2 DescribeSubnets", "ec2 DescribeVpcs");
    private static final String NEVER_THE_SAME = "(?i)<(requestId|LatestRestorableTime)>[^<]*</\\1>";
    private final WireClient client;

    AwsAccount(URI address) {
        client = new WireClient(address, KEY);
    }

    /** Parameters come as name, value, name, value. @throws AssertionError when AWS refuses it */
    public void rds(String action, String... parameters) {
        succeeded(asking(() -> client.rds(action, parameters)));
    }

    public void cache(String action, String... parameters) {
        succeeded(asking(() -> client.cache(action, parameters)));
    }

    public void ec2(String action, String... parameters) {
        succeeded(asking(() -> client.ec2(action, parameters)));
    }

    /** What stands in the answer under an element. */
    public List<String> rdsValues(String element, String action, String... parameters) {
        return WireClient.values(succeeded(asking(() -> client.rds(action, parameters))), element);
    }

    public List<String> ec2Values(String element, String action, String... parameters) {
        return WireClient.values(succeeded(asking(() -> client.ec2(action, parameters))), element);
    }

    /** A network with a subnet in each of these zones, as {@code ab}. @return the ids of the subnets */
    public List<String> subnets(String zones) {
        return asking(() -> client.subnets(zones));
    }

    public String networkOf(String subnet) {
        return asking(() -> client.networkOf(subnet));
    }

    /** @return its id */
    public String securityGroup(String name, String network) {
        return asking(() -> client.securityGroup(name, network));
    }

    /** Everything that stands there, by the call that lists it. */
    public Map<String, String> listing() {
        var listing = new TreeMap<String, String>();
        for (var list : LISTS) {
            var words = list.split(" ");
            var answer = succeeded(asking(() -> switch (words[0]) {
                case "rds" -> client.rds(words[1]);
                case "elasticache" -> client.cache(words[1]);
                default -> client.ec2(words[1]);
            }));
            listing.put(list, answer.body().replaceAll(NEVER_THE_SAME, "").replaceAll(">\s+<", "><"));
        }
        return listing;
    }

    /** Ids of those to which a filter of AWS's applies, such as {@code group-name}. */
    public List<String> securityGroups(String filter, String value) {
        var answer = succeeded(asking(() -> client.ec2("DescribeSecurityGroups", "Filter.1.Name", filter, "Filter.1.Value.1", value)));
        // Rules name groups too, deeper down.
        return Xml.all(answer.document(), "securityGroupInfo").stream().flatMap(list -> Xml.children(list).stream()).flatMap(group -> Xml.value(group, "groupId").stream()).toList();
    }

    /** Arns and ids of everything that has a tag of this value, by each service's own lists of tags: the tagging API omits some. */
    public List<String> tagged(String value) {
        var found = new ArrayList<>(securityGroups("tag-value", value));
        for (var list : Map.of("DBInstanceArn", "DescribeDBInstances", "DBSubnetGroupArn", "DescribeDBSubnetGroups", "DBParameterGroupArn", "DescribeDBParameterGroups",
                "DBSnapshotArn", "DescribeDBSnapshots").entrySet()) {
            rdsValues(list.getKey(), list.getValue()).stream().filter(arn -> rdsValues("Value", "ListTagsForResource", "ResourceName", arn).contains(value)).forEach(found::add);
        }
        return found.stream().distinct().sorted().toList();
    }

    private static AwsAnswer succeeded(AwsAnswer answer) {
        if (!answer.isSuccess()) {
            throw new AssertionError("refused: " + answer.body());
        }
        return answer;
    }

    private interface Asked<T> {
        T answer() throws IOException;
    }

    private static <T> T asking(Asked<T> asked) {
        try {
            return asked.answer();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
