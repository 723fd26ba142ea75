package dev.mastodonmigration.edge;

import dev.mastodonmigration.cost.Payable;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;

/**
 * What DNS leads users to: a proxy of ours, a load balancer that we create, or the admin's own. {@link DnsEdge} makes an {@link Edge} of it and of who moves DNS.
 * Every method returns at once and may be called again at any time.
 */
public interface Front extends Payable {
    /** What is wrong with its part of the spec beyond the schema, a sentence each that names the field. */
    List<String> violations();

    Findings preflight();

    /** Creates it, or finds what an earlier call created. */
    Provisioned ensure();

    /** Where the world reaches it; empty until that is known. */
    Optional<FrontAddress> address();

    /**
     * Who answers behind it before the cutover. With SOURCE it passes everything on, so that users are led to it beforehand and step by step; with TARGET they are
     * led to it when the target is open, and not before.
     */
    Edge.Side before();

    /** As {@link Edge#hold}. */
    Provisioned hold();

    /** Requests that reach it go to that side from now on. */
    Provisioned letGo(Edge.Side side);

    /** Why users would not be served well through it; empty while they would. Asked from SmokeTest on, and so before {@link #ensure} of one that is created later. */
    Optional<String> unhealthy();

    /** As {@link Edge#probeSource}; not asked where {@link #measured} is empty. */
    DirectProbe probeSource();

    /** As {@link Edge#entrance}. */
    Optional<Entrance> entrance();

    /** As {@link Edge#measured}. */
    Optional<EdgeFigures> measured();

    /** Removes what {@link #ensure} created. Nobody is led to it any more. */
    Provisioned remove();

    /** As {@link Edge#handOver}. */
    Provisioned handOver();

    /** As {@link Edge#forget}. */
    void forget();

    /** As {@link Edge#byHand}. */
    List<String> byHand(Edge.Side side);
}
