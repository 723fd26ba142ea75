package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.Edge.Side;
import java.util.Map;

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
 */
public record EdgeReport(EdgeState state, long upMillis, long stateMillis, Map<Side, Integer> underWay, Map<Side, Integer> lasting, int held, long refused, Map<String, Long> arrivals) {}
