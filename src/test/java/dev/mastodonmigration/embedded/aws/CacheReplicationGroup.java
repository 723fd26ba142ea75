package dev.mastodonmigration.embedded.aws;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.w3c.dom.Element;

/** One replication group between what was asked of it and what has come of it, with its nodes, which moto has not. */
final class CacheReplicationGroup {
    private static final String IN_SYNC = "in-sync";
    private static final String APPLYING = "applying";
    private static final String FAILOVER = "AutomaticFailover";
    private static final String FAILOVER_PENDING = "AutomaticFailoverStatus";
    private final String id;
    private final Map<String, String> created;
    private final List<String> securityGroups;
    private final Deque<String> ahead;
    private String status = "creating";
    /** What was changed since, as an answer spells it. */
    private final Map<String, String> changed = new LinkedHashMap<>();
    /** Waits for the maintenance window, which no test lives to see. */
    private final Map<String, String> postponed = new LinkedHashMap<>();
    private String parameterGroup;
    private String applyStatus = IN_SYNC;
    private int looksUntilInSync;

    CacheReplicationGroup(AwsCall create, List<String> statuses) {
        this.id = create.parameters().get("ReplicationGroupId");
        this.created = create.parameters();
        this.securityGroups = create.list("SecurityGroupIds");
        this.parameterGroup = create.parameter("CacheParameterGroupName").orElse("default");
        this.ahead = new ArrayDeque<>(statuses);
    }

    String status() {
        return status;
    }

    int nodes() {
        return Integer.parseInt(created.getOrDefault("NumCacheClusters", "1"));
    }

    /** From the next look on. */
    void goThrough(List<String> statuses) {
        ahead.clear();
        ahead.addAll(statuses);
    }

    void look() {
        Optional.ofNullable(ahead.poll()).ifPresent(next -> status = next);
        if (applyStatus.equals(APPLYING) && looksUntilInSync-- == 0) {
            applyStatus = IN_SYNC;
        }
    }

    boolean uses(String element, String name) {
        return switch (element) {
            case "CacheSubnetGroup" -> name.equals(created.get("CacheSubnetGroupName"));
            case "CacheParameterGroup" -> name.equals(parameterGroup);
            default -> securityGroups.contains(name);
        };
    }

    List<String> securityGroups() {
        return securityGroups;
    }

    /** At once, with what waits for the window. */
    void change(Map<String, String> changes) {
        Optional.ofNullable(postponed.remove(FAILOVER_PENDING)).ifPresent(value -> changed.put(FAILOVER, value));
        changed.putAll(changes);
    }

    /** All but the failover does not wait. */
    void postpone(Map<String, String> changes) {
        changes.forEach((name, value) -> (name.equals(FAILOVER) ? postponed : changed).put(name.equals(FAILOVER) ? FAILOVER_PENDING : name, value));
    }

    void attach(String group) {
        parameterGroup = group;
    }

    /** Its parameter group was changed: that takes a look. */
    void parametersChanged(String group) {
        if (group.equals(parameterGroup)) {
            applyStatus = APPLYING;
            looksUntilInSync = 1;
        }
    }

    /** Puts its state into what moto says of it. */
    void show(Element group) {
        Xml.set(group, "Status", status);
        changed.forEach((name, value) -> Xml.set(group, name, value));
        var pending = Xml.childOf(group, "PendingModifiedValues");
        pending.setTextContent("");
        postponed.forEach((name, value) -> Xml.set(pending, name, value));
        if (status.equals("creating")) {
            Xml.remove(group, "NodeGroups");
            if (Xml.value(group, FAILOVER).filter("enabled"::equals).isPresent()) {
                Xml.set(group, FAILOVER, "enabling");
            }
        }
    }

    /** What ElastiCache says of its nodes, each a cluster to it. */
    Map<String, String> clusters() {
        return IntStream.rangeClosed(1, nodes()).mapToObj(number -> "%s-%03d".formatted(id, number)).collect(Collectors.toMap(name -> name, this::cluster, (first, second) -> first, LinkedHashMap::new));
    }

    private String cluster(String name) {
        return "<CacheCluster><CacheClusterId>" + name + "</CacheClusterId><CacheNodeType>" + created.get("CacheNodeType") + "</CacheNodeType><Engine>" + created.get("Engine") + "</Engine><EngineVersion>"
                + created.get("EngineVersion") + "</EngineVersion><CacheClusterStatus>" + status + "</CacheClusterStatus><NumCacheNodes>1</NumCacheNodes><PendingModifiedValues/><CacheParameterGroup><CacheParameterGroupName>"
                + parameterGroup + "</CacheParameterGroupName><ParameterApplyStatus>" + applyStatus + "</ParameterApplyStatus></CacheParameterGroup><CacheSubnetGroupName>" + created.get("CacheSubnetGroupName")
                + "</CacheSubnetGroupName><SecurityGroups>" + securityGroups.stream().map(group -> "<member><SecurityGroupId>" + group + "</SecurityGroupId><Status>active</Status></member>").collect(Collectors.joining())
                + "</SecurityGroups><ReplicationGroupId>" + id + "</ReplicationGroupId></CacheCluster>";
    }
}
