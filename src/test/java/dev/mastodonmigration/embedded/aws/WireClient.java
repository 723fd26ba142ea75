package dev.mastodonmigration.embedded.aws;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.w3c.dom.Element;

/** A client without an SDK: what it sends and gets is what stands on the wire. Parameters come as name, value, name, value. */
final class WireClient implements AutoCloseable {
    static final String REGION = "eu-central-1";

    private final URI address;
    private final String key;
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    WireClient(URI address) {
        this(address, "AKIATEST");
    }

    /** @param key id of the access key that its calls are signed with, as far as the proxy looks */
    WireClient(URI address, String key) {
        this.address = address;
        this.key = key;
    }

    AwsAnswer rds(String action, String... parameters) throws IOException {
        return form("rds", "2014-10-31", action, parameters);
    }

    AwsAnswer cache(String action, String... parameters) throws IOException {
        return form("elasticache", "2015-02-02", action, parameters);
    }

    AwsAnswer ec2(String action, String... parameters) throws IOException {
        return form("ec2", "2016-11-15", action, parameters);
    }

    AwsAnswer iam(String action, String... parameters) throws IOException {
        return form("iam", "2010-05-08", action, parameters);
    }

    AwsAnswer balancing(String action, String... parameters) throws IOException {
        return form("elasticloadbalancing", "2015-12-01", action, parameters);
    }

    private AwsAnswer form(String service, String version, String action, String... parameters) throws IOException {
        var fields = new ArrayList<>(List.of("Action=" + action, "Version=" + version));
        for (var at = 0; at < parameters.length; at += 2) {
            fields.add(parameters[at] + "=" + URLEncoder.encode(parameters[at + 1], StandardCharsets.UTF_8));
        }
        return send("POST", "/", service, REGION, Map.of("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), String.join("&", fields));
    }

    AwsAnswer json(String service, String target, String body) throws IOException {
        return send("POST", "/", service, REGION, Map.of("Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", target), body);
    }

    AwsAnswer route53(String method, String path, String body) throws IOException {
        return send(method, "/2013-04-01/" + path, "route53", "us-east-1", Map.of("Content-Type", "application/xml"), body);
    }

    private AwsAnswer send(String method, String path, String service, String region, Map<String, String> headers, String body) throws IOException {
        var request = HttpRequest.newBuilder(address.resolve(path)).method(method, HttpRequest.BodyPublishers.ofString(body))
                .header("Authorization", "AWS4-HMAC-SHA256 Credential=" + key + "/20260101/" + region + "/" + service + "/aws4_request, SignedHeaders=host, Signature=0");
        headers.forEach(request::header);
        try {
            var answer = client.send(request.build(), BodyHandlers.ofString());
            return new AwsAnswer(answer.statusCode(), answer.headers().firstValue("content-type").orElse(""), answer.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The texts of all elements of that name. */
    static List<String> values(AwsAnswer answer, String element) {
        return Xml.all(answer.document(), element).stream().map(Element::getTextContent).map(String::strip).toList();
    }

    static String value(AwsAnswer answer, String element) {
        return values(answer, element).stream().findFirst().orElseThrow(() -> new AssertionError("no " + element + " in " + answer));
    }

    /** A network with a subnet in each of these zones, as a, b. Returns the ids of the subnets. */
    List<String> subnets(String zones) throws IOException {
        var network = value(ec2("CreateVpc", "CidrBlock", "10.0.0.0/16"), "vpcId");
        var made = new ArrayList<String>();
        for (var zone : zones.split("")) {
            made.add(value(ec2("CreateSubnet", "VpcId", network, "CidrBlock", "10.0." + made.size() + ".0/24", "AvailabilityZone", REGION + zone), "subnetId"));
            ec2("ModifySubnetAttribute", "SubnetId", made.getLast(), "MapPublicIpOnLaunch.Value", "true");
        }
        return made;
    }

    String networkOf(String subnet) throws IOException {
        return value(ec2("DescribeSubnets", "SubnetId.1", subnet), "vpcId");
    }

    String securityGroup(String name, String network) throws IOException {
        return value(ec2("CreateSecurityGroup", "GroupName", name, "GroupDescription", name, "VpcId", network), "groupId");
    }

    @Override
    public void close() {
        client.close();
    }
}
