package dev.mastodonmigration.edge;

import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A front that users are led to by whoever holds their DNS, once before the cutover and never again. Where the world has come by then is told by the front, which sees the requests: DNS itself may say
 * one thing here and another thing elsewhere.
 */
public final class ManualDnsEdge implements Edge {
    private static final int ALL = 100;
    private final ObservedFront front;
    private final List<String> domains;
    private final Set<String> quiet;
    private final NameServers servers;

    /**
     * @param domains of the instance
     * @param quiet   those of them that only other servers ask for, and seldom: there one request that ever came is enough
     */
    public ManualDnsEdge(ObservedFront front, List<String> domains, Set<String> quiet, NameServers servers) {
        this.front = front;
        this.domains = List.copyOf(domains);
        this.quiet = Set.copyOf(quiet);
        this.servers = servers;
    }

    @Override
    public List<String> violations() {
        return front.violations();
    }

    @Override
    public List<Charge> charges() {
        return front.charges();
    }

    @Override
    public Findings preflight() {
        return front.preflight();
    }

    @Override
    public Provisioned ensure() {
        return front.ensure() instanceof Provisioned.Working working ? working : new Provisioned.Ready("The edge passes all requests on to the source");
    }

    @Override
    public List<Integer> steps() {
        return List.of(ALL);
    }

    /** Ready once requests for each domain come: how many still go the old way nobody can see from here, and {@link #sights} tells what the world may remember. */
    @Override
    public Provisioned weight(int percent) {
        var missing = missing();
        return missing.isEmpty() ? new Provisioned.Ready("") : new Provisioned.Working("no request for " + String.join(" or ", missing) + " has come to the edge in the last " + ObservedFront.LEFT_ALONE.toMinutes() + " minutes. " + String.join(" ", pointing(missing)));
    }

    /** Those for which nobody comes: never yet, or no more, as after a step back. */
    private List<String> missing() {
        var come = front.lastRequests();
        return domains.stream().filter(domain -> !Optional.ofNullable(come.get(domain)).filter(since -> quiet.contains(domain) || isRecent(since)).isPresent()).toList();
    }

    private static boolean isRecent(Duration since) {
        return since.compareTo(ObservedFront.LEFT_ALONE) < 0;
    }

    private List<String> pointing(List<String> missing) {
        return missing.stream().map(this::pointing).toList();
    }

    private String pointing(String domain) {
        return "Point DNS of " + domain + " at " + front.entrance(domain) + ": until the cutover the edge there passes every request on to the source."
                + (quiet.contains(domain) ? " Few ask for it; to see that it leads there, do so yourself: curl https://" + domain + "/.well-known/nodeinfo." : "");
    }

    @Override
    public List<DnsSight> sights() {
        var missing = missing();
        var zones = new Zones(servers);
        return domains.stream().map(domain -> sight(zones, domain, !missing.contains(domain))).toList();
    }

    private DnsSight sight(Zones zones, String domain, boolean comes) {
        var to = front.entrance().map(entrance -> entrance.addresses().get(domain)).or(front::address);
        var toDo = pointing(domain) + " Set " + domain + " to " + Zones.wanted(domain, to, front.entrance(domain)) + ", and leave no other A, AAAA or CNAME record of it.";
        try {
            var records = zones.records(domain);
            return new DnsSight(domain, comes, Optional.of(new DnsSight.Records(Zones.words(records), Zones.ttl(records), Zones.leads(records, front.source(domain), to))), "", toDo);
        } catch (OutsideException unknown) {
            return new DnsSight(domain, comes, Optional.empty(), unknown.getMessage(), toDo);
        }
    }

    /** Nobody knows more than whether any come. */
    @Override
    public int share() {
        return front.lastRequests().values().stream().anyMatch(ManualDnsEdge::isRecent) ? ALL : 0;
    }

    @Override
    public Provisioned lower(int percent) {
        return new Provisioned.Ready("");
    }

    @Override
    public List<String> backByHand() {
        return List.of("Point DNS of " + String.join(" and ", domains) + " back to where it led before the migration, until the cause is found.");
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
        return front.letGo(side);
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

    /** The edge stays for as long as users come through it, or may: without it they would reach nobody. */
    @Override
    public Provisioned restore() {
        return front.leftAlone(ObservedFront.LEFT_ALONE) instanceof Provisioned.Working working
                ? new Provisioned.Working(working.message() + ". Point DNS back to where it led before the migration: the edge passes every request on to the source, and goes when nobody has come for " + ObservedFront.LEFT_ALONE.toMinutes() + " minutes")
                : front.remove();
    }

    /** Where the admin's DNS leads is found by asking it. */
    @Override
    public FrontAddress address(String domain) {
        return new FrontAddress.Named(domain, Optional.empty());
    }

    /** To the source they are led by way of the edge; to the target the edge lets them go itself. */
    @Override
    public List<String> byHand(Side side) {
        return side == Side.SOURCE ? pointing(missing()) : List.of();
    }

    @Override
    public Provisioned keep(Side side) {
        return front.letGo(side) instanceof Provisioned.Working working ? working : front.ensure();
    }

    @Override
    public Provisioned handOver() {
        return front.handOver();
    }

    @Override
    public void forget() {
        front.forget();
    }
}
