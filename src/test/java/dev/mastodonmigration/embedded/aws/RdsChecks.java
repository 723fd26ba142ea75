package dev.mastodonmigration.embedded.aws;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.w3c.dom.Element;

/** What RDS refuses of an instance, and moto takes. */
final class RdsChecks {
    private static final Set<String> RESERVED_NAMES = Set.of("admin", "rdsadmin", "rds_superuser", "rdsrepladmin");

    private RdsChecks() {}

    /** Returns the call as RDS understands it: names in lower case, and the newest version of a major one. */
    static AwsCall create(AwsCall call, Upstream moto) throws AwsRefusal {
        password(call);
        userName(call);
        storageSize(call.parameter("StorageType").orElse("gp2"), number(call, "AllocatedStorage"));
        throughput(call, call.parameter("StorageType").orElse("gp2"), number(call, "AllocatedStorage"));
        var version = version(call);
        orderable(call, call.parameter("DBInstanceClass").orElse(""), version);
        parameterGroupFamily(call, version, moto);
        network(call, moto);
        var understood = call.with("EngineVersion", version);
        for (var name : Set.of("DBInstanceIdentifier", "DBSubnetGroupName", "DBParameterGroupName")) {
            if (call.parameter(name).isPresent()) {
                understood = understood.with(name, call.parameters().get(name).toLowerCase(Locale.ROOT));
            }
        }
        return understood;
    }

    static AwsCall modify(AwsCall call, Element current, Upstream moto) throws AwsRefusal {
        if (call.parameter(RdsInstance.PASSWORD).isPresent()) {
            password(call);
        }
        var type = call.parameter("StorageType").or(() -> Xml.value(current, "StorageType")).orElse("gp2");
        var has = Xml.value(current, "AllocatedStorage").map(Integer::parseInt).orElse(0);
        var wants = call.parameter("AllocatedStorage").isPresent() ? number(call, "AllocatedStorage") : has;
        if (wants != has) {
            storageSize(type, wants);
            growth(has, wants);
        }
        throughput(call, type, wants);
        var version = Xml.value(current, "EngineVersion").orElse("");
        var understood = call;
        if (call.parameter("EngineVersion").isPresent()) {
            version = version(call);
            understood = call.with("EngineVersion", version);
        }
        orderable(call, call.parameter("DBInstanceClass").or(() -> Xml.value(current, "DBInstanceClass")).orElse(""), version);
        parameterGroupFamily(call, version, moto);
        return understood;
    }

    private static void password(AwsCall call) throws AwsRefusal {
        if (call.parameter("ManageMasterUserPassword").filter("true"::equals).isPresent()) {
            return;
        }
        var password = call.parameter(RdsInstance.PASSWORD).orElse("");
        if (!password.matches("[!-~&&[^/\"@]]{8,128}")) {
            throw new AwsRefusal("InvalidParameterValue", "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used, from 8 to 128 of them.");
        }
    }

    private static void userName(AwsCall call) throws AwsRefusal {
        var name = call.parameter("MasterUsername").orElse("");
        if (!name.matches("[A-Za-z][A-Za-z0-9_]{0,15}") || RESERVED_NAMES.contains(name.toLowerCase(Locale.ROOT))) {
            throw new AwsRefusal("InvalidParameterValue", "MasterUsername " + name + " cannot be used as it is a reserved word used by the engine, or is no identifier of up to 16 characters");
        }
    }

    private static void storageSize(String type, int gibibytes) throws AwsRefusal {
        if (gibibytes < 20 || gibibytes > 65536) {
            throw new AwsRefusal("InvalidParameterValue", "Invalid storage size for engine name postgres and storage type " + type + ": " + gibibytes);
        }
    }

    private static void growth(int has, int wants) throws AwsRefusal {
        if (wants < has * 1.1) {
            throw new AwsRefusal("InvalidParameterCombination", wants < has ? "Requested storage size (" + wants + ") cannot be less than the current storage size (" + has + ")"
                    : "Invalid storage size: the new size has to be at least 10 percent larger than the current " + has);
        }
    }

