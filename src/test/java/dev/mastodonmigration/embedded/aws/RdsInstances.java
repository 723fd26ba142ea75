package dev.mastodonmigration.embedded.aws;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.w3c.dom.Element;

/** Database instances as RDS has them: they take their time, postpone what nobody asked for at once, and stay for a while when deleted. */
public final class RdsInstances {
    private static final String IDENTIFIER = "DBInstanceIdentifier";
    /** Without ApplyImmediately these wait for the maintenance window. */
    private static final Set<String> WAIT_FOR_THE_WINDOW = Set.of("DBInstanceClass", "AllocatedStorage", "StorageType", "Iops", "StorageThroughput", "MultiAZ", "BackupRetentionPeriod", "EngineVersion");
    private static final Set<String> OF_STORAGE = Set.of("AllocatedStorage", "StorageType", "Iops", "StorageThroughput");
    private static final Set<String> MODIFIABLE = Set.of("available", "storage-optimization", "storage-full", "incompatible-parameters");
    private static final Set<String> CAN_BE_SAVED = Set.of("available", "storage-optimization", "storage-full", "stopped");

    /** By region and identifier. */
    private final Map<String, RdsInstance> instances = new LinkedHashMap<>();
    private final RdsDepartures departures = new RdsDepartures();
    private final Map<String, InetSocketAddress> servers = new HashMap<>();
    private RdsStatuses statuses = RdsStatuses.flickering(2);
    private Optional<RdsServer> server = Optional.empty();

    RdsInstances() {}

    /** How instances behave from now on; until told otherwise they flicker, and each state takes two looks. */
    public synchronized void behave(RdsStatuses as) {
        statuses = as;
    }

