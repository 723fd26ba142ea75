package dev.mastodonmigration.embedded.aws;

import java.util.List;
import java.util.Map;

/** AWS is eventually consistent: a look soon after a create may see nothing yet. */
final class StaleAnswer {
    /** The error for a name or id that is not there yet, by action, and the parameter that gives it. */
    private record NotFound(String parameter, int status, String code) {}

    private static final Map<String, NotFound> BY_NAME = Map.of(
            "rds:DescribeDBInstances", new NotFound("DBInstanceIdentifier", 404, "DBInstanceNotFound"),
            "rds:DescribeDBSubnetGroups", new NotFound("DBSubnetGroupName", 404, "DBSubnetGroupNotFoundFault"),
            "rds:DescribeDBParameterGroups", new NotFound("DBParameterGroupName", 404, "DBParameterGroupNotFound"),
            "elasticache:DescribeReplicationGroups", new NotFound("ReplicationGroupId", 404, "ReplicationGroupNotFoundFault"),
            "elasticache:DescribeCacheSubnetGroups", new NotFound("CacheSubnetGroupName", 400, "CacheSubnetGroupNotFoundFault"),
            "elasticache:DescribeCacheParameterGroups", new NotFound("CacheParameterGroupName", 404, "CacheParameterGroupNotFound"),
            "ec2:DescribeSecurityGroups", new NotFound("GroupId.1", 400, "InvalidGroup.NotFound"),
            "ec2:DescribeInstances", new NotFound("InstanceId.1", 400, "InvalidInstanceID.NotFound"));
    private static final List<String> ABOUT_THE_ANSWER = List.of("requestId", "ResponseMetadata", "RequestId");

    private StaleAnswer() {}

    static AwsAnswer of(AwsCall call, AwsAnswer fresh) {
        var notFound = BY_NAME.get(call.name());
        if (notFound != null && call.parameter(notFound.parameter()).isPresent()) {
            return call.protocol().error(notFound.status(), notFound.code(), call.parameter(notFound.parameter()).get() + " not found.");
        }
        if (!fresh.isSuccess() || fresh.contentType().contains("json")) {
            throw new IllegalStateException("no stale answer to " + call.name() + " is known: " + fresh.body());
        }
        var document = fresh.document();
        var root = document.getDocumentElement();
        var result = Xml.child(root, call.action() + "Result").orElse(root);
        // A list has elements in it; what else stands there (a marker) stays.
        Xml.children(result).stream().filter(element -> !ABOUT_THE_ANSWER.contains(element.getTagName()) && !Xml.children(element).isEmpty()).forEach(element -> element.setTextContent(""));
        return AwsAnswer.xml(document);
    }
}
