package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.edge.Dns;
import dev.mastodonmigration.edge.Front;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.NameServers;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.DnsLedger.Step;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The records of {@code spec.target.dns.route53}: from where they led before, over shares, to a front, and back. One look and at most one change in the zone at a time. */
final class Route53 implements Dns {
    private static final String FIELD = "spec.target.dns.route53.";
    private static final int ALL = 100;
    /** Where the id of a change was lost Route 53 cannot be asked for it, and a TTL is not seen in an answer: so long it takes at most, mostly, until every server has it. */
    private static final Duration UNTOLD = Duration.ofMinutes(1);
    private final MastodonMigration migration;
    private final Supplier<AwsApi> api;
    private final DnsLedgers ledgers;
    private final NameServers servers;
    private final InstantSource clock;
    private final Pace pace;
    private final List<String> domains;

    /** @param api made when it is first needed: a spec without a region has none */
    Route53(MastodonMigration migration, Supplier<AwsApi> api, DnsLedgers ledgers, NameServers servers, InstantSource clock, Pace pace) {
        this.migration = migration;
        this.api = api;
        this.ledgers = ledgers;
        this.servers = servers;
        this.clock = clock;
        this.pace = pace;
        this.domains = SpecDefaults.hosts(migration.getSpec());
    }

    @Override
    public List<String> violations() {
        return Stream.of(
                        migration.getSpec().aws() == null ? Optional.of("spec.aws.region is required with spec.target.dns.route53.") : Optional.<String>empty(),
                        rising(steps()) ? Optional.<String>empty() : Optional.of(FIELD + "steps must rise, and end with 100, as [10, 50, 100]."))
                .flatMap(Optional::stream).toList();
    }

    private static boolean rising(List<Integer> steps) {
        return !steps.isEmpty() && steps.getLast() == ALL && steps.equals(steps.stream().sorted().distinct().toList());
    }

    @Override
    public Findings preflight(Front front) {
        return new Route53Preflight(api.get(), zone(), domains, migration.getSpec(), servers, before -> target(before), ledgers).look(front);
    }

    @Override
    public Provisioned prepare(FrontAddress to) {
        var found = ledgers.find();
        if (found.isEmpty()) {
            return save(to);
        }
        var kept = found.get();
        if (kept.ledger().to().percent() > 0 || kept.ledger().led()) {
            return new Provisioned.Ready("");
        }
        var lowered = lowered(kept.ledger());
        if (ZoneRecord.same(lowered.records(), kept.ledger().before())) {
            return new Provisioned.Ready("");
        }
        return toward(kept, lowered).or(() -> since(kept.ledger(), oldTtl(kept.ledger().before()), "the world may still remember the old records, which had a TTL of " + oldTtl(kept.ledger().before()).toSeconds() + " s"))
                .orElseGet(() -> new Provisioned.Ready(""));
    }

    private Step lowered(DnsLedger ledger) {
        return new Step("with a TTL of " + ttl() + " s", 0, target(ledger).lowered());
    }

    /** Before the first change. */
    private Provisioned save(FrontAddress to) {
        var before = zone().records(domains);
        var refused = Route53Preflight.unfit(domains, before).stream().findFirst();
        if (refused.isPresent()) {
            throw new OutsideException(refused.get(), false);
        }
        if (ZoneRecord.same(before, target(before).moved(to))) {
            throw new OutsideException("DNS leads to " + to.words() + " already, before this migration changed anything: " + ZoneRecord.words(before) + ". Lead it where the source is until the cutover.", false);
        }
        ledgers.create(DnsLedger.of(zone().id(), domains, before));
        return new Provisioned.Working("the records as they are were kept in Secret " + ledgers.name() + ": " + ZoneRecord.words(before));
    }

    @Override
    public List<Integer> steps() {
        return SpecDefaults.dnsSteps(migration.getSpec());
    }

    @Override
    public Provisioned lead(int percent, FrontAddress to) {
        var found = ledgers.find();
        if (found.isEmpty()) {
            return save(to);
        }
        var kept = found.get();
        if (kept.ledger().to().percent() > percent) {
            return new Provisioned.Ready("");
        }
        var step = at(percent, kept.ledger(), to);
        var hold = SpecDefaults.dnsHold(migration.getSpec());
        var held = percent < ALL || hold.toSeconds() > ttl() ? hold : Duration.ofSeconds(ttl());
        return toward(kept, step).or(() -> since(kept.ledger(), held, "every name server leads " + percent + " % of users to " + to.words())).orElseGet(() -> new Provisioned.Ready(""));
    }