    /** A small gp3 volume has its base throughput, and says no to a request for just that. */
    private static void throughput(AwsCall call, String type, int gibibytes) throws AwsRefusal {
        if (type.equals("gp3") && gibibytes < 400 && (call.parameter("Iops").isPresent() || call.parameter("StorageThroughput").isPresent())) {
            throw new AwsRefusal("InvalidParameterCombination", "You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400.");
        }
    }

    private static String version(AwsCall call) throws AwsRefusal {
        var asked = call.parameter("EngineVersion").orElse("17");
        return RdsOfferings.version(asked).orElseThrow(() -> new AwsRefusal("InvalidParameterCombination", "Cannot find version " + asked + " for postgres"));
    }

    private static void orderable(AwsCall call, String instanceClass, String version) throws AwsRefusal {
        if (!RdsOfferings.isOrderable(instanceClass, version) || call.parameter("MultiAZ").filter("true"::equals).isPresent() && !RdsOfferings.hasSecondZone(instanceClass)) {
            throw new AwsRefusal("InvalidParameterCombination", "RDS does not support creating a DB instance with the following combination: DBInstanceClass=" + instanceClass + ", Engine=postgres, EngineVersion="
                    + version + ", LicenseModel=postgresql-license. For supported combinations of instance class and database engine version, see the documentation.");
        }
    }

    private static void parameterGroupFamily(AwsCall call, String version, Upstream moto) throws AwsRefusal {
        var group = call.parameter("DBParameterGroupName").map(name -> name.toLowerCase(Locale.ROOT));
        if (group.isEmpty() || group.get().startsWith("default.")) {
            return;
        }
        var family = Xml.all(moto.ask(call, "rds", "DescribeDBParameterGroups", Map.of("DBParameterGroupName", group.get())), "DBParameterGroupFamily").stream().map(Element::getTextContent).findFirst()
                .orElseThrow(() -> new AwsRefusal(404, "DBParameterGroupNotFound", "DBParameterGroup not found: " + group.get()));
        if (!family.equals(RdsOfferings.family(version))) {
            throw new AwsRefusal("InvalidParameterCombination", "The parameter group " + group.get() + " with DBParameterGroupFamily " + family + " can't be used for this instance. Please use a parameter group with "
                    + "DBParameterGroupFamily " + RdsOfferings.family(version));
        }
    }

    /** The security groups are there, and in the network of the subnet group. */
    private static void network(AwsCall call, Upstream moto) throws AwsRefusal {
        var subnetGroup = call.parameter("DBSubnetGroupName").map(name -> name.toLowerCase(Locale.ROOT));
        var groups = call.list("VpcSecurityGroupIds");
        if (subnetGroup.isEmpty() || groups.isEmpty()) {
            return;
        }
        var found = moto.call(call, "rds", "DescribeDBSubnetGroups", Map.of("DBSubnetGroupName", subnetGroup.get()));
        if (!found.isSuccess()) {
            throw new AwsRefusal(404, "DBSubnetGroupNotFoundFault", "DB subnet group '" + subnetGroup.get() + "' does not exist.");
        }
        var network = Xml.all(found.document(), "VpcId").getFirst().getTextContent();
        for (var group : groups) {
            var answer = moto.call(call, "ec2", "DescribeSecurityGroups", Map.of("GroupId.1", group));
            if (!answer.isSuccess()) {
                throw new AwsRefusal("InvalidParameterValue", "Invalid security group , groupId= " + group + ", groupName=.");
            }
            var other = Xml.all(answer.document(), "vpcId").getFirst().getTextContent();
            if (!other.equals(network)) {
                throw new AwsRefusal("InvalidParameterCombination", "The DB instance and EC2 security group are in different VPCs. The DB instance is in " + network + " and the EC2 security group is in " + other);
            }
        }
    }

    private static int number(AwsCall call, String name) throws AwsRefusal {
        try {
            return Integer.parseInt(call.parameter(name).orElse("0"));
        } catch (NumberFormatException e) {
            throw new AwsRefusal("MalformedInput", call.parameters().get(name) + " is no integer");
        }
    }
}
