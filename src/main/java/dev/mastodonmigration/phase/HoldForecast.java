package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.SpecDefaults;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Whether requests wait for as long as the rehearsal says that the freeze takes. */
final class HoldForecast {
    private static final String ORIGIN = "hold";
    /** Load balancers and browsers do not wait longer. */
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private HoldForecast() {}

    /** Says so where they do not, until the field is changed. */
    static void tell(PhaseContext context) {
        context.findings(ORIGIN, Severity.Warning, tooShort(context).stream().toList());
    }

    /** Whoever set it now would have the edge's pods made anew for nothing. */
    static void over(PhaseContext context) {
        context.findings(ORIGIN, Severity.Warning, List.of());
    }

    private static Optional<String> tooShort(PhaseContext context) {
        if (context.spec().edge() == null || context.status().forecast == null || context.status().forecast.downtimeSeconds == null) {
            return Optional.empty();
        }
        var hold = SpecDefaults.edgeHold(context.spec());
        // Most dynos stop by themselves.
        var freeze = Duration.ofSeconds(context.status().forecast.downtimeSeconds).minus(RehearsePhase.STOPPING);
        if (freeze.compareTo(hold) <= 0) {
            return Optional.empty();
        }
        return Optional.of("The rehearsal forecasts a freeze of about " + freeze.toSeconds() + " s, without what dynos take to stop, and a request waits for " + hold.toSeconds() + " s at most (spec.edge.hold): those that come early in the freeze are answered"
                + " with 503 and Retry-After, which other servers try again and users see. " + (freeze.compareTo(LONGEST) > 0 ? hold.equals(LONGEST) ? "It cannot be longer." : "Set it to 60s, the most that it can be: then it is fewer of them."
                : "Set it to " + freeze.toSeconds() + "s."));
    }
}