    @Override
    public int share() {
        return ledgers.find().map(kept -> kept.ledger().share()).orElse(0);
    }

    /** Where the front was changed for one that users cannot be shared out to, all of them are led back, for which it takes no front. */
    @Override
    public Provisioned lower(int percent, FrontAddress to) {
        var found = ledgers.find();
        if (found.isEmpty()) {
            return new Provisioned.Ready("");
        }
        var ledger = found.get().ledger();
        var step = percent == 0 ? lowered(ledger) : switch (target(ledger).split(percent, to)) {
            case DnsTarget.Split.Possible possible -> step(percent, to, possible.records());
            case DnsTarget.Split.Impossible impossible -> lowered(ledger);
        };
        return (ledger.to().percent() >= step.percent() ? toward(found.get(), step) : Optional.<Provisioned>empty()).orElseGet(() -> new Provisioned.Ready(""));
    }

    @Override
    public Provisioned leadAll(FrontAddress to) {
        var found = ledgers.find();
        if (found.isEmpty()) {
            return save(to);
        }
        var kept = found.get();
        var wanted = at(ALL, kept.ledger(), to);
        var done = new Provisioned.Ready("DNS leads to " + to.words());
        // Asked again every second until Sidekiq runs.
        return kept.ledger().aimsAt(wanted) && kept.ledger().reachedAt().isPresent() ? done : toward(kept, wanted).orElse(done);
    }

    private Step at(int percent, DnsLedger ledger, FrontAddress to) {
        return percent == ALL ? step(ALL, to, target(ledger).moved(to)) : switch (target(ledger).split(percent, to)) {
            case DnsTarget.Split.Possible possible -> step(percent, to, possible.records());
            case DnsTarget.Split.Impossible impossible -> throw new OutsideException(impossible.why().getFirst() + " Put " + FIELD + "front back as it was, or set " + FIELD + "steps: [100].", false);
        };
    }

    private static Step step(int percent, FrontAddress to, List<ZoneRecord> records) {
        return new Step(percent + " % to " + to.words(), percent, records);
    }

    @Override
    public Provisioned leadBack() {
        return ledgers.find().filter(kept -> kept.ledger().from().percent() > 0 || kept.ledger().to().percent() > 0)
                .flatMap(kept -> toward(kept, new Step("back, with a TTL of " + ttl() + " s", 0, target(kept.ledger()).lowered()))).orElseGet(() -> new Provisioned.Ready(""));
    }

    @Override
    public Provisioned restore() {
        var found = ledgers.find();
        if (found.isEmpty()) {
            return new Provisioned.Ready("DNS was not changed");
        }
        var kept = found.get();
        if (!kept.ledger().changedAnything()) {
            ledgers.remove();
            return new Provisioned.Ready("DNS was not changed");
        }
        var memory = kept.ledger().led() ? Duration.ofSeconds(ttl()) : Duration.ZERO;
        return toward(kept, kept.ledger().asBefore()).or(() -> since(kept.ledger(), memory, "the records are as they were; the world may remember the others for " + memory.toSeconds() + " s")).orElseGet(() -> {
            ledgers.remove();
            return new Provisioned.Ready("DNS is as it was before the migration");
        });
    }

    @Override
    public void forget() {
        ledgers.remove();
    }

    /** One look, and at most one change in the zone. @return what was done or is waited for; empty when every name server has what is wanted */
    private Optional<Provisioned> toward(DnsLedgers.Kept kept, Step wanted) {
        var ledger = kept.ledger();
        var waiting = ledger.change().isPresent() && ledger.aimsAt(wanted) && ledger.reachedAt().isEmpty();
        if (waiting && !pace.isDue(names().uid())) {
            return Optional.of(new Provisioned.Working("waiting until every name server has the records " + wanted.name()));
        }
        refuseOtherSpec(ledger);
        var seen = zone().records(domains);
        var present = present(ledger, seen, wanted);
        if (!ledger.aimsAt(wanted)) {
            kept.write(ledger.intending(present, wanted));
            return Optional.of(new Provisioned.Working("the records are about to be " + wanted.name()));
        }
        if (!ZoneRecord.same(seen, wanted.records())) {
            change(seen, wanted).ifPresent(id -> kept.write(ledger.changing(id)));
            return Optional.of(new Provisioned.Working("the records were changed, and are now " + wanted.name() + ": " + ZoneRecord.words(wanted.records())));
        }
        return ledger.reachedAt().isPresent() ? Optional.empty() : Optional.of(propagated(kept, wanted));
    }

