package dev.mastodonmigration.embedded.aws;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.w3c.dom.Element;

/** Instances that are being deleted: moto has none any more, AWS shows them for minutes, and they hold their groups. */
final class RdsDepartures {
    private record Departure(Element instance, Deque<String> statuses) {}

    private final Map<String, Departure> leaving = new LinkedHashMap<>();
    /** Security groups that a network interface still holds although its instance is gone. */
    private final Set<String> lingering = new HashSet<>();

    void begin(String key, Element last, List<String> statuses) {
        leaving.put(key, new Departure(last, new ArrayDeque<>(statuses)));
    }

    Optional<Element> of(String key) {
        return Optional.ofNullable(leaving.get(key)).map(Departure::instance);
    }

    /** One look at it; empty once it is gone. */
    Optional<Element> look(String key) {
        var departure = leaving.get(key);
        if (departure == null) {
            return Optional.empty();
        }
        var status = Optional.ofNullable(departure.statuses().poll());
        if (status.isEmpty()) {
            leaving.remove(key);
            Xml.all(departure.instance(), "VpcSecurityGroupId").forEach(group -> lingering.add(group.getTextContent().strip()));
            return Optional.empty();
        }
        Xml.set(departure.instance(), "DBInstanceStatus", status.get());
        return Optional.of(departure.instance());
    }

    /** One look at all of a region, put to the end of a list. */
    AwsAnswer lookAndAppend(String region, AwsAnswer list) {
        if (!list.isSuccess() || leaving.isEmpty()) {
            return list;
        }
        var document = list.document();
        var instances = Xml.all(document, "DBInstances").getFirst();
        keysOf(region).forEach(key -> look(key).ifPresent(instance -> instances.appendChild(document.importNode(instance, true))));
        return AwsAnswer.xml(document);
    }

    /** Elements of that name in what is leaving. To be asked counts as a look, so that waiting for another object's deletion ends too. */
    List<Element> lookFor(String region, String element) {
        return keysOf(region).stream().map(this::look).flatMap(Optional::stream).flatMap(instance -> Xml.all(instance, element).stream()).toList();
    }

    /** Whether a network interface holds this group: true once after its instance is gone. */
    boolean interfaceLingers(String securityGroup) {
        return lingering.remove(securityGroup);
    }

    private List<String> keysOf(String region) {
        return leaving.keySet().stream().filter(key -> key.startsWith(region + "/")).toList();
    }

    void clear() {
        leaving.clear();
        lingering.clear();
    }
}
