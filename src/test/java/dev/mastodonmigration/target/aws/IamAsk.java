package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.embedded.aws.AwsCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One question that AWS puts to a policy for a call: a call asks several, one for each resource that it touches (Service Authorization Reference, actions tables of RDS,
 * ElastiCache and EC2). moto puts none.
 *
 * @param context keys that conditions may look at
 */
record IamAsk(String action, String resource, Map<String, String> context) {
    private static final String REQUEST = "aws:RequestTag/" + AwsNames.UID_TAG;
    private static final String RESOURCE = "aws:ResourceTag/" + AwsNames.UID_TAG;
    private static final String ROLE = "arn:aws:iam::123456789012:role/aws-service-role/";

    /** As AWS would ask it of a call to what is somebody else's, or that does not tag what it creates. */
    IamAsk withoutOurTag() {
        var rest = new TreeMap<>(context);
        rest.remove(REQUEST);
        rest.remove(RESOURCE);
        return new IamAsk(action, resource, rest);
    }

    boolean isAboutOurTag() {
        return !withoutOurTag().equals(this);
    }

    boolean isAboutOurName() {
        return resource.contains("mastodon-");
    }

    IamAsk ofAnotherName() {
        return new IamAsk(action, resource.replace("mastodon-", "company-"), context);
    }

    static List<IamAsk> of(AwsCall call) {
        if (call.name().equals("iam:SimulatePrincipalPolicy")) {
            return List.of(new IamAsk(call.name(), call.parameters().get("PolicySourceArn"), Map.of()));
        }
        if (call.name().equals("iam:GetRole")) {
            return List.of(new IamAsk(call.name(), "arn:aws:iam::123456789012:role/" + call.parameters().get("RoleName"), Map.of()));
        }
        if (!call.isChange()) {
            return List.of(new IamAsk(call.name(), "*", Map.of()));
        }
        return switch (call.name()) {
            case "rds:CreateDBInstance" -> joined(created(call, rds("db", call, "DBInstanceIdentifier")), List.of(ours(call, rds("pg", call, "DBParameterGroupName")), ours(call, rds("subgrp", call, "DBSubnetGroupName")),
                    new IamAsk(call.name(), "arn:aws:rds:eu-central-1:123456789012:og:default:postgres-17", Map.of()), role("rds.amazonaws.com", "AWSServiceRoleForRDS")));
            case "rds:CreateDBParameterGroup" -> created(call, rds("pg", call, "DBParameterGroupName"));
            case "rds:CreateDBSubnetGroup" -> created(call, rds("subgrp", call, "DBSubnetGroupName"));
            case "rds:ModifyDBInstance" -> List.of(ours(call, rds("db", call, "DBInstanceIdentifier")), new IamAsk(call.name(), "arn:aws:rds:eu-central-1:123456789012:og:default:postgres-17", Map.of()));
            case "rds:DeleteDBInstance", "rds:RebootDBInstance" -> List.of(ours(call, rds("db", call, "DBInstanceIdentifier")));
            case "rds:ModifyDBParameterGroup", "rds:DeleteDBParameterGroup" -> List.of(ours(call, rds("pg", call, "DBParameterGroupName")));
            case "rds:DeleteDBSubnetGroup" -> List.of(ours(call, rds("subgrp", call, "DBSubnetGroupName")));
            case "rds:AddTagsToResource" -> List.of(ours(call, call.parameters().get("ResourceName")));
            case "elasticache:CreateReplicationGroup" -> joined(created(call, cache("replicationgroup", call, "ReplicationGroupId")), created(call, cache("cluster", call, "ReplicationGroupId") + "-001"),
                    List.of(ours(call, cache("parametergroup", call, "CacheParameterGroupName")), ours(call, cache("subnetgroup", call, "CacheSubnetGroupName")),
                            role("elasticache.amazonaws.com", "AWSServiceRoleForElastiCache")));
            case "elasticache:CreateCacheParameterGroup" -> created(call, cache("parametergroup", call, "CacheParameterGroupName"));
            case "elasticache:CreateCacheSubnetGroup" -> created(call, cache("subnetgroup", call, "CacheSubnetGroupName"));
            case "elasticache:ModifyReplicationGroup", "elasticache:DeleteReplicationGroup" -> List.of(ours(call, cache("replicationgroup", call, "ReplicationGroupId")));
            case "elasticache:ModifyCacheParameterGroup", "elasticache:ResetCacheParameterGroup", "elasticache:DeleteCacheParameterGroup" -> List.of(ours(call, cache("parametergroup", call, "CacheParameterGroupName")));
            case "elasticache:DeleteCacheSubnetGroup" -> List.of(ours(call, cache("subnetgroup", call, "CacheSubnetGroupName")));
            case "ec2:CreateSecurityGroup" -> joined(List.of(new IamAsk(call.name(), "arn:aws:ec2:eu-central-1:123456789012:vpc/" + call.parameters().get("VpcId"), Map.of())),
                    created(call, "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-new"));
            case "ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup" -> List.of(ours(call, "arn:aws:ec2:eu-central-1:123456789012:security-group/" + call.parameters().get("GroupId")));
            // Which zone and which records is held against the policy by a test of its own.
            case "route53:ChangeResourceRecordSets" -> List.of(new IamAsk(call.name(), "arn:aws:route53:::hostedzone/Z0123456789EXAMPLE", Map.of()));
            default -> throw new AssertionError("nobody has looked up yet what AWS asks of a policy for " + call.name());
        };
    }

    /** The thing itself, and its being tagged, which only what the request carries speaks for. */
    private static List<IamAsk> created(AwsCall call, String resource) {
        var isTagged = call.parameters().values().stream().anyMatch(AwsNames.UID_TAG::equals);
        var context = new TreeMap<String, String>();
        if (isTagged) {
            context.put(REQUEST, "6f1c");
        }
        var tagging = new TreeMap<>(context);
        tagging.put("ec2:CreateAction", call.action());
        return List.of(new IamAsk(call.name(), resource, context), new IamAsk(call.service().equals("ec2") ? "ec2:CreateTags" : call.service() + ":AddTagsToResource", resource, tagging));
    }

    /** One that is there, and has our tag. */
    private static IamAsk ours(AwsCall call, String resource) {
        return new IamAsk(call.name(), resource, Map.of(RESOURCE, "6f1c"));
    }

    private static IamAsk role(String service, String name) {
        return new IamAsk("iam:CreateServiceLinkedRole", ROLE + service + "/" + name, Map.of("iam:AWSServiceName", service));
    }

    private static String rds(String type, AwsCall call, String parameter) {
        return "arn:aws:rds:eu-central-1:123456789012:" + type + ":" + call.parameters().get(parameter);
    }

    private static String cache(String type, AwsCall call, String parameter) {
        return "arn:aws:elasticache:eu-central-1:123456789012:" + type + ":" + call.parameters().get(parameter);
    }

    @SafeVarargs
    private static List<IamAsk> joined(List<IamAsk>... many) {
        return new ArrayList<>(Stream.of(many).flatMap(List::stream).toList());
    }
}
