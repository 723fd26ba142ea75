package dev.mastodonmigration.edge;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What stands in front of the target alone: the admin's own load balancer or Ingress controller, or that which is created with the target's machines. It is never changed here: users are led to it once the
 * target takes writes.
 */
public final class TargetFront implements Front {
    private static final String FIELD = "spec.target.dns.route53.";
    private final MastodonMigrationSpec spec;
    private final FrontProbe probe;
    private final Supplier<Optional<FrontAddress>> created;

    /** @param created where the world reaches what compute creates for itself, asked when it is needed; empty before it is there, or where compute creates none */
    public TargetFront(MastodonMigrationSpec spec, FrontProbe probe, Supplier<Optional<FrontAddress>> created) {
        this.spec = spec;
        this.probe = probe;
        this.created = created;
    }

    /** Where the spec names none. */
    private boolean isCreated() {
        return spec.target().dns().route53().front() == null && spec.target().compute() != null && spec.target().compute().ec2() != null;
    }

    @Override
    public List<String> violations() {
        return Stream.of(
                        spec.target().compute() == null ? Optional.of("spec.target.dns.route53 leads users to the target, and without spec.target.compute they stay where they are: remove spec.target.dns.") : Optional.<String>empty(),
                        spec.target().dns().route53().front() == null && !isCreated() ? Optional.of(FIELD + "front is required: where the world reaches the load balancer that you have in front of the target.") : Optional.<String>empty(),
                        stepwise("steps", spec.target().dns().route53().steps()), stepwise("hold", spec.target().dns().route53().hold()))
                .flatMap(Optional::stream).toList();
    }

    private static Optional<String> stepwise(String field, Object value) {
        return Optional.ofNullable(value).map(set -> FIELD + field + " moves users step by step, to a front that passes them on to the source until the cutover, and yours has the target behind it. Set spec.edge, or remove it: DNS is changed all at once, when the target takes writes.");
    }

    @Override
    public List<Charge> charges() {
        return isCreated() ? List.of() : List.of(Charge.unknown("the load balancer in front of the target", "it is yours"));
    }

    @Override
    public Findings preflight() {
        return Findings.NONE;
    }

    @Override
    public Provisioned ensure() {
        return new Provisioned.Ready("");
    }

    @Override
    public Optional<FrontAddress> address() {
        return FrontAddress.of(spec).or(created);
    }

    @Override
    public Edge.Side before() {
        return Edge.Side.TARGET;
    }

    /** The source's own maintenance page answers until DNS leads elsewhere. */
    @Override
    public Provisioned hold() {
        return new Provisioned.Ready("");
    }

    @Override
    public Provisioned letGo(Edge.Side side) {
        return new Provisioned.Ready("");
    }

    @Override
    public Optional<String> unhealthy() {
        if (isCreated() && created.get().isEmpty()) {
            return Optional.of("The load balancer in front of the machines is gone; DNS would lead all users to it");
        }
        var web = SpecDefaults.webDomain(spec);
        var streaming = Optional.ofNullable(spec.instance().streamingDomain()).orElse(web);
        var ofWeb = SpecDefaults.webDomains(spec);
        return address().flatMap(front -> ofWeb.stream().flatMap(domain -> probe.fault(front, domain, FrontProbe.WEB).stream()).findFirst().or(() -> probe.fault(front, streaming, FrontProbe.STREAMING)))
                .map(fault -> fault + ". DNS will lead all users there: it must pass " + String.join(" and ", ofWeb) + " on to web, and " + streaming + " to streaming, with a valid certificate for each");
    }

    @Override
    public DirectProbe probeSource() {
        throw new UnsupportedOperationException("nothing in front of the target alone has users of the source");
    }

    @Override
    public Optional<Entrance> entrance() {
        return Optional.empty();
    }

    @Override
    public Optional<EdgeFigures> measured() {
        return Optional.empty();
    }

    @Override
    public Provisioned remove() {
        return new Provisioned.Ready("");
    }

    /** It is the target's own, and stays. */
    @Override
    public Provisioned handOver() {
        return new Provisioned.Ready("");
    }

    @Override
    public void forget() {
        // Nothing was kept.
    }

    @Override
    public List<String> byHand(Edge.Side side) {
        return List.of();
    }
}