    /** @return id of the change; empty where its answer was lost, and the SDK made the same change again, which Route 53 refused */
    private Optional<String> change(List<ZoneRecord> seen, Step wanted) {
        try {
            return Optional.of(zone().change(seen, wanted.records(), "Mastodon migration " + names().namespace() + "/" + names().migration() + ": " + wanted.name()));
        } catch (AwsException refused) {
            if (refused.code().equals(Zone.INVALID) && ZoneRecord.same(zone().records(domains), wanted.records())) {
                return Optional.empty();
            }
            throw refused;
        }
    }

    private Provisioned propagated(DnsLedgers.Kept kept, Step wanted) {
        var ledger = kept.ledger();
        pace.looked(names().uid());
        if (ledger.change().filter(change -> !zone().isInSync(change)).isPresent()) {
            return new Provisioned.Working("Route 53 hands the records " + wanted.name() + " to its name servers");
        }
        var differs = new Resolution(servers, zone().nameServers()).differs(wanted.records(), ledger.from().records());
        if (differs.isPresent()) {
            return new Provisioned.Working(differs.get());
        }
        var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        kept.write(ledger.reached(ledger.change().isPresent() ? now : now.plus(UNTOLD)));
        return new Provisioned.Working("every name server of the zone has the records " + wanted.name());
    }

    /**
     * Which of the states that the operator knows of is there; what is wanted is one, whoever saw to it. Once a change is known to have been made, what was there before it is none of them any more.
     *
     * @throws OutsideException when it is none: somebody else changed it
     */
    private static Step present(DnsLedger ledger, List<ZoneRecord> seen, Step wanted) {
        var mayBeUnchanged = ledger.change().isEmpty();
        return Stream.of(Optional.of(ledger.to()), Optional.of(ledger.from()).filter(from -> mayBeUnchanged), Optional.of(wanted)).flatMap(Optional::stream)
                .filter(step -> ZoneRecord.same(seen, step.records())).findFirst().orElseThrow(() -> new OutsideException("Somebody changed what the operator left in hosted zone " + ledger.zone()
                        + ", so it was left as it is. Expected: " + ZoneRecord.words(missing(ledger.to(), seen))
                        + (mayBeUnchanged && !ZoneRecord.same(ledger.from().records(), ledger.to().records()) ? " (or, as before the last change: " + ZoneRecord.words(missing(ledger.from(), seen)) + ")" : "")
                        + ". Found: " + ZoneRecord.words(ZoneRecord.without(seen, ledger.to().records())) + ". Put it back as expected"
                        + (wanted.records().equals(ledger.before()) ? ", or as it was before the migration (" + ZoneRecord.words(ledger.before()) + ")" : "") + ", and the operator goes on by itself.", false));
    }

    private static List<ZoneRecord> missing(Step step, List<ZoneRecord> seen) {
        var missing = ZoneRecord.without(step.records(), seen);
        return missing.isEmpty() ? step.records() : missing;
    }

    /** What was begun in one zone and for some names is not gone on with in another. */
    private void refuseOtherSpec(DnsLedger ledger) {
        if (!ledger.zone().equals(zone().id()) || !ledger.domains().equals(domains)) {
            throw new OutsideException("DNS of " + String.join(", ", ledger.domains()) + " in hosted zone " + ledger.zone() + " was changed by this migration, and the spec now says " + String.join(", ", domains)
                    + " in " + zone().id() + ". Put spec.instance.webDomain, spec.instance.streamingDomain and " + FIELD + "hostedZoneId back: what was changed is found with them.", false);
        }
    }

    private Optional<Provisioned> since(DnsLedger ledger, Duration wait, String why) {
        var until = ledger.reachedAt().orElse(Instant.EPOCH).plus(wait);
        return clock.instant().isBefore(until) ? Optional.of(new Provisioned.Working(why + ", until " + until.truncatedTo(ChronoUnit.SECONDS))) : Optional.empty();
    }

    /** An alias has the TTL of what it leads to; Amazon's own have 60 s. */
    private static Duration oldTtl(List<ZoneRecord> before) {
        return Duration.ofSeconds(before.stream().mapToLong(record -> record.ttl().orElse(60L)).max().orElse(0));
    }

    private long ttl() {
        return SpecDefaults.dnsTtlSeconds(migration.getSpec());
    }

    private DnsTarget target(DnsLedger ledger) {
        return target(ledger.before());
    }

    private DnsTarget target(List<ZoneRecord> before) {
        return new DnsTarget(domains, before, ttl(), names());
    }

    private AwsNames names() {
        return AwsNames.of(migration);
    }

    private Zone zone() {
        return new Zone(api.get().dns(), migration.getSpec().target().dns().route53().hostedZoneId());
    }
}
