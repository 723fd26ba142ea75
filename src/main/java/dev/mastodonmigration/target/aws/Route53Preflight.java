package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsFindings.blocker;
import static dev.mastodonmigration.target.aws.AwsFindings.note;
import static dev.mastodonmigration.target.aws.AwsFindings.tried;
import static dev.mastodonmigration.target.aws.AwsRefusals.asking;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.Front;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.NameServers;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.route53.Route53Client;
import software.amazon.awssdk.services.route53.model.GetHostedZoneResponse;
import software.amazon.awssdk.services.route53.model.HostedZone;
import software.amazon.awssdk.services.route53.model.NoSuchHostedZoneException;
import software.amazon.awssdk.services.route53.model.ResourceRecord;
import software.amazon.awssdk.services.route53.model.ResourceRecordSet;

/** Asks Route 53 and the world's name servers, before anything is changed, whether a change there would move users: the right zone, records that can be moved and put back, a front that fits. */
final class Route53Preflight {
    private static final String FIELD = "spec.target.dns.route53.";
    /** Of GetDNSSEC: the zone is signed, and Route 53 cannot do it. */
    private static final List<String> CANNOT_SIGN = List.of("ACTION_NEEDED", "INTERNAL_FAILURE");
    private final Route53Client client;
    private final Zone zone;
    private final List<String> domains;
    private final MastodonMigrationSpec spec;
    private final NameServers servers;
    private final Function<List<ZoneRecord>, DnsTarget> target;
    private final DnsLedgers ledgers;

    Route53Preflight(AwsApi api, Zone zone, List<String> domains, MastodonMigrationSpec spec, NameServers servers, Function<List<ZoneRecord>, DnsTarget> target, DnsLedgers ledgers) {
        this.client = api.dns();
        this.zone = zone;
        this.domains = domains;
        this.spec = spec;
        this.servers = servers;
        this.target = target;
        this.ledgers = ledgers;
    }

    Findings look(Front front) {
        return AwsFindings.free(ledgers::find).and(tried(() -> zone(front)));
    }

    private Findings zone(Front front) {
        var described = asking(() -> {
            try {
                return client.getHostedZone(call -> call.id(zone.id()));
            } catch (NoSuchHostedZoneException e) {
                throw new OutsideException(FIELD + "hostedZoneId: the AWS account of the operator has no hosted zone " + zone.id() + ". `aws route53 list-hosted-zones` lists those that it has.", false);
            }
        });
        var name = described.hostedZone().name();
        if (isPrivate(described.hostedZone())) {
            return blocker(FIELD + "hostedZoneId: hosted zone " + zone.id() + " (" + name + ") is private: nobody outside of its networks sees it. Name the public one" + others(name, other -> !isPrivate(other)) + ".");
        }
        var outside = domains.stream().filter(domain -> !holds(name, domain)).toList();
        if (!outside.isEmpty()) {
            return blocker(FIELD + "hostedZoneId: hosted zone " + zone.id() + " holds names of " + name + ", and not " + String.join(", ", outside) + ". Name the zone that holds all of "
                    + String.join(", ", domains) + ", or set spec.target.dns.manual: {}.");
        }
        return delegation(described).and(tried(() -> signing(name))).and(tried(() -> twins(name))).and(tried(() -> children(name))).and(tried(() -> records(described, front))).and(front.before() == Edge.Side.SOURCE ? Findings.NONE : localDomain());
    }

    private static boolean isPrivate(HostedZone zone) {
        return zone.config() != null && Boolean.TRUE.equals(zone.config().privateZone());
    }

    private static boolean holds(String zone, String domain) {
        return ("." + ZoneRecord.absolute(domain)).endsWith("." + zone);
    }

