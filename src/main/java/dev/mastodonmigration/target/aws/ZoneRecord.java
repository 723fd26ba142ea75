package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.edge.NameServers;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.route53.model.AliasTarget;
import software.amazon.awssdk.services.route53.model.ResourceRecord;
import software.amazon.awssdk.services.route53.model.ResourceRecordSet;

/**
 * A record set of a hosted zone: all of what Route 53 wants to hear, to the letter, when it is deleted.
 *
 * @param name   lower-case, with its last dot
 * @param ttl    in seconds; an alias has that of what it leads to
 * @param values in alphabetical order, which means nothing in DNS
 */
record ZoneRecord(String name, String type, Optional<Long> ttl, List<String> values, Optional<Alias> alias, Optional<Weighted> weighted, Optional<String> healthCheck) {
    static final String A = "A";
    static final String AAAA = "AAAA";
    static final String CNAME = "CNAME";
    /** Those by which users find a host. */
    static final Set<String> TYPES = Set.of(A, AAAA, CNAME);

    /** @param zone of the name that it leads to */
    record Alias(String zone, String name, boolean evaluatesHealth) {
        private Alias plain() {
            return new Alias(zone, absolute(name), evaluatesHealth);
        }
    }

    record Weighted(String identifier, long weight) {}

    ZoneRecord {
        values = values.stream().sorted().toList();
    }

    static ZoneRecord simple(String name, String type, long ttl, List<String> values) {
        return new ZoneRecord(name, type, Optional.of(ttl), values, Optional.empty(), Optional.empty(), Optional.empty());
    }

    static ZoneRecord alias(String name, String type, String zone, String target) {
        return new ZoneRecord(name, type, Optional.empty(), List.of(), Optional.of(new Alias(zone, target, false)), Optional.empty(), Optional.empty());
    }

    /** Empty where it is routed in a way that the operator does not know: by latency, place, health or as one of many values. */
    static Optional<ZoneRecord> of(ResourceRecordSet set) {
        var isUnknown = set.region() != null || set.geoLocation() != null || set.geoProximityLocation() != null || set.failover() != null || Boolean.TRUE.equals(set.multiValueAnswer())
                || set.cidrRoutingConfig() != null || set.trafficPolicyInstanceId() != null || set.setIdentifier() != null && set.weight() == null;
        return isUnknown ? Optional.empty() : Optional.of(new ZoneRecord(absolute(set.name()), set.typeAsString(), Optional.ofNullable(set.ttl()).filter(ttl -> set.aliasTarget() == null),
                set.resourceRecords().stream().map(ResourceRecord::value).toList(),
                Optional.ofNullable(set.aliasTarget()).map(target -> new Alias(target.hostedZoneId(), target.dnsName(), Boolean.TRUE.equals(target.evaluateTargetHealth()))),
                Optional.ofNullable(set.setIdentifier()).map(identifier -> new Weighted(identifier, set.weight())), Optional.ofNullable(set.healthCheckId())));
    }

    ResourceRecordSet sdk() {
        var set = ResourceRecordSet.builder().name(name).type(type);
        ttl.ifPresent(set::ttl);
        if (!values.isEmpty()) {
            set.resourceRecords(values.stream().map(value -> ResourceRecord.builder().value(value).build()).toList());
        }
        alias.ifPresent(target -> set.aliasTarget(AliasTarget.builder().hostedZoneId(target.zone()).dnsName(target.name()).evaluateTargetHealth(target.evaluatesHealth()).build()));
        weighted.ifPresent(share -> set.setIdentifier(share.identifier()).weight(share.weight()));
        healthCheck.ifPresent(set::healthCheckId);
        return set.build();
    }

    ZoneRecord withTtl(long seconds) {
        return new ZoneRecord(name, type, ttl.map(old -> seconds), values, alias, weighted, healthCheck);
    }

    ZoneRecord withWeight(String identifier, long weight) {
        return new ZoneRecord(name, type, ttl, values, alias, Optional.of(new Weighted(identifier, weight)), healthCheck);
    }

    /** What a resolver asks for. */
    NameServers.Question question() {
        return new NameServers.Question(name, type);
    }

    /** For comparing: the name that a record leads to is kept as it was written, or not. */
    private ZoneRecord plain() {
        return new ZoneRecord(name, type, ttl, type.equals(CNAME) ? values.stream().map(ZoneRecord::absolute).toList() : values, alias.map(Alias::plain), weighted, healthCheck);
    }

    static boolean same(List<ZoneRecord> some, List<ZoneRecord> others) {
        return plain(some).equals(plain(others));
    }

    /** Those that are not among the others. */
    static List<ZoneRecord> without(List<ZoneRecord> some, List<ZoneRecord> others) {
        var known = plain(others);
        return some.stream().filter(record -> !known.contains(record.plain())).toList();
    }

    private static Set<ZoneRecord> plain(List<ZoneRecord> records) {
        return records.stream().map(ZoneRecord::plain).collect(Collectors.toSet());
    }

    /** As an admin would say it. */
    String words() {
        return question().words() + " " + alias.map(target -> "alias of " + target.name().replaceAll("\\.$", "")).orElseGet(() -> String.join(", ", values))
                + ttl.map(seconds -> ", TTL " + seconds).orElse("") + weighted.map(share -> ", weight " + share.weight() + " as " + share.identifier()).orElse("");
    }

    static String words(List<ZoneRecord> records) {
        return records.isEmpty() ? "nothing" : records.stream().map(ZoneRecord::words).sorted().collect(Collectors.joining("; "));
    }

    /** Lower-case, with the last dot that Route 53 writes. */
    static String absolute(String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower : lower + ".";
    }
}
