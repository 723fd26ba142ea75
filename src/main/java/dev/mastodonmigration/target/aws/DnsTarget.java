package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.edge.FrontAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What records become, from what they were: plain functions. A record keeps its type while users are shared out, because a name that has a CNAME can have nothing else;
 * in the end it becomes what suits the front best.
 */
final class DnsTarget {
    private static final Predicate<String> IS_V6 = address -> address.contains(":");
    private final List<String> domains;
    private final List<ZoneRecord> before;
    private final long ttl;
    private final String identifier;

    /**
     * @param before of all domains, as they were
     * @param ttl    in seconds, that the records get; an older one that is lower stays
     * @param names  of the migration: a weighted record carries its own
     */
    DnsTarget(List<String> domains, List<ZoneRecord> before, long ttl, AwsNames names) {
        this.domains = domains;
        this.before = before;
        this.ttl = ttl;
        this.identifier = names.name();
    }

    /** As before, and the world asks again soon. */
    List<ZoneRecord> lowered() {
        return before.stream().map(record -> record.withTtl(Math.min(record.ttl().orElse(ttl), ttl))).toList();
    }

    /** Every user goes there. */
    List<ZoneRecord> moved(FrontAddress front) {
        return domains.stream().map(ZoneRecord::absolute).flatMap(name -> switch (front) {
            case FrontAddress.Named named -> named.aliasZone().map(zone -> types(name).map(type -> ZoneRecord.alias(name, type, zone, named.name())))
                    .orElseGet(() -> Stream.of(ZoneRecord.simple(name, ZoneRecord.CNAME, ttl, List.of(named.name()))));
            case FrontAddress.Fixed fixed -> Stream.of(addresses(name, ZoneRecord.A, fixed, IS_V6.negate()), addresses(name, ZoneRecord.AAAA, fixed, IS_V6)).flatMap(Optional::stream);
        }).toList();
    }

    /** An alias of both kinds only where there were both: whether the front has IPv6 is not known here. */
    private Stream<String> types(String name) {
        var hadV6 = before.stream().anyMatch(record -> record.name().equals(name) && record.type().equals(ZoneRecord.AAAA));
        return hadV6 ? Stream.of(ZoneRecord.A, ZoneRecord.AAAA) : Stream.of(ZoneRecord.A);
    }

    private Optional<ZoneRecord> addresses(String name, String type, FrontAddress.Fixed front, Predicate<String> kind) {
        var fitting = front.addresses().stream().filter(kind).toList();
        return fitting.isEmpty() ? Optional.empty() : Optional.of(ZoneRecord.simple(name, type, ttl, fitting));
    }

    /** How a share of users is moved. */
    sealed interface Split {
        record Possible(List<ZoneRecord> records) implements Split {}

        /** @param why a sentence for each name whose users cannot be moved step by step */
        record Impossible(List<String> why) implements Split {}
    }

    /**
     * That share of users goes there, if any can. Weights of a pair add up to 100, so that they are never both zero, which would mean equal shares. A front without IPv6 takes
     * nobody by it: then that record goes for the time being, and its users come by IPv4, shared out like the others.
     *
     * @param percent 1 to 99
     */
    Split split(int percent, FrontAddress front) {
        var impossible = before.stream().flatMap(old -> obstacles(old, front)).distinct().toList();
        return impossible.isEmpty() ? new Split.Possible(lowered().stream().flatMap(old -> beside(old, front).stream()
                .flatMap(other -> Stream.of(old.withWeight(identifier + "-before", 100L - percent), other.withWeight(identifier + "-front", percent)))).toList()) : new Split.Impossible(impossible);
    }

    /** What stands for the front beside a record of the same type; empty where the front has nothing of that type. */
    private Optional<ZoneRecord> beside(ZoneRecord old, FrontAddress front) {
        var seconds = old.ttl().orElse(ttl);
        return switch (front) {
            case FrontAddress.Named named when old.type().equals(ZoneRecord.CNAME) -> Optional.of(ZoneRecord.simple(old.name(), ZoneRecord.CNAME, seconds, List.of(named.name())));
            case FrontAddress.Named named -> named.aliasZone().map(zone -> ZoneRecord.alias(old.name(), old.type(), zone, named.name()));
            case FrontAddress.Fixed fixed when old.type().equals(ZoneRecord.CNAME) -> Optional.empty();
            case FrontAddress.Fixed fixed -> addresses(old.name(), old.type(), fixed, old.type().equals(ZoneRecord.AAAA) ? IS_V6 : IS_V6.negate()).map(record -> record.withTtl(seconds));
        };
    }

    private Stream<String> obstacles(ZoneRecord old, FrontAddress front) {
        var other = beside(old, front);
        if (other.isEmpty() && !old.type().equals(ZoneRecord.AAAA)) {
            return Stream.of("Users of " + old.question().words() + " cannot be moved step by step to " + front.words() + ", because Route 53 shares them out among records of one type only.");
        }
        return Stream.concat(Stream.of(old), other.stream()).filter(record -> record.values().size() > 1).map(record -> "Users of " + old.question().words()
                + " cannot be moved step by step, because a weighted record has one value, and this has " + record.values().size() + ": " + String.join(", ", record.values()) + ".");
    }
}
