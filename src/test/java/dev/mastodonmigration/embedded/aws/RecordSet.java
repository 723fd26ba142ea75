package dev.mastodonmigration.embedded.aws;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.w3c.dom.Element;

/**
 * A record set of a zone.
 *
 * @param identifier of a weighted one
 * @param values     what a deletion has to say exactly: the TTL, the records, the alias, the weight
 */
record RecordSet(String name, String type, Optional<String> identifier, Optional<String> weight, int records, String values, String xml) {
    /** Reads one, and takes from the element what AWS would not say. */
    static RecordSet of(Element element) {
        var name = Xml.value(element, "Name").orElse("").toLowerCase(Locale.ROOT);
        var values = Xml.all(element, "Value").stream().map(value -> value.getTextContent().strip()).sorted().toList();
        var alias = Xml.child(element, "AliasTarget").map(target -> Xml.children(target).stream().map(child -> child.getTextContent().strip().toLowerCase(Locale.ROOT)).sorted().collect(Collectors.joining(" ")));
        var weight = Xml.value(element, "Weight");
        if (alias.isPresent()) {
            // moto gives an alias a TTL of 0, AWS none.
            Xml.remove(element, "TTL");
        }
        var ttl = Xml.value(element, "TTL").orElse("");
        return new RecordSet(name.endsWith(".") ? name : name + ".", Xml.value(element, "Type").orElse(""), Xml.value(element, "SetIdentifier"), weight, values.size(),
                ttl + " " + values + " " + alias.orElse("") + " " + weight.orElse(""), Xml.write(element));
    }

    /** @param record name, type, TTL and value */
    static RecordSet simple(String record) {
        var words = record.split(" ");
        return new RecordSet(words[0] + ".", words[1], Optional.empty(), Optional.empty(), 1, words[2] + " [" + words[3] + "]  ", "<ResourceRecordSet><Value>" + words[3] + "</Value></ResourceRecordSet>");
    }

    /** What a resolver asks for. */
    String question() {
        return name + " " + type;
    }

    boolean isSameSet(RecordSet other) {
        return question().equals(other.question()) && identifier.equals(other.identifier);
    }

    String told() {
        return "[name='" + name + "', type='" + type + "'" + identifier.map(set -> ", set-identifier='" + set + "'").orElse("") + "]";
    }

    Optional<String> ttl() {
        return Optional.of(values.substring(0, values.indexOf(' '))).filter(seconds -> !seconds.isEmpty());
    }
}
