package dev.mastodonmigration.embedded.aws;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.w3c.dom.Element;

/** Cache subnet groups and cache parameter groups: of the first moto can remove none, of the second it has none, so both are kept here. */
final class CacheGroups {
    /**
     * What ElastiCache calls a kind of group, and its refusals.
     *
     * @param element also the beginning of the parameter with its name
     * @param arn     the word for it in ARNs
     */
    record Kind(String element, String arn, int notFoundStatus, String notFound, String inUse) {
        private String parameter() {
            return element + "Name";
        }
    }

    static final Kind SUBNETS = new Kind("CacheSubnetGroup", "subnetgroup", 400, "CacheSubnetGroupNotFoundFault", "CacheSubnetGroupInUse");
    static final Kind PARAMETERS = new Kind("CacheParameterGroup", "parametergroup", 404, "CacheParameterGroupNotFound", "InvalidCacheParameterGroupState");
    /** With their defaults. */
    private static final Map<String, String> SETTINGS = Map.of("maxmemory-policy", "volatile-lru", "notify-keyspace-events", "", "timeout", "0", "reserved-memory-percent", "25");

    /**
     * One group.
     *
     * @param says     what stands in an answer beside its name and ARN
     * @param zones    of a subnet group
     * @param network  of a subnet group
     * @param family   of a parameter group
     * @param settings that a parameter group was given
     */
    record Kept(String name, String arn, String says, Set<String> zones, String network, String family, Map<String, String> tags, Map<String, String> settings) {}

    private final Map<Kind, Map<String, Kept>> kept = Map.of(SUBNETS, new TreeMap<>(), PARAMETERS, new TreeMap<>());
    private final CacheReplicationGroups users;

    CacheGroups(CacheReplicationGroups users) {
        this.users = users;
    }

    Optional<Kept> find(Kind kind, AwsCall call, String name) {
        return Optional.ofNullable(kept.get(kind).get(call.region() + "/" + name.toLowerCase(Locale.ROOT)));
    }

    AwsAnswer createSubnetGroup(AwsCall call, Upstream moto) throws AwsRefusal {
        var asked = new LinkedHashMap<String, String>();
        call.list("SubnetIds").forEach(subnet -> asked.put("SubnetId." + (asked.size() + 1), subnet));
        var subnets = moto.call(call, "ec2", "DescribeSubnets", asked);
        if (asked.isEmpty() || !subnets.isSuccess()) {
            throw new AwsRefusal("InvalidSubnet", "The requested subnet is invalid.");
        }
        var networks = texts(subnets, "vpcId");
        if (networks.size() > 1) {
            throw new AwsRefusal("InvalidSubnet", "The subnets are in more than one VPC.");
        }
        var zones = texts(subnets, "availabilityZone");
        var network = networks.iterator().next();
        return create(SUBNETS, call, "<CacheSubnetGroupDescription>" + Xml.escape(call.parameter("CacheSubnetGroupDescription").orElse("")) + "</CacheSubnetGroupDescription><VpcId>" + network + "</VpcId>",
                zones, network, "");
    }

    AwsAnswer createParameterGroup(AwsCall call) throws AwsRefusal {
        var family = call.parameter("CacheParameterGroupFamily").orElse("");
        if (!CacheOfferings.isFamily(family)) {
            throw new AwsRefusal("InvalidParameterValue", "CacheParameterGroupFamily " + family + " is not a valid parameter group family.");
        }
        return create(PARAMETERS, call, "<CacheParameterGroupFamily>" + family + "</CacheParameterGroupFamily><Description>" + Xml.escape(call.parameter("Description").orElse("")) + "</Description>",
                Set.of(), "", family);
    }

