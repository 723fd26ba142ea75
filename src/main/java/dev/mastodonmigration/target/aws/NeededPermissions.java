package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What a migration will ask of AWS, made from the example policies: each action of the statements that its spec needs, about each resource that it will be called with, under the conditions
 * that the statement sets. Patterns are filled with what this migration will really have there, so that a policy which allows less than the examples passes too.
 */
final class NeededPermissions {
    private static final String ZONE = "Z0123456789EXAMPLE";
    private static final String RECORD_NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
    private static final String AN_ID = "0123456789abcdef0";
    /** Whatever a region calls its own, these are asked for in one (docs.aws.amazon.com, aws:RequestedRegion). */
    private static final Set<String> GLOBAL = Set.of("iam", "route53");
    private static final String GLOBAL_REGION = "us-east-1";
    /** Which actions are about a resource of a kind: those whose names have the word. Those that have the word of none, as tagging, are about all (Service Authorization Reference). */
    private static final Map<String, String> KINDS = Map.of("db", "DBInstance", "pg", "DBParameterGroup", "subgrp", "DBSubnetGroup", "cluster", "ReplicationGroup", "replicationgroup", "ReplicationGroup",
            "parametergroup", "CacheParameterGroup", "subnetgroup", "CacheSubnetGroup");
    private final MastodonMigrationSpec spec;
    private final AwsNames names;
    private final String region;
    private final String account;
    private final Optional<String> vpc;

    /** @param vpc of the subnets; empty where they cannot be looked at */
    NeededPermissions(MastodonMigration migration, String region, String account, Optional<String> vpc) {
        this.spec = migration.getSpec();
        this.names = AwsNames.of(migration);
        this.region = region;
        this.account = account;
        this.vpc = vpc;
    }

    static boolean any(MastodonMigrationSpec spec) {
        return Stream.of(AwsPart.values()).anyMatch(part -> part.isNeededBy(spec));
    }

    /** Subnets that the spec names, of all that is created. */
    static List<String> subnets(MastodonMigrationSpec spec) {
        return Stream.of(AwsPart.ec2(spec).map(MastodonMigrationSpec.Ec2::subnetIds), AwsPart.rds(spec).map(MastodonMigrationSpec.Rds::subnetIds), AwsPart.elastiCache(spec).map(MastodonMigrationSpec.ElastiCache::subnetIds))
                .flatMap(Optional::stream).findFirst().orElse(List.of());
    }

    List<PermissionQuestion> questions() {
        return PolicyStatement.all().stream().filter(statement -> statement.part().isNeededBy(spec)).map(this::ofTheZone).flatMap(this::questions).toList();
    }

    /** Zone and names are the spec's. */
    private PolicyStatement ofTheZone(PolicyStatement statement) {
        if (statement.part() != AwsPart.DNS) {
            return statement;
        }
        UnaryOperator<String> real = pattern -> pattern.replace(ZONE, AwsPart.route53(spec).orElseThrow().hostedZoneId());
        var conditions = new TreeMap<String, Map<String, List<String>>>();
        statement.conditions().forEach((operator, keys) -> {
            var values = new TreeMap<>(keys);
            values.replace(RECORD_NAMES, SpecDefaults.hosts(spec).stream().sorted().toList());
            conditions.put(operator, values);
        });
        return statement.with(statement.actions(), statement.resources().stream().map(real).toList()).with(conditions);
    }

    private Stream<PermissionQuestion> questions(PolicyStatement statement) {
        return statement.actions().stream().filter(action -> !isOfADeletionThatNobodyWants(statement, action)).flatMap(action -> patterns(statement, action)
                .map(pattern -> new PermissionQuestion(statement, action, pattern, resource(pattern), context(statement, action))));
    }

    /** Machines are replaced, and databases only deleted by an abort. */
    private boolean isOfADeletionThatNobodyWants(PolicyStatement statement, String action) {
        return action.contains(":Delete") && statement.part() != AwsPart.EC2 && !SpecDefaults.deletesFromAws(spec);
    }

    private static Stream<String> patterns(PolicyStatement statement, String action) {
        var about = statement.resources().stream().filter(pattern -> Optional.ofNullable(KINDS.get(kind(pattern))).filter(action::endsWith).isPresent()).toList();
        return about.isEmpty() ? statement.resources().stream() : about.stream();
    }

    private static String kind(String pattern) {
        var parts = pattern.split(":");
        return parts.length > 6 ? parts[5] : "";
    }

    private String resource(String pattern) {
        if (pattern.equals(PolicyStatement.ANYTHING)) {
            return pattern;
        }
        var parts = pattern.split(":", 6);
        return String.join(":", parts[0], parts[1], parts[2], parts[3].replace(PolicyStatement.ANYTHING, region), parts[4].replace(PolicyStatement.ANYTHING, account), named(parts[2], parts[5]));
    }

    private String named(String service, String pattern) {
        var what = pattern.replace(PolicyStatement.ANYTHING, "");
        if (what.equals(pattern)) {
            return pattern;
        }
        if (what.endsWith("mastodon-redis-")) {
            return what.replace("mastodon-redis-", names.cacheName()) + (what.startsWith("cluster:") ? "-001" : "");
        }
        if (what.endsWith("mastodon-")) {
            return what.substring(0, what.length() - "mastodon-".length()) + (service.equals("elasticloadbalancing") ? names.balancerName() + "/" + AN_ID : names.name() + (service.equals("ssm") ? "/" + AN_ID : ""));
        }
        return switch (what) {
            case "vpc/" -> what + vpc.orElse("vpc-" + AN_ID);
            case "subnet/" -> what + subnets(spec).getFirst();
            case "og:default" -> what + ":postgres-" + PostgresVersion.major(AwsPart.rds(spec).orElseThrow());
            default -> what + AN_ID;
        };
    }

    private Map<String, List<String>> context(PolicyStatement statement, String action) {
        var context = new LinkedHashMap<String, List<String>>();
        context.put("aws:RequestedRegion", List.of(GLOBAL.contains(action.substring(0, action.indexOf(':'))) ? GLOBAL_REGION : region));
        // A condition "Null": "false" wants the key to be there.
        statement.conditions().forEach((operator, keys) -> keys.forEach((key, values) -> context.put(key, operator.equals("Null") ? List.of(names.uid()) : values)));
        return context;
    }
}
