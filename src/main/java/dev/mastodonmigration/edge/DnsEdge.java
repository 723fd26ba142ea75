package dev.mastodonmigration.edge;

import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A front, and DNS that leads users to it. Where the front passes on to the source, they are led to it beforehand, and the cutover is the front's alone. Where
 * only the target is behind it, they are led to it once the target takes writes.
 */
public final class DnsEdge implements Edge {
    private final Front front;
    private final Dns dns;

    public DnsEdge(Front front, Dns dns) {
        this.front = front;
        this.dns = dns;
    }

    @Override
    public List<String> violations() {
        return Stream.concat(front.violations().stream(), dns.violations().stream()).toList();
    }

    /** A record set costs nothing. */
    @Override
    public List<Charge> charges() {
        return front.charges();
    }

    @Override
    public Findings preflight() {
        return front.preflight().and(dns.preflight(front));
    }

    @Override
    public Provisioned ensure() {
        if (front.ensure() instanceof Provisioned.Working working) {
            return working;
        }
        return dns.prepare(address()) instanceof Provisioned.Working working ? working
                : new Provisioned.Ready(front.before() == Side.SOURCE ? "The edge passes all requests on to the source, and DNS is prepared to lead to " + address().words()
                : "DNS is prepared; it leads to " + address().words() + " when the target takes writes");
    }

    @Override
    public List<Integer> steps() {
        return front.before() == Side.SOURCE ? dns.steps() : List.of();
    }

    @Override
    public Provisioned weight(int percent) {
        return dns.lead(percent, address());
    }

    @Override
    public int share() {
        return front.before() == Side.SOURCE ? dns.share() : 0;
    }

    @Override
    public Provisioned lower(int percent) {
        return dns.lower(percent, address());
    }

    @Override
    public List<DnsSight> sights() {
        return List.of();
    }

    @Override
    public List<String> backByHand() {
        return List.of();
    }

    @Override
    public DirectProbe probeSource() {
        return front.probeSource();
    }

    @Override
    public Provisioned hold() {
        return front.hold();
    }

    @Override
    public Provisioned letGo(Side side) {
        if (front.letGo(side) instanceof Provisioned.Working working) {
            return working;
        }
        if (front.before() == Side.SOURCE) {
            return new Provisioned.Ready("");
        }
        return side == Side.TARGET ? dns.leadAll(address()) : dns.leadBack();
    }

    @Override
    public Optional<String> unhealthy() {
        return front.unhealthy();
    }

    @Override
    public Optional<Entrance> entrance() {
        return front.entrance();
    }

    @Override
    public Optional<EdgeFigures> measured() {
        return front.measured();
    }

    /** DNS first: whoever still comes to the front is served there until the world has forgotten it. */
    @Override
    public Provisioned restore() {
        return dns.restore() instanceof Provisioned.Working working ? working : front.remove();
    }

    /** Asked there and not by the name: who asked before may have remembered the old records. */
    @Override
    public FrontAddress address(String domain) {
        return address();
    }

    @Override
    public List<String> byHand(Side side) {
        return front.byHand(side);
    }

    @Override
    public Provisioned keep(Side side) {
        return front.before() == Side.TARGET ? new Provisioned.Ready("") : front.letGo(side) instanceof Provisioned.Working working ? working : front.ensure();
    }

    @Override
    public Provisioned handOver() {
        return front.handOver();
    }

    @Override
    public void forget() {
        dns.forget();
        front.forget();
    }

    private FrontAddress address() {
        return front.address().orElseThrow(() -> new OutsideException("What DNS is to lead to has no address yet. The operator looks again.", true));
    }
}
