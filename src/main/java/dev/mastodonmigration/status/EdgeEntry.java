package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.EdgeFigures;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** What status says of the edge, rounded: it is for people. */
final class EdgeEntry {
    private static final double TENTHS = 10;
    private static final double MILLIS = 1000;

    private EdgeEntry() {}

    static MastodonMigrationStatus.Edge of(EdgeFigures figures, Instant now) {
        var entry = new MastodonMigrationStatus.Edge();
        entry.measuredAt = now.truncatedTo(ChronoUnit.SECONDS).toString();
        entry.state = figures.state();
        entry.pods = figures.pods();
        entry.held = figures.held();
        entry.longestHeldSeconds = rounded(figures.longestHeldMillis() / MILLIS);
        entry.refused = figures.refused();
        entry.source = side(figures, Side.SOURCE);
        entry.target = side(figures, Side.TARGET);
        return entry;
    }

    /** Null for one that nobody was led to. */
    private static MastodonMigrationStatus.EdgeSide side(EdgeFigures figures, Side side) {
        var lately = figures.lately(side);
        if (lately.requests() == 0) {
            return null;
        }
        var entry = new MastodonMigrationStatus.EdgeSide();
        entry.requestsPerSecond = rounded(figures.requestsPerSecond().getOrDefault(side, 0.0));
        entry.errorPercent = rounded(lately.errorPercent());
        entry.p95Milliseconds = lately.p95Millis();
        entry.rateLimited = lately.rateLimited();
        entry.inboxRefusals = lately.inboxRefusals();
        return entry;
    }

    private static double rounded(double value) {
        return Math.round(value * TENTHS) / TENTHS;
    }
}
