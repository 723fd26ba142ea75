package dev.mastodonmigration.edge.proxy;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.SideFigures;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a pod of the edge says of itself.
 *
 * @param upMillis    for how long it has run
 * @param stateMillis for how long it has had its state
 * @param underWay    requests that a side has and has not answered to the end
 * @param lasting     websockets and event streams, which end only when they are closed
 * @param held        requests that wait
 * @param refused     since its start: those that waited too long, or were one too many
 * @param arrivals    by domain of the instance, milliseconds since the last request for it came; without those for which none came
 * @param unreached   of the target's addresses, as long as it does not answer users: those that this pod does not reach, each with why
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record EdgeReport(EdgeState state, long upMillis, long stateMillis, Map<Side, Integer> underWay, Map<Side, Integer> lasting, int held, long refused, Map<String, Long> arrivals, Measured measured, List<String> unreached) {
    /** While the operator is updated, or back to an older one, its pods are of two versions: what one of them does not tell is nothing. */
    public EdgeReport {
        underWay = Optional.ofNullable(underWay).orElse(Map.of());
        lasting = Optional.ofNullable(lasting).orElse(Map.of());
        arrivals = Optional.ofNullable(arrivals).orElse(Map.of());
        measured = Optional.ofNullable(measured).orElse(Measured.NOTHING);
        unreached = Optional.ofNullable(unreached).orElse(List.of());
    }

    EdgeReport withUnreached(List<String> addresses) {
        return new EdgeReport(state, upMillis, stateMillis, underWay, lasting, held, refused, arrivals, measured, addresses);
    }

    /**
     * @param heldTotal         requests that had to wait, since its start
     * @param longestHeldMillis the longest that one of them waited, or waits
     * @param total             since its start
     * @param lately            of about the last minute
     * @param latelyMillis      for how long exactly
     * @param unserved          requests for hosts that are none of the instance's, since its start
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Measured(long heldTotal, long longestHeldMillis, Map<Side, SideFigures> total, Map<Side, SideFigures> lately, long latelyMillis, long unserved) {
        public static final Measured NOTHING = new Measured(0, 0, Map.of(), Map.of(), 0, 0);

        public Measured {
            total = Optional.ofNullable(total).orElse(Map.of());
            lately = Optional.ofNullable(lately).orElse(Map.of());
        }
    }
}