    /** Whether the world asks this zone at all: several may have one name, and one of them counts. */
    private Findings delegation(GetHostedZoneResponse described) {
        var name = described.hostedZone().name();
        var own = described.delegationSet().nameServers().stream().map(ZoneRecord::absolute).collect(Collectors.toSet());
        try {
            var world = servers.delegated(name).stream().map(ZoneRecord::absolute).sorted().toList();
            return world.stream().anyMatch(own::contains) ? Findings.NONE : blocker(FIELD + "hostedZoneId: a change in hosted zone " + zone.id() + " would move nobody, because the world asks other name servers for "
                    + name + ": " + (world.isEmpty() ? "none" : String.join(", ", world)) + ", and those of the zone are " + own.stream().sorted().collect(Collectors.joining(", "))
                    + ". Name the zone that is in use" + others(name, other -> !isPrivate(other)) + ", or set spec.target.dns.manual: {}.");
        } catch (OutsideException silent) {
            return blocker(silent.getMessage());
        }
    }

    private Findings signing(String name) {
        var status = asking(() -> client.getDNSSEC(call -> call.hostedZoneId(zone.id()))).status();
        return CANNOT_SIGN.contains(status.serveSignature()) ? blocker("Hosted zone " + zone.id() + " (" + name + ") is signed with DNSSEC, and Route 53 says " + status.serveSignature()
                + (status.statusMessage() == null ? "" : ": " + status.statusMessage()) + ". Records that are changed could not be signed, and validating resolvers would lose the name. Put that right first.") : Findings.NONE;
    }

    private Findings twins(String name) {
        var hidden = others(name, Route53Preflight::isPrivate);
        return hidden.isEmpty() ? Findings.NONE : note("There are private hosted zones of the same name" + hidden + ". The networks that have one see its records and not those that the operator changes: look whether they name this instance.");
    }

    /** Other zones of that name, in words that follow a name; empty where there are none. */
    private String others(String name, Predicate<HostedZone> kind) {
        var ids = asking(() -> client.listHostedZonesByName(call -> call.dnsName(name))).hostedZones().stream().filter(other -> other.name().equals(name))
                .filter(kind).map(HostedZone::id).map(id -> id.replaceFirst("^/hostedzone/", "")).filter(id -> !id.equals(zone.id())).sorted().toList();
        return ids.isEmpty() ? "" : ", as " + String.join(", ", ids);
    }

    /** Names below the zone's own that are handed to other name servers. */
    private Findings children(String name) {
        return domains.stream().flatMap(domain -> between(domain, name)).distinct().filter(parent -> has(zone.setsOf(parent), "NS"))
                .map(parent -> blocker("Hosted zone " + zone.id() + " (" + name + ") hands " + parent + " to other name servers, so that its own records below it count for nobody. Name the zone that holds it.")).reduce(Findings.NONE, Findings::and);
    }

    /** The domain and what is above it, below the zone. */
    private static Stream<String> between(String domain, String zone) {
        return Stream.iterate(ZoneRecord.absolute(domain), name -> !name.equals(zone) && name.endsWith("." + zone), name -> name.substring(name.indexOf('.') + 1));
    }

    private static boolean has(List<ResourceRecordSet> sets, String type) {
        return sets.stream().anyMatch(set -> set.typeAsString().equals(type));
    }

    private Findings records(GetHostedZoneResponse described, Front front) {
        var before = zone.records(domains);
        if (ledgers.find().isPresent()) {
            return Findings.NONE;
        }
        var unfit = unfit(domains, before);
        if (!unfit.isEmpty()) {
            return new Findings(unfit, List.of());
        }
        return tried(() -> answers(described, before)).and(front.address().map(to -> fits(described.hostedZone().name(), before, front, to)).orElseGet(() -> isCreatedLater(described.hostedZone().name(), before)));
    }

    /** Why some of these records cannot be moved and put back, a sentence each. */
    static List<String> unfit(List<String> domains, List<ZoneRecord> records) {
        var named = records.stream().map(ZoneRecord::name).collect(Collectors.toSet());
        return Stream.concat(domains.stream().filter(domain -> !named.contains(ZoneRecord.absolute(domain))).map(domain -> domain + " has no A, AAAA or CNAME record of its own in the hosted zone, so that there is nothing to keep for going back."
                        + " Give it the one by which users reach it now, with what a wildcard says if that answers for it."),
                records.stream().filter(record -> record.weighted().isPresent()).map(record -> "Record " + record.words() + " is weighted already. Make it a simple one first: the operator would not know how to put it back.")).toList();
    }

