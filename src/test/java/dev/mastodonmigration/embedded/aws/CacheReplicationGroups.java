package dev.mastodonmigration.embedded.aws;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.w3c.dom.Element;

/**
 * Replication groups as ElastiCache has them: they take their time, refuse everything while they change, tags too, and are gone some time after they were deleted.
 * moto keeps a deleted one for ever, so a second of the same name has another there.
 */
public final class CacheReplicationGroups {
    private static final String ID = "ReplicationGroupId";
    private static final String ARN = "ResourceName";
    private static final String AVAILABLE = "available";
    private static final Set<String> DELETABLE = Set.of(AVAILABLE, "create-failed");
    /** What can be changed, with what an answer calls each. */
    private static final Map<String, String> CHANGES = Map.of("SnapshotRetentionLimit", "SnapshotRetentionLimit", "AutomaticFailoverEnabled", "AutomaticFailover", "MultiAZEnabled", "MultiAZ");

    private record Departure(CacheReplicationGroup group, Element last, Deque<String> statuses) {}

    /** By region and identifier. */
    private final Map<String, CacheReplicationGroup> groups = new LinkedHashMap<>();
    private final Map<String, Departure> leaving = new LinkedHashMap<>();
    /** How many of that name moto has kept. */
    private final Map<String, Integer> deleted = new HashMap<>();
    /** Security groups that a network interface still holds although its nodes are gone. */
    private final Set<String> lingering = new HashSet<>();
    private final Map<String, InetSocketAddress> servers = new HashMap<>();
    private Optional<CacheServer> server = Optional.empty();
    private final CacheGroups parts = new CacheGroups(this);
    private CacheStatuses statuses = CacheStatuses.flickering(2);

    CacheReplicationGroups() {}

    CacheGroups parts() {
        return parts;
    }

    /** How groups behave from now on; until told otherwise they flicker, and each state takes two looks. */
    public synchronized void behave(CacheStatuses as) {
        statuses = as;
    }

    /** Makes a group show these from the next look on; the last one stays: {@code create-failed}. */
    public synchronized void show(String identifier, String... next) {
        groups.entrySet().stream().filter(entry -> entry.getKey().endsWith("/" + identifier)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no replication group " + identifier + " was created through the proxy")).getValue().goThrough(List.of(next));
    }

    /** A real server behind each group that is created from now on. */
    public synchronized void serve(CacheServer real) {
        server = Optional.of(real);
    }

    synchronized AwsAnswer create(AwsCall call, Upstream moto) throws AwsRefusal {
        var checked = CacheChecks.create(call, parts, moto);
        var key = key(checked);
        if (groups.containsKey(key) || leaving.containsKey(key)) {
            throw new AwsRefusal("ReplicationGroupAlreadyExists", "Replication group " + identifier(key) + " already exists.");
        }
        var group = new CacheReplicationGroup(checked, statuses.created());
        // moto takes NumCacheClusters for one, whatever it is.
        var answer = moto.pass(checked.with(ID, inMoto(key)).with("ReplicasPerNodeGroup", String.valueOf(group.nodes() - 1)));
        if (answer.isSuccess()) {
            groups.put(key, group);
            server.ifPresent(real -> servers.put(identifier(key), real.create(call.parameter("AuthToken").orElse(""))));
        }
        return shown(key, answer);
    }

    synchronized AwsAnswer describe(AwsCall call, Upstream moto) throws AwsRefusal {
        if (call.parameter(ID).isPresent()) {
            return list(call, look(call, key(call), moto).orElseThrow(() -> notFound(call)));
        }
        var all = new StringBuilder();
        for (var key : keys(call)) {
            look(call, key, moto).ifPresent(all::append);
        }
        return list(call, all.toString());
    }

    private List<String> keys(AwsCall call) {
        var keys = new HashSet<>(groups.keySet());
        keys.addAll(leaving.keySet());
        return keys.stream().filter(key -> key.startsWith(call.region() + "/")).sorted().toList();
    }

    /** One look; empty when there is none of that name. */
    private Optional<String> look(AwsCall call, String key, Upstream moto) {
        if (leaving.containsKey(key)) {
            return departing(key);
        }
        return Optional.ofNullable(groups.get(key)).map(group -> {
            group.look();
            return Xml.write(element(call, key, moto));
        });
    }

    private Element element(AwsCall call, String key, Upstream moto) {
        return group(shown(key, moto.call(call, "elasticache", "DescribeReplicationGroups", Map.of(ID, inMoto(key)))));
    }

    private Optional<String> departing(String key) {
        var departure = leaving.get(key);
        var status = Optional.ofNullable(departure.statuses().poll());
        if (status.isEmpty()) {
            leaving.remove(key);
            lingering.addAll(departure.group().securityGroups());
            return Optional.empty();
        }
        Xml.set(departure.last(), "Status", status.get());
        return Optional.of(Xml.write(departure.last()));
    }

    private static AwsAnswer list(AwsCall call, String members) {
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "<ReplicationGroups>" + members + "</ReplicationGroups>");
    }

