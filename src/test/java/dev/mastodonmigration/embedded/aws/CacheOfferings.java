package dev.mastodonmigration.embedded.aws;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What ElastiCache has to offer: a few versions of Valkey with the families of their parameter groups, and a few node types. */
final class CacheOfferings {
    static final String NAMESPACE = "http://elasticache.amazonaws.com/doc/2015-02-02/";
    private static final String ENGINE = "valkey";
    private static final Set<String> NODE_TYPES = Set.of("cache.t3.micro", "cache.t4g.micro", "cache.t4g.small", "cache.t4g.medium", "cache.m7g.large", "cache.r7g.large");
    /** By version, in the order of their age. */
    private static final Map<String, String> FAMILIES = new LinkedHashMap<>();

    static {
        FAMILIES.put("7.2", "valkey7");
        FAMILIES.put("8.0", "valkey8");
        FAMILIES.put("8.1", "valkey8");
        FAMILIES.put("9.0", "valkey9");
    }

    private CacheOfferings() {}

    static Optional<String> family(String engine, String version) {
        return ENGINE.equals(engine) ? Optional.ofNullable(FAMILIES.get(version)) : Optional.empty();
    }

    static boolean isFamily(String family) {
        return FAMILIES.containsValue(family);
    }

    static boolean hasNodeType(String nodeType) {
        return NODE_TYPES.contains(nodeType);
    }

    static AwsAnswer versions(AwsCall call) {
        var entries = FAMILIES.entrySet().stream().filter(entry -> call.parameter("Engine").map(ENGINE::equals).orElse(true))
                .filter(entry -> call.parameter("EngineVersion").map(entry.getKey()::equals).orElse(true))
                .map(entry -> "<CacheEngineVersion><Engine>" + ENGINE + "</Engine><EngineVersion>" + entry.getKey() + "</EngineVersion><CacheParameterGroupFamily>" + entry.getValue()
                        + "</CacheParameterGroupFamily></CacheEngineVersion>").collect(Collectors.joining());
        return AwsAnswer.result(call.action(), NAMESPACE, "<CacheEngineVersions>" + entries + "</CacheEngineVersions>");
    }
}