    /** What has to be reached later is tried now. */
    private Findings answers(GetHostedZoneResponse described, List<ZoneRecord> before) {
        try {
            return new Resolution(servers, described.delegationSet().nameServers()).differs(before, List.of()).map(differs -> blocker("The hosted zone and its name servers do not agree yet: " + differs + ".")).orElse(Findings.NONE);
        } catch (OutsideException silent) {
            return blocker(silent.getMessage());
        }
    }

    private Findings fits(String zoneName, List<ZoneRecord> before, Front front, FrontAddress to) {
        var after = target.apply(before).moved(to);
        var found = after.stream().filter(record -> record.type().equals(ZoneRecord.CNAME)).map(record -> cname(zoneName, record)).reduce(Findings.NONE, Findings::and);
        if (ZoneRecord.same(before, after)) {
            found = found.and(blocker("DNS leads to " + to.words() + " already: " + ZoneRecord.words(before) + ". Lead it where the source is until the cutover, or set spec.target.dns.manual: {}."));
        }
        if (to instanceof FrontAddress.Named named && domains.stream().anyMatch(domain -> ZoneRecord.absolute(domain).equals(ZoneRecord.absolute(named.name())))) {
            found = found.and(blocker(FIELD + "front: " + named.name() + " is a name that is to be led there. Name the load balancer itself."));
        }
        // Which share is all the same: what keeps one of them from being led there keeps all.
        if (front.before() == Edge.Side.SOURCE && target.apply(before).split(1, to) instanceof DnsTarget.Split.Impossible impossible) {
            found = found.and(new Findings(impossible.why(), List.of()));
        }
        return found.and(authorities(zoneName)).and(note("In hosted zone " + zone.id() + " (" + zoneName + ") the operator will change " + ZoneRecord.words(before) + " to " + ZoneRecord.words(after)
                + ". An abort puts back what is there now."));
    }

    private Findings isCreatedLater(String zoneName, List<ZoneRecord> before) {
        return authorities(zoneName).and(note("In hosted zone " + zone.id() + " (" + zoneName + ") the operator will change " + ZoneRecord.words(before) + " to aliases of the load balancer that it creates."
                + " An abort puts back what is there now."));
    }

    private Findings cname(String zoneName, ZoneRecord record) {
        if (record.name().equals(zoneName)) {
            return blocker(record.question().words() + " would be the CNAME of a zone's own name, which DNS does not allow. Give " + FIELD + "front.hostedZoneId, so that Route 53 can make an alias of it, or addresses.");
        }
        var beside = zone.setsOf(record.name()).stream().map(ResourceRecordSet::typeAsString).filter(type -> !ZoneRecord.TYPES.contains(type)).distinct().toList();
        return beside.isEmpty() ? Findings.NONE : blocker("A CNAME of " + record.name() + " cannot stand beside its records of type " + String.join(", ", beside) + ". Give " + FIELD + "front.hostedZoneId, so that Route 53 can make an alias of it, or addresses.");
    }

    /** Who may issue a certificate for the front: the nearest CAA record above a name counts (RFC 8659). */
    private Findings authorities(String zoneName) {
        var said = new HashSet<String>();
        for (var domain : domains) {
            Stream.concat(between(domain, zoneName), Stream.of(zoneName)).map(name -> zone.setsOf(name).stream().filter(set -> set.typeAsString().equals("CAA")).findFirst()).flatMap(Optional::stream).findFirst()
                    .ifPresent(set -> said.add(set.name() + " " + set.resourceRecords().stream().map(ResourceRecord::value).collect(Collectors.joining(", "))));
        }
        return said.stream().sorted().map(caa -> note("A CAA record says who may issue certificates: " + caa + ". The certificate of what stands in front of the target must come from there.")).reduce(Findings.NONE, Findings::and);
    }

    private Findings localDomain() {
        var local = spec.instance().localDomain();
        return domains.contains(local) ? Findings.NONE : note("DNS of " + local + " is not changed: only that of " + String.join(", ", domains) + " is. If " + local
                + " leads to Heroku too, set spec.instance.moveLocalDomain to true, or lead it to the target yourself when that takes writes: other servers ask it for /.well-known/webfinger, and Heroku answers with its maintenance page from the freeze on.");
    }
}