    synchronized AwsAnswer modify(AwsCall call, Upstream moto) throws AwsRefusal {
        var group = changeable(call);
        if (call.parameter("AuthToken").isPresent()) {
            CacheChecks.tokenOf(call);
        }
        var changes = CHANGES.entrySet().stream().filter(change -> call.parameter(change.getKey()).isPresent())
                .collect(Collectors.toMap(Map.Entry::getValue, change -> word(call.parameters().get(change.getKey()))));
        if (call.parameter("ApplyImmediately").filter("true"::equals).isPresent()) {
            group.change(changes);
            call.parameter("CacheParameterGroupName").ifPresent(group::attach);
            group.goThrough(statuses.modified());
        } else {
            group.postpone(changes);
        }
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, Xml.write(element(call, key(call), moto)));
    }

    private static String word(String value) {
        return value.equals("true") ? "enabled" : value.equals("false") ? "disabled" : value;
    }

    synchronized AwsAnswer delete(AwsCall call, Upstream moto) throws AwsRefusal {
        var key = key(call);
        if (leaving.containsKey(key)) {
            throw busy(identifier(key));
        }
        var group = demand(call);
        if (!DELETABLE.contains(group.status())) {
            throw busy(identifier(key));
        }
        var last = element(call, key, moto);
        moto.ask(call, "elasticache", "DeleteReplicationGroup", Map.of(ID, inMoto(key)));
        groups.remove(key);
        deleted.merge(key, 1, Integer::sum);
        Xml.set(last, "Status", "deleting");
        leaving.put(key, new Departure(group, last, new ArrayDeque<>(statuses.deleted())));
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, Xml.write(last));
    }

    synchronized AwsAnswer clusters(AwsCall call) throws AwsRefusal {
        var all = new LinkedHashMap<String, String>();
        groups.entrySet().stream().filter(entry -> entry.getKey().startsWith(call.region() + "/")).forEach(entry -> all.putAll(entry.getValue().clusters()));
        var named = call.parameter("CacheClusterId");
        if (named.isPresent() && !all.containsKey(named.get())) {
            throw new AwsRefusal(404, "CacheClusterNotFound", "CacheCluster not found: " + named.get());
        }
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "<CacheClusters>" + named.map(all::get).orElseGet(() -> String.join("", all.values())) + "</CacheClusters>");
    }

    synchronized AwsAnswer tags(AwsCall call, Upstream moto) throws AwsRefusal {
        var arn = call.parameter(ARN).orElse("");
        var kept = parts.tagsOf(arn);
        if (kept.isPresent()) {
            return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "<TagList>" + kept.get().entrySet().stream()
                    .map(tag -> "<Tag><Key>" + Xml.escape(tag.getKey()) + "</Key><Value>" + Xml.escape(tag.getValue()) + "</Value></Tag>").collect(Collectors.joining()) + "</TagList>");
        }
        return passWithArn(call, arn, moto);
    }

    /** Also of a call that changes tags. */
    synchronized AwsAnswer changeTags(AwsCall call, Upstream moto) throws AwsRefusal {
        var arn = call.parameter(ARN).orElse("");
        var kept = parts.tagsOf(arn);
        if (kept.isPresent()) {
            kept.get().putAll(CacheGroups.tags(call));
            kept.get().keySet().removeAll(call.list("TagKeys"));
            return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "<TagList/>");
        }
        return passWithArn(call, arn, moto);
    }

    private AwsAnswer passWithArn(AwsCall call, String arn, Upstream moto) throws AwsRefusal {
        var identifier = arn.substring(arn.lastIndexOf(':') + 1);
        changeable(call.with(ID, identifier));
        return moto.pass(call.with(ARN, arn.substring(0, arn.lastIndexOf(':') + 1) + inMoto(call.region() + "/" + identifier)));
    }

    private CacheReplicationGroup changeable(AwsCall call) throws AwsRefusal {
        if (leaving.containsKey(key(call)) || !demand(call).status().equals(AVAILABLE)) {
            throw busy(identifier(key(call)));
        }
        return demand(call);
    }

    private CacheReplicationGroup demand(AwsCall call) throws AwsRefusal {
        var group = groups.get(key(call));
        if (group == null) {
            throw notFound(call);
        }
        return group;
    }

    private static AwsRefusal notFound(AwsCall call) {
        return new AwsRefusal(404, "ReplicationGroupNotFoundFault", "ReplicationGroup " + identifier(key(call)) + " not found.");
    }

    private static AwsRefusal busy(String identifier) {
        return new AwsRefusal("InvalidReplicationGroupState", "Replication group " + identifier + " is not in available state.");
    }

    /** Whether a replication group, one that is going included, has this group. To be asked counts as a look at those, so that waiting for another object's deletion ends too. */
    synchronized boolean use(AwsCall call, CacheGroups.Kind kind, String name) {
        return use(call, kind.element(), name);
    }

    /** Whether a network interface of a node still holds this security group, for a moment after the node is gone too. */
    synchronized boolean hold(AwsCall call, String securityGroup) {
        return use(call, "SecurityGroup", securityGroup) || lingering.remove(securityGroup);
    }

    private boolean use(AwsCall call, String element, String name) {
        var isUsed = groups.entrySet().stream().anyMatch(entry -> entry.getKey().startsWith(call.region() + "/") && entry.getValue().uses(element, name));
        for (var key : List.copyOf(leaving.keySet())) {
            isUsed |= leaving.get(key).group().uses(element, name) && departing(key).isPresent();
        }
        return isUsed;
    }

    synchronized void parametersChanged(String group) {
        groups.values().forEach(one -> one.parametersChanged(group));
    }

    synchronized void clear() {
        groups.clear();
        leaving.clear();
        deleted.clear();
        lingering.clear();
        servers.clear();
        server = Optional.empty();
        parts.clear();
        statuses = CacheStatuses.flickering(2);
    }

    private String inMoto(String key) {
        return identifier(key) + (deleted.containsKey(key) ? "-again" + deleted.get(key) : "");
    }

    /** moto's answer, with the state and the name that the group has here. */
    private AwsAnswer shown(String key, AwsAnswer answer) {
        if (!answer.isSuccess()) {
            return answer;
        }
        var document = Xml.parse(answer.body().replace(inMoto(key), identifier(key)));
        for (var element : Xml.all(document, "ReplicationGroup")) {
            groups.get(key).show(element);
            Optional.ofNullable(servers.get(identifier(key))).ifPresent(server -> Xml.all(element, "PrimaryEndpoint").forEach(endpoint -> {
                Xml.set(endpoint, "Address", server.getHostString());
                Xml.set(endpoint, "Port", String.valueOf(server.getPort()));
            }));
        }
        return AwsAnswer.xml(document);
    }

    private static Element group(AwsAnswer answer) {
        return Xml.all(answer.document(), "ReplicationGroup").getFirst();
    }

    private static String key(AwsCall call) {
        return call.region() + "/" + call.parameter(ID).orElse("").toLowerCase(Locale.ROOT);
    }

    private static String identifier(String key) {
        return key.substring(key.indexOf('/') + 1);
    }
}
