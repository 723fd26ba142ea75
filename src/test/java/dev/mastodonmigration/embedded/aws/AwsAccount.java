package dev.mastodonmigration.embedded.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/** The account as its owner has it before them, in the console: changed by hand, and listed whole. These calls are recorded nowhere, and no fault meets them. */
public final class AwsAccount implements AutoCloseable {
    static final String KEY = "AKIABYHAND";
    /** A key of another account, in which nothing of this one is found; all other keys are of {@link #HERE}. */
    public static final String KEY_ELSEWHERE = "AKIAELSEWHERE";
    public static final String ELSEWHERE = "210987654321";
    public static final String HERE = "123456789012";
    /** What moto can list of the services that a migration uses: what an abort leaves is compared with what was there before. Terminated instances are listed for a while, so these are not here. */
    private static final List<String> LISTS = List.of("rds DescribeDBInstances", "rds DescribeDBClusters", "rds DescribeDBSnapshots", "rds DescribeDBSubnetGroups", "rds DescribeDBParameterGroups",
            "elasticache DescribeReplicationGroups", "elasticache DescribeCacheClusters", "elasticache DescribeCacheSubnetGroups", "elasticache DescribeCacheParameterGroups", "elasticache DescribeSnapshots",
            "rds DescribeEventSubscriptions", "iam ListRoles", "iam ListInstanceProfiles", "elasticloadbalancing DescribeLoadBalancers", "elasticloadbalancing DescribeTargetGroups",
            "acm ListCertificates", "ssm DescribeParameters", "logs DescribeLogGroups",
            "ec2 DescribeLaunchTemplates", "ec2 DescribeSecurityGroups", "ec2 DescribeSecurityGroupRules", "ec2 DescribeNetworkInterfaces", "ec2 DescribeSubnets", "ec2 DescribeVpcs");
    private static final String NEVER_THE_SAME = "(?i)<(requestId|LatestRestorableTime)>[^<]*</\\1>";
    private static final String ROUTE53 = "https://route53.amazonaws.com/doc/2013-04-01/";
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

    public List<String> cacheValues(String element, String action, String... parameters) {
        return WireClient.values(succeeded(asking(() -> client.cache(action, parameters))), element);
    }

    public List<String> ec2Values(String element, String action, String... parameters) {
        return WireClient.values(succeeded(asking(() -> client.ec2(action, parameters))), element);
    }

    /** A network with a public subnet in each of these zones, as {@code ab}. @return the ids of the subnets */
    public List<String> subnets(String zones) {
        return asking(() -> client.subnets(zones));
    }

    /** All of them, as somebody who tidies up. */
    public void deleteLoadBalancers() {
        WireClient.values(succeeded(asking(() -> client.balancing("DescribeLoadBalancers"))), "LoadBalancerArn").forEach(arn -> succeeded(asking(() -> client.balancing("DeleteLoadBalancer", "LoadBalancerArn", arn))));
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
                case "iam" -> client.iam(words[1]);
                case "elasticloadbalancing" -> client.balancing(words[1]);
                case "acm" -> client.json("acm", "CertificateManager." + words[1], "{}");
                case "ssm" -> client.json("ssm", "AmazonSSM." + words[1], "{}");
                case "logs" -> client.json("logs", "Logs_20140328." + words[1], "{}");
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

    /** A public hosted zone, with its name servers and nothing else. @return its id */
    public String zone(String name) {
        return zone(name, "");
    }

    /** The same, seen by one network alone. */
    public String privateZone(String name, String network) {
        return zone(name, "<VPC><VPCRegion>" + WireClient.REGION + "</VPCRegion><VPCId>" + network + "</VPCId></VPC><HostedZoneConfig><PrivateZone>true</PrivateZone></HostedZoneConfig>");
    }

    private String zone(String name, String more) {
        return WireClient.value(succeeded(asking(() -> client.route53("POST", "hostedzone", "<CreateHostedZoneRequest xmlns=\"" + ROUTE53 + "\"><Name>" + name + "</Name>" + more
                + "<CallerReference>" + UUID.randomUUID() + "</CallerReference></CreateHostedZoneRequest>"))), "Id").replace("/hostedzone/", "");
    }

    /** What a change has in it, as {@code DELETE www A 60 192.0.2.1}; more values follow; {@code alias:ZONE:name} for the TTL makes an alias. */
    public void records(String zone, String... changes) {
        var batch = Arrays.stream(changes).map(ZoneText::change).collect(Collectors.joining());
        succeeded(asking(() -> client.route53("POST", "hostedzone/" + zone + "/rrset/", "<ChangeResourceRecordSetsRequest xmlns=\"" + ROUTE53 + "\"><ChangeBatch><Changes>" + batch
                + "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>")));
    }

    /** All of a zone but its SOA and its own NS, in the words of {@link #records}. */
    public List<String> records(String zone) {
        return sets(zone).stream().filter(set -> !set.type().equals("SOA") && !(set.type().equals("NS") && sets(zone).stream().anyMatch(soa -> soa.type().equals("SOA") && soa.name().equals(set.name()))))
                .map(ZoneText::words).sorted().toList();
    }

    List<RecordSet> sets(String zone) {
        return Xml.all(succeeded(asking(() -> client.route53("GET", "hostedzone/" + zone + "/rrset?maxitems=1000", ""))).document(), "ResourceRecordSet").stream().map(RecordSet::of).toList();
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
