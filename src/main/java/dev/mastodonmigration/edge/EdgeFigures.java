package dev.mastodonmigration.edge;

import dev.mastodonmigration.edge.Edge.Side;
import java.util.Map;

/**
 * What the pods of an edge measured, all of them together.
 *
 * @param state               who answers, as they say: Source, Hold (requests wait) or Target; more than one while it changes, and empty where no pod tells
 * @param pods                how many told
 * @param held                requests that wait now
 * @param longestHeldMillis   the longest that a request waited, since these pods started
 * @param refused             requests that waited too long, or were one too many, since then
 * @param lately              what each side answered in about the last minute
 * @param requestsPerSecond   by side, in that time
 */
public record EdgeFigures(String state, int pods, int held, long longestHeldMillis, long refused, Map<Side, SideFigures> lately, Map<Side, Double> requestsPerSecond) {
    public EdgeFigures {
        lately = Map.copyOf(lately);
        requestsPerSecond = Map.copyOf(requestsPerSecond);
    }

    public SideFigures lately(Side side) {
        return lately.getOrDefault(side, SideFigures.NONE);
    }
}
