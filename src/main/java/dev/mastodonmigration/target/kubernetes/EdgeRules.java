package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.edge.Front;
import dev.mastodonmigration.mastodon.AddressBlock;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What an edge in this cluster asks of the spec, the source and the admin, before there is one. */
record EdgeRules(MastodonMigration migration, EdgeObjects plan, OwnedObjects objects, EdgeEntrance entrance, SourceEntrances source) {
    /** With what else a freeze takes. */
    private static final Duration DYNOS_PROVED_GONE = Duration.ofSeconds(40);
    private static final Duration SHORTEST_HOLD = Duration.ofSeconds(1);
    private static final Duration LONGEST_HOLD = Duration.ofSeconds(60);

    /** As {@link Front#violations}. */
    List<String> violations() {
        var violations = new ArrayList<String>();
        var target = migration.getSpec().target();
        if (target.compute() == null || target.compute().kubernetes() == null) {
            violations.add("spec.edge passes users' requests on to web and streaming in this cluster, so it needs spec.target.compute.kubernetes: remove spec.edge.");
        }
        if (target.dns() != null && target.dns().route53() != null && target.dns().route53().front() == null) {
            violations.add("spec.target.dns.route53.front is required: where the world reaches " + entrance.name().orElseGet(() -> "the load balancer that you have in front of " + plan.entrances()) + ".");
        }
        SpecDefaults.edgeEgress(migration.getSpec()).stream().filter(range -> AddressBlock.of(range).isEmpty()).forEach(range -> violations.add("spec.edge.egressCidrs: " + range + " is no range of addresses. Write one as 203.0.113.7/32 or 2001:db8::/64."));
        var hold = SpecDefaults.edgeHold(migration.getSpec());
        if (hold.compareTo(SHORTEST_HOLD) < 0 || hold.compareTo(LONGEST_HOLD) > 0) {
            violations.add("spec.edge.hold must be between 1s and 60s: load balancers and browsers do not wait longer.");
        }
        return List.copyOf(violations);
    }

    /** As {@link Front#preflight}. @param all what will be made: kinds, by kind and name as "Service/web" */
    Findings preflight(Map<String, Class<? extends HasMetadata>> all) {
        var blockers = new ArrayList<String>();
        all.forEach((name, kind) -> {
            try {
                objects.find(kind, name.substring(name.indexOf('/') + 1));
            } catch (ForeignObjectException foreign) {
                blockers.add(foreign.getMessage());
            }
        });
        try {
            source.now(SpecDefaults.hosts(migration.getSpec()));
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            blockers.add(refused.getMessage());
        }
        var notes = new ArrayList<String>();
        if (migration.getSpec().target().postgres() == null && SpecDefaults.edgeHold(migration.getSpec()).compareTo(DYNOS_PROVED_GONE) < 0) {
            notes.add("Postgres stays, so no write gate can stand for the proof that the source runs no more, which then takes 30 s: longer than the " + SpecDefaults.edgeHold(migration.getSpec()).toSeconds()
                    + " s for which a request waits (spec.edge.hold). Set it to 45s, or requests are answered with 503 in the freeze, which other servers try again and users see.");
        }
        return new Findings(blockers, notes).and(entrance.preflight()).and(entrance.name().isEmpty() ? Findings.note(byTheAdmin()) : Findings.NONE).and(ofLocalDomain());
    }

    /** What becomes of it, where it is another name and does not move. Whether it does cannot be changed once users are led here, so it is not left open. */
    private Findings ofLocalDomain() {
        var instance = migration.getSpec().instance();
        var local = instance.localDomain();
        if (SpecDefaults.hosts(migration.getSpec()).contains(local)) {
            return Findings.NONE;
        }
        try {
            source.now(List.of(local));
        } catch (OutsideException elsewhere) {
            if (elsewhere.mayPass()) {
                throw elsewhere;
            }
            return Findings.note("The source takes no requests for " + local + ", so it is left where it leads: whoever serves it goes on to redirect /.well-known/webfinger to " + SpecDefaults.webDomain(migration.getSpec()) + ".");
        }
        var left = "The source takes requests for " + local + " as well, and they are not led along: other servers, which ask there for /.well-known/webfinger, are answered by its maintenance page from the freeze on, and by nobody when it is given up.";
        return instance.moveLocalDomain() == null ? Findings.blocker(left + " Set spec.instance.moveLocalDomain to true, and have what stands in front of the edge serve it too; or to false, if you lead it elsewhere yourself.")
                : Findings.note(left + " Lead it elsewhere before the cutover, as spec.instance.moveLocalDomain: false says that you do.");
    }

    private String byTheAdmin() {
        return "Users come through pods of the operator's while the instance moves (spec.edge). Have your load balancer or Ingress send requests for "
                + String.join(" and ", SpecDefaults.hosts(migration.getSpec())) + " to Service " + plan.frontOfWeb() + ", and those whose path begins with /api/v1/streaming, or that are for a domain of streaming's own, to Service "
                + plan.frontOfStreaming() + ", with a valid certificate, bodies of 99 MB, and without buffering. These two Services stay when the migration has ended; they lead to web and streaming then.";
    }
}
