package dev.mastodonmigration.embedded.aws;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A few entries of AWS's list of prices, in its shape: each a text with JSON in it. The figures are made up, so that a test which sees them knows where they come
 * from. moto has none of it.
 */
final class PriceList {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> ENDPOINTS = Set.of("us-east-1", "eu-central-1", "ap-south-1");
    private static final Map<String, String> PREFIXES = Map.of("us-east-1", "", "eu-central-1", "EUC1-");
    private static final String HOURS = "Hrs";
    private static final String MONTHS = "GB-Mo";

    private PriceList() {}

    static AwsAnswer products(AwsCall call) throws AwsRefusal {
        if (!ENDPOINTS.contains(call.region())) {
            throw new AwsRefusal("InvalidSignatureException", "Credential should be scoped to a valid region.");
        }
        var asked = read(call.body());
        var page = new ArrayList<String>();
        for (var entry : entries()) {
            if (entry.at("/serviceCode").asText().equals(asked.path("ServiceCode").asText()) && fits(entry, asked.path("Filters"))) {
                page.add(entry.toString());
            }
        }
        return new AwsAnswer(200, "application/x-amz-json-1.1", write(Map.of("FormatVersion", "aws_v1", "PriceList", page)));
    }

    /** A field that no entry has matches nothing, as at AWS. */
    private static boolean fits(JsonNode entry, JsonNode filters) throws AwsRefusal {
        for (var filter : filters) {
            if (!filter.path("Type").asText().equals("TERM_MATCH")) {
                throw new AwsRefusal("InvalidParameterException", "Input Parameters are invalid.");
            }
            var field = filter.path("Field").asText();
            var value = field.equals("productFamily") ? entry.at("/product/productFamily") : entry.at("/product/attributes/" + field);
            if (!value.asText().equals(filter.path("Value").asText())) {
                return false;
            }
        }
        return true;
    }

    private static List<JsonNode> entries() {
        var entries = new ArrayList<JsonNode>();
        PREFIXES.forEach((region, prefix) -> {
            for (var engine : List.of("PostgreSQL", "MySQL")) {
                entries.add(instance(region, engine, "Single-AZ", "db.t4g.small", prefix + "InstanceUsage:db.t4g.small", "0.0371000000"));
                entries.add(instance(region, engine, "Multi-AZ", "db.t4g.small", prefix + "Multi-AZUsage:db.t4g.small", "0.0742000000"));
                entries.add(instance(region, engine, "Single-AZ", "db.t4g.medium", prefix + "InstanceUsage:db.t4g.medium", "0.0733000000"));
                entries.add(storage(region, engine, prefix + "RDS:GP3-Storage", "0.1370000000"));
            }
            entries.add(storage(region, "Any", prefix + "RDS:Multi-AZ-GP3-Storage", "0.2740000000"));
            entries.add(storage(region, "Any", prefix + "RDS:GP3-Storage", "0.9990000000"));
            entries.add(entry("AmazonElastiCache", "Cache Instance", region, prefix + "NodeUsage:cache.t4g.small", HOURS, "0.0311000000",
                    Map.of("instanceType", "cache.t4g.small", "cacheEngine", "Valkey", "locationType", "AWS Region")));
            entries.add(entry("AmazonEC2", "Compute Instance", region, prefix + "BoxUsage:t4g.large", HOURS, "0.0771000000",
                    Map.of("instanceType", "t4g.large", "operatingSystem", "Linux", "tenancy", "Shared", "preInstalledSw", "NA", "capacitystatus", "Used")));
            entries.add(entry("AmazonEC2", "Storage", region, prefix + "EBS:VolumeUsage.gp3", MONTHS, "0.0955000000", Map.of("volumeApiName", "gp3")));
            entries.add(entry("AWSELB", "Load Balancer-Application", region, prefix + "LoadBalancerUsage", HOURS, "0.0273000000", Map.of()));
        });
        return entries;
    }

    private static JsonNode instance(String region, String engine, String deployment, String instanceClass, String usageType, String usd) {
        return entry("AmazonRDS", "Database Instance", region, usageType, HOURS, usd, Map.of("instanceType", instanceClass, "databaseEngine", engine, "deploymentOption", deployment));
    }

    private static JsonNode storage(String region, String engine, String usageType, String usd) {
        return entry("AmazonRDS", "Database Storage", region, usageType, MONTHS, usd, Map.of("volumeType", "General Purpose-GP3", "databaseEngine", engine));
    }

    /** With what is reserved beside what is on demand. */
    static JsonNode entry(String service, String family, String region, String usageType, String unit, String usd, Map<String, String> attributes) {
        var all = new TreeMap<>(attributes);
        all.put("regionCode", region);
        all.put("usagetype", usageType);
        all.put("servicecode", service);
        var terms = Map.of("OnDemand", Map.of("SKU.JRTCKXETXF", term(unit, usd)), "Reserved", Map.of("SKU.38NPMPTW36", term("Quantity", "150"), "SKU.4NA7Y494T4", term(unit, "0.0100000000")));
        return JSON.valueToTree(Map.of("serviceCode", service, "version", "20261120000000", "publicationDate", "2026-11-20T22:13:45Z",
                "product", Map.of("productFamily", family, "sku", "SKU", "attributes", all), "terms", terms));
    }

    private static Map<String, Object> term(String unit, String usd) {
        return Map.of("sku", "SKU", "effectiveDate", "2026-11-01T00:00:00Z", "termAttributes", Map.of(), "priceDimensions", Map.of("SKU.JRTCKXETXF.6YS6EN2CT7",
                Map.of("unit", unit, "beginRange", "0", "endRange", "Inf", "description", "$" + usd + " per " + unit, "appliesTo", List.of(), "pricePerUnit", Map.of("USD", usd))));
    }

    private static JsonNode read(String body) throws AwsRefusal {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new AwsRefusal("SerializationException", "The request does not read as JSON.");
        }
    }

    private static String write(Object answer) {
        return JSON.valueToTree(answer).toString();
    }
}
