package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;

/** The gate before the clock starts: the admin's approval, inside the admin's window. */
@Singleton
public class AwaitCutoverPhase implements Phase {
    private static final Duration MEANWHILE = Duration.ofSeconds(5);

    @Override
    public PhaseId id() {
        return PhaseId.AwaitCutover;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var replication = new Replication(context);
        var sync = replication.wanted() ? replication.untilInSync() : new StepResult.Done("the gate is open");
        return switch (sync) {
            case StepResult.Done inSync -> gate(context, inSync);
            case StepResult.Working lagging -> gate(context, lagging);
            default -> sync;
        };
    }

    static String closed(Instant at) {
        return "The cutover window closed at " + at + " and the source runs on. Set spec.cutover.notBefore and notAfter to the next one.";
    }

    /** Approved or not, the clock does not start while the target lags. */
    private static StepResult gate(PhaseContext context, StepResult sync) {
        var spec = context.spec();
        var closed = SpecDefaults.notAfter(spec).filter(context.now()::isAfter);
        if (closed.isPresent()) {
            return new StepResult.Refused(closed(closed.get()));
        }
        if (!SpecDefaults.cutoverApproved(spec)) {
            return StepResult.Waiting.forApproval("Ready to cut over. Before you approve: what serves " + SpecDefaults.webDomain(spec)
                    + " stands in front of the target's Services with a valid certificate, its DNS TTL is low, and no Heroku Scheduler job is left. Then set spec.cutover.approved to true: "
                    + forecast(context)).meanwhile(sync.facts(), MEANWHILE);
        }
        return SpecDefaults.notBefore(spec).filter(context.now()::isBefore)
                .<StepResult>map(opens -> StepResult.Waiting.until(opens, context.now(), "approved; the cutover window opens at " + opens).meanwhile(sync.facts(), MEANWHILE))
                .orElse(sync);
    }

    private static String forecast(PhaseContext context) {
        var forecast = context.status().forecast;
        return forecast == null ? "the downtime was not rehearsed." : "the instance will be down for up to " + forecast.downtimeSeconds + " s, and until your users' DNS follows.";
    }
}
