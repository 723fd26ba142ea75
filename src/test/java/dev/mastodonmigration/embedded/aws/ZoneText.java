package dev.mastodonmigration.embedded.aws;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Record sets in a line each: name, type, TTL and values; {@code alias:ZONE:name} in the place of a TTL; {@code #identifier=weight} behind the type of a weighted one. */
final class ZoneText {
    private ZoneText() {}

    /** @param line as {@code CREATE www.example.social A 60 192.0.2.1} */
    static String change(String line) {
        var words = line.split(" ");
        var weighted = words[2].split("#");
        var type = weighted[0];
        var share = weighted.length < 2 ? "" : "<SetIdentifier>" + weighted[1].split("=")[0] + "</SetIdentifier><Weight>" + weighted[1].split("=")[1] + "</Weight>";
        return "<Change><Action>" + words[0] + "</Action><ResourceRecordSet><Name>" + words[1] + "</Name><Type>" + type + "</Type>" + share + (words[3].startsWith("alias:") ? alias(words[3].split(":"))
                : "<TTL>" + words[3] + "</TTL><ResourceRecords>" + Arrays.stream(words).skip(4).map(value -> "<ResourceRecord><Value>" + Xml.escape(value.replace('_', ' ')) + "</Value></ResourceRecord>").collect(Collectors.joining())
                + "</ResourceRecords>") + "</ResourceRecordSet></Change>";
    }

    private static String alias(String[] words) {
        return "<AliasTarget><HostedZoneId>" + words[1] + "</HostedZoneId><DNSName>" + words[2] + "</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>";
    }

    static String words(RecordSet set) {
        var element = Xml.parse(set.xml());
        var values = Xml.all(element, "Value").stream().map(value -> value.getTextContent().strip()).sorted().collect(Collectors.joining(" "));
        var alias = Xml.all(element, "AliasTarget").stream().map(target -> "alias:" + Xml.value(target, "HostedZoneId").orElse("") + ":" + Xml.value(target, "DNSName").orElse("").replaceAll("\\.$", "")).findFirst();
        return (set.name().replaceAll("\\.$", "") + " " + set.type() + set.identifier().map(name -> "#" + name + "=" + set.weight().orElse("")).orElse("") + " "
                + alias.orElseGet(() -> set.ttl().orElse("") + " " + values)).strip();
    }
}
