package dev.mastodonmigration.edge;

import java.time.Duration;
import java.util.Optional;

/**
 * One look at a name of the instance that somebody else leads to an edge.
 *
 * @param comes   whether requests for it come to the edge
 * @param records what its zone's own name servers say of it; empty where they cannot be asked
 * @param unknown why they cannot be; empty where they can
 * @param toDo    for whoever holds its DNS
 */
public record DnsSight(String domain, boolean comes, Optional<Records> records, String unknown, String toDo) {
    /** What is known of where a name leads. */
    public enum Leads {
        /** To where the source takes requests. */
        SOURCE,
        EDGE,
        /** To neither: to a proxy that stands in front, or past the edge. */
        ELSEWHERE,
        /** By a CNAME to something else than the source, and by what address users reach the edge is not known. */
        BY_NAME,
        /** To addresses, which may be the source's, or change by themselves; and by what address users reach the edge is not known. */
        BY_ADDRESS
    }

    /** @param ttl the longest of all of them */
    public record Records(String words, Duration ttl, Leads leads) {}
}
