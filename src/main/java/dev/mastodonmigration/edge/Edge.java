package dev.mastodonmigration.edge;

import dev.mastodonmigration.cost.Payable;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;

/** What stands in front of both sides while the instance moves, DNS included. Every method returns at once and may be called again at any time. */
public interface Edge extends Payable {
    /** Who answers users' requests. */
    enum Side { SOURCE, TARGET }

    /** What is wrong with its part of the spec beyond the schema, a sentence each that names the field. */
    List<String> violations();

    Findings preflight();

    /** Creates it, passing everything on to the source, and prepares DNS for being moved; or finds what an earlier call did. Once ready, it says how things stand. */
    Provisioned ensure();

    /** Steps in percent in which DNS is moved to it before the cutover, the last one 100; empty where it is moved by {@link #letGo}, or by somebody else. */
    List<Integer> steps();

    /** Sends that share of users to it; ready when it is reached and has been held as long as was asked. */
    Provisioned weight(int percent);

    /** How many percent of users are sent to it by now. */
    int share();

    /** Sends users back until only that share comes to it; ready when DNS says so everywhere, and at once where nobody but the admin can. */
    Provisioned lower(int percent);

    /** What the zones' own name servers say of the names that the admin leads to it; empty where {@link #weight} leads them. Takes a few seconds at most. */
    List<DnsSight> sights();

    /** What is to be done by hand so that users come to it no more; empty where {@link #lower} does it. */
    List<String> backByHand();

    /** Asks the source past the edge for what users ask it. Takes a few seconds at most. */
    DirectProbe probeSource();

    /** Requests wait from now on, at most as long as the spec allows; ready when every part of it has said so. */
    Provisioned hold();

    /** Requests go to that side from now on, those that waited first; ready when every part of it has said so. */
    Provisioned letGo(Side side);

    /** Why users are not served well through it; empty while they are. */
    Optional<String> unhealthy();

    /** By what users will come to it; empty where no edge of ours is there. */
    Optional<Entrance> entrance();

    /** What it measured lately; empty where nothing of ours stands in front of the instance. */
    Optional<EdgeFigures> measured();

    /** Puts DNS back as it was before the first change, and removes what {@link #ensure} created. */
    Provisioned restore();

    /** Where users are led who ask for that domain of the instance, from {@link #letGo} to the target on. */
    FrontAddress address(String domain);

    /** What is to be done by hand so that users reach that side; empty where nothing is. */
    List<String> byHand(Side side);

    /** Users come through it by now: what somebody deleted or edited of it is put right, and requests go to that side. DNS stays as it is. */
    Provisioned keep(Side side);

    /** The migration ends on the target: users reach it without what was only needed for moving them, from now on. Ready when that is gone. */
    Provisioned handOver();

    /** The migration has ended, and there is no way back any more: what was kept for it goes. */
    void forget();
}
