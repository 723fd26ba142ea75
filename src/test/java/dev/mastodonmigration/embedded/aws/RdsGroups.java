package dev.mastodonmigration.embedded.aws;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.w3c.dom.Element;

/** Subnet and parameter groups: what RDS refuses of them, and moto takes. */
final class RdsGroups {
    private static final String SUBNET_GROUP = "DBSubnetGroupName";
    private static final String PARAMETER_GROUP = "DBParameterGroupName";
    /** Parameters that take a restart. */
    private static final Set<String> STATIC = Set.of("max_connections", "shared_buffers", "wal_buffers", "shared_preload_libraries", "autovacuum_max_workers", "rds.logical_replication", "max_wal_senders",
            "max_replication_slots", "max_worker_processes", "huge_pages");

    private final RdsInstances instances;

    RdsGroups(RdsInstances instances) {
        this.instances = instances;
    }

    AwsAnswer createSubnetGroup(AwsCall call, Upstream moto) throws AwsRefusal {
        var name = name(call, SUBNET_GROUP);
        if (isThere(call, moto, name)) {
            throw new AwsRefusal("DBSubnetGroupAlreadyExists", "The DB subnet group '" + name + "' already exists.");
        }
        coversTwoZones(call, moto);
        return moto.pass(call.with(SUBNET_GROUP, name));
    }

    AwsAnswer modifySubnetGroup(AwsCall call, Upstream moto) throws AwsRefusal {
        var name = name(call, SUBNET_GROUP);
        if (!isThere(call, moto, name)) {
            throw new AwsRefusal(404, "DBSubnetGroupNotFoundFault", "DB subnet group '" + name + "' does not exist.");
        }
        coversTwoZones(call, moto);
        return moto.pass(call.with(SUBNET_GROUP, name));
    }

    AwsAnswer deleteSubnetGroup(AwsCall call, Upstream moto) throws AwsRefusal {
        var name = name(call, SUBNET_GROUP);
        if (instances.use(call, moto, SUBNET_GROUP, name)) {
            throw new AwsRefusal("InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group '" + name + "' because at least one database instance is still using it.");
        }
        return moto.pass(call.with(SUBNET_GROUP, name));
    }

    AwsAnswer createParameterGroup(AwsCall call, Upstream moto) throws AwsRefusal {
        return moto.pass(call.with(PARAMETER_GROUP, name(call, PARAMETER_GROUP)));
    }

    AwsAnswer describeParameterGroups(AwsCall call, Upstream moto) throws AwsRefusal {
        var answer = moto.pass(call);
        if (call.parameter(PARAMETER_GROUP).isPresent() && answer.isSuccess() && Xml.all(answer.document(), PARAMETER_GROUP).isEmpty()) {
            throw new AwsRefusal(404, "DBParameterGroupNotFound", "DBParameterGroup not found: " + call.parameters().get(PARAMETER_GROUP));
        }
        return answer;
    }

    AwsAnswer modifyParameterGroup(AwsCall call, Upstream moto) throws AwsRefusal {
        var parameters = parameters(call);
        if (parameters.size() > 20) {
            throw new AwsRefusal("InvalidParameterValue", "At most 20 parameters can be modified in a single request.");
        }
        for (var parameter : parameters.entrySet()) {
            if (STATIC.contains(parameter.getKey()) && parameter.getValue().equals("immediate")) {
                throw new AwsRefusal("InvalidParameterCombination", "cannot use immediate apply method for static parameter: " + parameter.getKey());
            }
        }
        var answer = moto.pass(call);
        if (answer.isSuccess()) {
            instances.parametersChanged(name(call, PARAMETER_GROUP), Set.copyOf(parameters.values()));
        }
        return answer;
    }

    AwsAnswer deleteParameterGroup(AwsCall call, Upstream moto) throws AwsRefusal {
        var name = name(call, PARAMETER_GROUP);
        if (instances.use(call, moto, PARAMETER_GROUP, name)) {
            throw new AwsRefusal("InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group " + name + ", so the group cannot be deleted");
        }
        return moto.pass(call.with(PARAMETER_GROUP, name));
    }

    /** How each of the parameters is to be applied, by its name. */
    private static Map<String, String> parameters(AwsCall call) {
        var members = new LinkedHashMap<String, Map<String, String>>();
        call.parameters().forEach((name, value) -> {
            if (name.matches("Parameters\\.\\w+\\.\\d+\\.\\w+")) {
                var at = name.lastIndexOf('.');
                members.computeIfAbsent(name.substring(0, at), member -> new HashMap<>()).put(name.substring(at + 1), value);
            }
        });
        return members.values().stream().collect(Collectors.toMap(member -> member.get("ParameterName"), member -> member.getOrDefault("ApplyMethod", "immediate"), (first, second) -> second));
    }

    private static boolean isThere(AwsCall call, Upstream moto, String subnetGroup) {
        return moto.call(call, "rds", "DescribeDBSubnetGroups", Map.of(SUBNET_GROUP, subnetGroup)).isSuccess();
    }

    private static void coversTwoZones(AwsCall call, Upstream moto) throws AwsRefusal {
        var asked = new LinkedHashMap<String, String>();
        call.list("SubnetIds").forEach(subnet -> asked.put("SubnetId." + (asked.size() + 1), subnet));
        var subnets = moto.call(call, "ec2", "DescribeSubnets", asked);
        if (asked.isEmpty() || !subnets.isSuccess()) {
            throw new AwsRefusal("InvalidSubnet", "The requested subnet is invalid, or multiple subnets were requested that are not all in a common VPC.");
        }
        var zones = Xml.all(subnets.document(), "availabilityZone").stream().map(Element::getTextContent).collect(Collectors.toCollection(TreeSet::new));
        if (Xml.all(subnets.document(), "vpcId").stream().map(Element::getTextContent).distinct().count() > 1) {
            throw new AwsRefusal("InvalidSubnet", "The requested subnet is invalid, or multiple subnets were requested that are not all in a common VPC.");
        }
        if (zones.size() < 2) {
            throw new AwsRefusal("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: " + String.join(", ", zones)
                    + ". Add subnets to cover at least 2 AZs.");
        }
    }

    /** Stored in lower case, whatever was asked for. */
    private static String name(AwsCall call, String parameter) throws AwsRefusal {
        return call.parameter(parameter).map(name -> name.toLowerCase(Locale.ROOT))
                .orElseThrow(() -> new AwsRefusal("InvalidParameterValue", "The parameter " + parameter + " must be provided and must not be blank."));
    }
}
