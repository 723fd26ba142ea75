package dev.mastodonmigration.edge;

import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A front that users are led to by whoever holds their DNS, once before the cutover and never again. Where the world has come by then is told by the front, which sees the requests: DNS itself may say
 * one thing here and another thing elsewhere.
 */
public final class ManualDnsEdge implements Edge {
    private static final int ALL = 100;
    /** On an instance that anybody uses or follows requests come all the time, so by then the world has left. */
    static final Duration LEFT_ALONE = Duration.ofMinutes(5);
    private final ObservedFront front;
    private final List<String> domains;

    /** @param domains of the instance */
    public ManualDnsEdge(ObservedFront front, List<String> domains) {
        this.front = front;
        this.domains = List.copyOf(domains);
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

    /** Ready once each domain's requests have come: how many still go the old way nobody can see from here. */
    @Override
    public Provisioned weight(int percent) {
        var missing = missing();
        return missing.isEmpty() ? new Provisioned.Ready("") : new Provisioned.Working("no request for " + String.join(" or ", missing) + " has come to the edge yet. " + String.join(" ", pointing(missing)));
    }

    private List<String> missing() {
        var come = front.lastRequests();
        return domains.stream().filter(domain -> !come.containsKey(domain)).toList();
    }

    private List<String> pointing(List<String> missing) {
        return missing.stream().map(domain -> "Point DNS of " + domain + " at " + front.entrance(domain) + ": until the cutover the edge there passes every request on to the source.").toList();
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

    /** The edge stays for as long as users come through it, or may: without it they would reach nobody. */
    @Override
    public Provisioned restore() {
        return front.leftAlone(LEFT_ALONE) instanceof Provisioned.Working working
                ? new Provisioned.Working(working.message() + ". Point DNS back to where it led before the migration: the edge passes every request on to the source, and goes when nobody has come for " + LEFT_ALONE.toMinutes() + " minutes")
                : front.remove();
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
