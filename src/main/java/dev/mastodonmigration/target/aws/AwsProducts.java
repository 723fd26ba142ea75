package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.cost.Product;
import dev.mastodonmigration.cost.Unit;
import java.util.List;
import java.util.Map;

/** How AWS's list of prices names what adapters create (infracost, internal/resources/aws). */
final class AwsProducts {
    private static final String RDS = "AmazonRDS";
    private static final String EC2 = "AmazonEC2";
    private static final String FAMILY = "productFamily";
    private static final String INSTANCE_TYPE = "instanceType";
    private static final String POSTGRES = "PostgreSQL";
    private static final String ENGINE = "databaseEngine";

    private AwsProducts() {}

    /** @param zones 2 with a standby */
    static Product rdsInstance(String region, String instanceClass, int zones) {
        return new Product(RDS, region, POSTGRES, (zones > 1 ? "Multi-AZUsage:" : "InstanceUsage:") + instanceClass,
                List.of(Map.of(FAMILY, "Database Instance", INSTANCE_TYPE, instanceClass, ENGINE, POSTGRES, "deploymentOption", zones > 1 ? "Multi-AZ" : "Single-AZ")), Unit.HOUR);
    }

    /** The list has an entry of Postgres's own for some of it, and for the rest one for any engine. */
    static Product rdsStorage(String region, int zones) {
        return new Product(RDS, region, POSTGRES, zones > 1 ? "RDS:Multi-AZ-GP3-Storage" : "RDS:GP3-Storage",
                List.of(storage(POSTGRES), storage("Any")), Unit.GIB_MONTH);
    }

    private static Map<String, String> storage(String engine) {
        return Map.of(FAMILY, "Database Storage", "volumeType", "General Purpose-GP3", ENGINE, engine);
    }

    /** With Linux, by the hour. */
    static Product ec2Instance(String region, String instanceType) {
        return new Product(EC2, region, "", "BoxUsage:" + instanceType, List.of(Map.of(FAMILY, "Compute Instance", INSTANCE_TYPE, instanceType, "operatingSystem", "Linux", "tenancy", "Shared",
                "preInstalledSw", "NA", "capacitystatus", "Used")), Unit.HOUR);
    }

    static Product ebsStorage(String region) {
        return new Product(EC2, region, "", "EBS:VolumeUsage.gp3", List.of(Map.of(FAMILY, "Storage", "volumeApiName", "gp3")), Unit.GIB_MONTH);
    }

    /** An Application Load Balancer's hour; what it carries is counted apart. */
    static Product loadBalancer(String region) {
        return new Product("AWSELB", region, "", "LoadBalancerUsage", List.of(Map.of(FAMILY, "Load Balancer-Application")), Unit.HOUR);
    }

    /** @param engine as "Valkey" */
    static Product cacheNode(String region, String nodeType, String engine) {
        return new Product("AmazonElastiCache", region, engine, "NodeUsage:" + nodeType,
                List.of(Map.of(FAMILY, "Cache Instance", INSTANCE_TYPE, nodeType, "cacheEngine", engine, "locationType", "AWS Region")), Unit.HOUR);
    }
}