    private AwsAnswer create(Kind kind, AwsCall call, String says, Set<String> zones, String network, String family) throws AwsRefusal {
        var name = name(kind, call);
        if (find(kind, call, name).isPresent()) {
            throw new AwsRefusal(kind.element() + "AlreadyExists", kind.element() + " " + name + " already exists.");
        }
        var group = new Kept(name, "arn:aws:elasticache:" + call.region() + ":123456789012:" + kind.arn() + ":" + name, says, zones, network, family, tags(call), new TreeMap<>());
        kept.get(kind).put(call.region() + "/" + name, group);
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, xml(kind, group));
    }

    AwsAnswer describe(Kind kind, AwsCall call) throws AwsRefusal {
        var named = call.parameter(kind.parameter());
        var groups = named.isPresent() ? xml(kind, demand(kind, call)) : kept.get(kind).entrySet().stream().filter(entry -> entry.getKey().startsWith(call.region() + "/"))
                .map(entry -> xml(kind, entry.getValue())).collect(Collectors.joining());
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "<" + kind.element() + "s>" + groups + "</" + kind.element() + "s>");
    }

    AwsAnswer delete(Kind kind, AwsCall call) throws AwsRefusal {
        var group = demand(kind, call);
        if (users.use(call, kind, group.name())) {
            throw new AwsRefusal(kind.inUse(), kind.element() + " " + group.name() + " is currently in use by a cache cluster.");
        }
        kept.get(kind).remove(call.region() + "/" + group.name());
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "");
    }

    AwsAnswer modifyParameters(AwsCall call) throws AwsRefusal {
        var group = demand(PARAMETERS, call);
        var settings = settings(call);
        if (settings.isEmpty() || settings.size() > 20) {
            throw new AwsRefusal("InvalidParameterValue", "Between 1 and 20 parameters can be modified in a single request.");
        }
        for (var name : settings.keySet()) {
            if (!SETTINGS.containsKey(name)) {
                throw new AwsRefusal("InvalidParameterValue", "The parameter " + name + " cannot be found or is not modifiable.");
            }
        }
        group.settings().putAll(settings);
        users.parametersChanged(group.name());
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "<CacheParameterGroupName>" + group.name() + "</CacheParameterGroupName>");
    }

    AwsAnswer resetParameters(AwsCall call) throws AwsRefusal {
        var group = demand(PARAMETERS, call);
        if (call.parameter("ResetAllParameters").filter("true"::equals).isPresent()) {
            group.settings().clear();
        } else if (!group.settings().keySet().removeAll(settings(call).keySet())) {
            throw new AwsRefusal("InvalidParameterValue", "The list of parameters to reset has none that was modified.");
        }
        users.parametersChanged(group.name());
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "<CacheParameterGroupName>" + group.name() + "</CacheParameterGroupName>");
    }

    AwsAnswer describeParameters(AwsCall call) throws AwsRefusal {
        var group = demand(PARAMETERS, call);
        var all = new TreeMap<>(call.parameter("Source").filter("user"::equals).isPresent() ? Map.<String, String>of() : SETTINGS);
        all.putAll(group.settings());
        var entries = all.entrySet().stream().map(setting -> "<Parameter><ParameterName>" + setting.getKey() + "</ParameterName><ParameterValue>" + Xml.escape(setting.getValue()) + "</ParameterValue><Source>"
                + (group.settings().containsKey(setting.getKey()) ? "user" : "system") + "</Source><IsModifiable>true</IsModifiable><ChangeType>immediate</ChangeType></Parameter>").collect(Collectors.joining());
        return AwsAnswer.result(call.action(), CacheOfferings.NAMESPACE, "<Parameters>" + entries + "</Parameters>");
    }

    /** Of one of these; empty for other resources. */
    Optional<Map<String, String>> tagsOf(String arn) {
        return kept.values().stream().flatMap(groups -> groups.values().stream()).filter(group -> group.arn().equals(arn)).map(Kept::tags).findFirst();
    }

    void clear() {
        kept.values().forEach(Map::clear);
    }

    private Kept demand(Kind kind, AwsCall call) throws AwsRefusal {
        var name = name(kind, call);
        return find(kind, call, name).orElseThrow(() -> new AwsRefusal(kind.notFoundStatus(), kind.notFound(), kind.element() + " " + name + " not found."));
    }

    private static String xml(Kind kind, Kept group) {
        return "<" + kind.element() + "><" + kind.parameter() + ">" + group.name() + "</" + kind.parameter() + ">" + group.says() + "<ARN>" + group.arn() + "</ARN></" + kind.element() + ">";
    }

    /** Stored in lower case, whatever was asked for. */
    private static String name(Kind kind, AwsCall call) throws AwsRefusal {
        return call.parameter(kind.parameter()).map(name -> name.toLowerCase(Locale.ROOT))
                .orElseThrow(() -> new AwsRefusal("InvalidParameterValue", "The parameter " + kind.parameter() + " must be provided and must not be blank."));
    }

    static Map<String, String> tags(AwsCall call) {
        return pairs(call, "Tags\\.Tag", "Key", "Value");
    }

    private static Map<String, String> settings(AwsCall call) {
        return pairs(call, "ParameterNameValues\\.ParameterNameValue", "ParameterName", "ParameterValue");
    }

    private static Map<String, String> pairs(AwsCall call, String list, String key, String value) {
        var members = new HashMap<String, Map<String, String>>();
        call.parameters().forEach((name, text) -> {
            if (name.matches(list + "\\.\\d+\\.\\w+")) {
                var at = name.lastIndexOf('.');
                members.computeIfAbsent(name.substring(0, at), member -> new HashMap<>()).put(name.substring(at + 1), text);
            }
        });
        return members.values().stream().collect(Collectors.toMap(member -> member.get(key), member -> member.getOrDefault(value, ""), (first, second) -> second, TreeMap::new));
    }

    private static Set<String> texts(AwsAnswer answer, String element) {
        return Xml.all(answer.document(), element).stream().map(Element::getTextContent).collect(Collectors.toCollection(TreeSet::new));
    }
}