    /** Makes an instance show these from the next look on; the last one stays: {@code storage-full}, {@code incompatible-network}. */
    public synchronized void show(String identifier, String... next) {
        instances.entrySet().stream().filter(entry -> entry.getKey().endsWith("/" + identifier)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no instance " + identifier + " was created through the proxy")).getValue().goThrough(List.of(next));
    }

    /** The server that is this instance's endpoint, before or after it is created. */
    public synchronized void serve(String identifier, InetSocketAddress server) {
        servers.put(identifier, server);
    }

    /** The server that is every instance's endpoint from now on, and gets their databases, users and passwords. */
    public synchronized void serve(RdsServer with) {
        server = Optional.of(with);
    }

    synchronized AwsAnswer create(AwsCall call, Upstream moto) throws AwsRefusal {
        var checked = RdsChecks.create(call, moto);
        if (departures.of(key(checked)).isPresent()) {
            throw new AwsRefusal("DBInstanceAlreadyExists", "DB instance already exists");
        }
        var answer = moto.pass(checked);
        if (answer.isSuccess()) {
            instances.put(key(checked), new RdsInstance(checked.parameter("DBParameterGroupName"), statuses.created()));
            server.ifPresent(one -> servers.put(identifier(key(checked)), one.create(checked.parameter("DBName").orElse("postgres"), checked.parameter("MasterUsername").orElseThrow(),
                    checked.parameter(RdsInstance.PASSWORD).orElseThrow())));
        }
        return shown(call, answer);
    }

    synchronized AwsAnswer describe(AwsCall call, Upstream moto) throws AwsRefusal {
        var named = call.parameter(IDENTIFIER);
        for (var entry : instances.entrySet()) {
            if (named.isPresent() ? entry.getKey().equals(key(call)) : entry.getKey().startsWith(call.region() + "/")) {
                var done = entry.getValue().look();
                if (!done.isEmpty()) {
                    moto.ask(call, "rds", "ModifyDBInstance", plus(done, Map.of(IDENTIFIER, identifier(entry.getKey()), "ApplyImmediately", "true")));
                }
            }
        }
        if (named.isPresent()) {
            var leaving = departures.look(key(call));
            return leaving.isPresent() ? AwsAnswer.xml(leaving.get().getOwnerDocument()) : shown(call, moto.pass(call));
        }
        return departures.lookAndAppend(call.region(), shown(call, moto.pass(call)));
    }

    synchronized AwsAnswer modify(AwsCall call, Upstream moto) throws AwsRefusal {
        refuseIfLeaving(call);
        var instance = instances.get(key(call));
        var current = described(call, moto);
        if (instance == null || current.isEmpty()) {
            return moto.pass(call);
        }
        if (!MODIFIABLE.contains(instance.status())) {
            throw new AwsRefusal("InvalidDBInstanceState", "Database instance is not in available state.");
        }
        var checked = RdsChecks.modify(call, current.get(), moto);
        var changes = WAIT_FOR_THE_WINDOW.stream().filter(name -> checked.parameter(name).filter(value -> !Xml.value(current.get(), name).equals(Optional.of(value))).isPresent())
                .collect(Collectors.toMap(name -> name, name -> checked.parameters().get(name)));
        if (instance.status().equals("storage-optimization") && changes.keySet().stream().anyMatch(OF_STORAGE::contains)) {
            throw new AwsRefusal("InvalidParameterCombination", "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.");
        }
        var later = new LinkedHashSet<>(WAIT_FOR_THE_WINDOW);
        later.add(RdsInstance.PASSWORD);
        var answer = moto.pass(checked.without(later));
        if (answer.isSuccess()) {
            // A new password never waits for the window.
            var now = new LinkedHashMap<>(checked.parameter(RdsInstance.PASSWORD).map(value -> Map.of(RdsInstance.PASSWORD, value)).orElse(Map.of()));
            if (checked.parameter("ApplyImmediately").filter("true"::equals).isPresent()) {
                now.putAll(instance.takePostponed());
                now.putAll(changes);
            } else {
                instance.postpone(changes);
            }
            instance.begin(now, statuses);
            checked.parameter("DBParameterGroupName").ifPresent(instance::attach);
        }
        return shown(call, answer);
    }

    synchronized AwsAnswer reboot(AwsCall call, Upstream moto) throws AwsRefusal {
        refuseIfLeaving(call);
        var instance = Optional.ofNullable(instances.get(key(call)));
        if (instance.isPresent() && !MODIFIABLE.contains(instance.get().status())) {
            throw new AwsRefusal("InvalidDBInstanceState", "Instance " + call.parameter(IDENTIFIER).orElse("") + " is not in available state.");
        }
        instance.ifPresent(one -> one.reboot(statuses.rebooted()));
        return shown(call, moto.pass(call));
    }

    synchronized AwsAnswer delete(AwsCall call, Upstream moto) throws AwsRefusal {
        refuseIfLeaving(call);
        var skip = call.parameter("SkipFinalSnapshot").filter("true"::equals).isPresent();
        if (skip == call.parameter("FinalDBSnapshotIdentifier").isPresent()) {
            throw new AwsRefusal("InvalidParameterCombination", skip ? "FinalDBSnapshotIdentifier can not be specified when deleting a instance with SkipFinalSnapshot"
                    : "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
        }
        var instance = instances.get(key(call));
        if (!skip && instance != null && !CAN_BE_SAVED.contains(instance.status())) {
            throw new AwsRefusal("InvalidDBInstanceState", "Cannot create a snapshot because the database instance " + call.parameters().get(IDENTIFIER) + " is not currently in the available state.");
        }
        var last = described(call, moto);
        var answer = moto.pass(call);
        if (answer.isSuccess() && last.isPresent()) {
            instances.remove(key(call));
            departures.begin(key(call), last.get(), statuses.deleted());
        }
        return answer;
    }

    /** Whether an instance, one that is going included, names this in an element: a group cannot go before its users. */
    synchronized boolean use(AwsCall call, Upstream moto, String element, String name) {
        var used = new ArrayList<>(Xml.all(moto.ask(call, "rds", "DescribeDBInstances", Map.of()), element));
        used.addAll(departures.lookFor(call.region(), element));
        return used.stream().anyMatch(one -> one.getTextContent().strip().equalsIgnoreCase(name));
    }

    /** Whether a network interface of an instance still holds this security group, for a moment after the instance is gone too. */
    synchronized boolean hold(AwsCall call, Upstream moto, String securityGroup) {
        return use(call, moto, "VpcSecurityGroupId", securityGroup) || departures.interfaceLingers(securityGroup);
    }

    /** Tells the instances that have this parameter group how its changes apply. */
    synchronized void parametersChanged(String group, Set<String> applyMethods) {
        instances.values().stream().filter(instance -> instance.hasParameterGroup(group)).forEach(instance -> instance.parametersChanged(applyMethods));
    }

    synchronized void clear() {
        instances.clear();
        departures.clear();
        servers.clear();
        server = Optional.empty();
        statuses = RdsStatuses.flickering(2);
    }

    private void refuseIfLeaving(AwsCall call) throws AwsRefusal {
        if (departures.of(key(call)).isPresent()) {
            throw new AwsRefusal("InvalidDBInstanceState", "Instance " + call.parameters().get(IDENTIFIER) + " is already being deleted.");
        }
    }

    private Optional<Element> described(AwsCall call, Upstream moto) {
        var answer = moto.call(call, "rds", "DescribeDBInstances", Map.of(IDENTIFIER, identifier(key(call))));
        return answer.isSuccess() ? Xml.all(answer.document(), "DBInstance").stream().findFirst() : Optional.empty();
    }

    /** moto's answer, with the state that each instance in it has here. */
    private AwsAnswer shown(AwsCall call, AwsAnswer answer) {
        if (!answer.isSuccess()) {
            return answer;
        }
        var document = answer.document();
        for (var element : Xml.all(document, "DBInstance")) {
            var identifier = Xml.value(element, IDENTIFIER).orElseThrow();
            Optional.ofNullable(instances.get(call.region() + "/" + identifier)).ifPresent(instance -> instance.show(element));
            Optional.ofNullable(servers.get(identifier)).flatMap(server -> Xml.child(element, "Endpoint").map(endpoint -> Map.entry(endpoint, server))).ifPresent(found -> {
                Xml.set(found.getKey(), "Address", found.getValue().getHostString());
                Xml.set(found.getKey(), "Port", String.valueOf(found.getValue().getPort()));
            });
        }
        return AwsAnswer.xml(document);
    }

    private static String key(AwsCall call) {
        return call.region() + "/" + call.parameter(IDENTIFIER).orElse("").toLowerCase(Locale.ROOT);
    }

    private static String identifier(String key) {
        return key.substring(key.indexOf('/') + 1);
    }

    private static Map<String, String> plus(Map<String, String> some, Map<String, String> more) {
        var all = new LinkedHashMap<>(some);
        all.putAll(more);
        return all;
    }
}
