package dev.mastodonmigration.embedded.aws;

import java.util.Locale;
import java.util.Map;

/** What ElastiCache refuses of a replication group, and moto takes. */
final class CacheChecks {
    private CacheChecks() {}

    /** Returns the call as ElastiCache understands it: names in lower case. */
    static AwsCall create(AwsCall call, CacheGroups groups, Upstream moto) throws AwsRefusal {
        name(call.parameter("ReplicationGroupId").orElse(""));
        token(call);
        nodes(call);
        var family = CacheOfferings.family(call.parameter("Engine").orElse("redis"), call.parameter("EngineVersion").orElse(""))
                .orElseThrow(() -> new AwsRefusal("InvalidParameterValue", "Cannot find version " + call.parameter("EngineVersion").orElse("") + " for " + call.parameter("Engine").orElse("redis")));
        if (!CacheOfferings.hasNodeType(call.parameter("CacheNodeType").orElse(""))) {
            throw new AwsRefusal("InvalidParameterValue", "Invalid Cache Node Type: " + call.parameter("CacheNodeType").orElse(""));
        }
        parameterGroup(call, groups, family);
        network(call, groups, moto);
        var understood = call;
        for (var name : new String[] {"ReplicationGroupId", "CacheSubnetGroupName", "CacheParameterGroupName"}) {
            if (call.parameter(name).isPresent()) {
                understood = understood.with(name, call.parameters().get(name).toLowerCase(Locale.ROOT));
            }
        }
        return understood;
    }

    private static void name(String name) throws AwsRefusal {
        if (!name.matches("[A-Za-z][A-Za-z0-9-]{0,39}") || name.contains("--") || name.endsWith("-")) {
            throw new AwsRefusal("InvalidParameterValue", "The parameter ReplicationGroupId is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens;"
                    + " must not end with a hyphen or contain two consecutive hyphens; and must have at most 40 characters.");
        }
    }

    /** A token goes over TLS alone, and TLS needs a subnet group. */
    private static void token(AwsCall call) throws AwsRefusal {
        var isEncrypted = isTrue(call, "TransitEncryptionEnabled");
        if (call.parameter("AuthToken").isPresent()) {
            tokenOf(call);
            if (!isEncrypted) {
                throw new AwsRefusal("InvalidParameterCombination", "The AUTH token can only be used with transit encryption enabled.");
            }
        }
        if (isEncrypted && call.parameter("CacheSubnetGroupName").isEmpty()) {
            throw new AwsRefusal("InvalidParameterCombination", "Transit encryption needs a cache subnet group.");
        }
    }

    static void tokenOf(AwsCall call) throws AwsRefusal {
        if (!call.parameter("AuthToken").orElse("").matches("[A-Za-z0-9!&#$^<>-]{16,128}")) {
            throw new AwsRefusal("InvalidParameterValue", "Invalid AuthToken provided. It must have 16 to 128 alphanumeric characters or symbols (excluding @, \", /).");
        }
    }

    private static void nodes(AwsCall call) throws AwsRefusal {
        var nodes = Integer.parseInt(call.parameter("NumCacheClusters").orElse("1"));
        if (nodes < 1 || nodes > 6) {
            throw new AwsRefusal("InvalidParameterValue", "NumCacheClusters must be between 1 and 6.");
        }
        if (isTrue(call, "AutomaticFailoverEnabled") && nodes < 2) {
            throw new AwsRefusal("InvalidParameterCombination", "Automatic failover is not supported for a replication group with fewer than two cache clusters.");
        }
        if (isTrue(call, "MultiAZEnabled") && !isTrue(call, "AutomaticFailoverEnabled")) {
            throw new AwsRefusal("InvalidParameterCombination", "Multi-AZ needs automatic failover.");
        }
    }

    private static void parameterGroup(AwsCall call, CacheGroups groups, String family) throws AwsRefusal {
        var name = call.parameter("CacheParameterGroupName");
        if (name.isPresent() && !name.get().startsWith("default.")) {
            var group = groups.find(CacheGroups.PARAMETERS, call, name.get()).orElseThrow(() -> new AwsRefusal(404, "CacheParameterGroupNotFound", "CacheParameterGroup not found: " + name.get()));
            if (!group.family().equals(family)) {
                throw new AwsRefusal("InvalidParameterCombination", "Expected a parameter group of family " + family + " but found one of family " + group.family());
            }
        }
    }

    /** The security groups are there, and in the network of the subnet group. */
    private static void network(AwsCall call, CacheGroups groups, Upstream moto) throws AwsRefusal {
        var name = call.parameter("CacheSubnetGroupName");
        if (name.isEmpty()) {
            return;
        }
        var subnets = groups.find(CacheGroups.SUBNETS, call, name.get()).orElseThrow(() -> new AwsRefusal("CacheSubnetGroupNotFoundFault", "Cache Subnet Group " + name.get() + " does not exist."));
        if (isTrue(call, "MultiAZEnabled") && subnets.zones().size() < 2) {
            throw new AwsRefusal("InvalidParameterCombination", "Multi-AZ needs a cache subnet group with subnets in two availability zones.");
        }
        for (var group : call.list("SecurityGroupIds")) {
            var answer = moto.call(call, "ec2", "DescribeSecurityGroups", Map.of("GroupId.1", group));
            if (!answer.isSuccess() || !Xml.all(answer.document(), "vpcId").getFirst().getTextContent().equals(subnets.network())) {
                throw new AwsRefusal("InvalidParameterValue", "Some security group Ids are not valid for the cache subnet group: " + group);
            }
        }
    }

    private static boolean isTrue(AwsCall call, String parameter) {
        return call.parameter(parameter).filter("true"::equals).isPresent();
    }
}
