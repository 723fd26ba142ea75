package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Starts the source's processes as they were, and waits for them. One that was crashing or idle before the freeze never comes up: after a while it is enough that it exists. */
final class SourceStart {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);
    private static final Duration BETWEEN_LATER_LOOKS = Duration.ofSeconds(10);
    private final PhaseContext context;
    private final SavedSource saved;
    private final boolean patient;

    /** @param since when it may have been started first */
    SourceStart(PhaseContext context, SavedSource saved, Instant since) {
        this.context = context;
        this.saved = saved;
        this.patient = context.now().isBefore(since.plus(PATIENCE));
    }

    /** Empty once they are there. */
    Optional<StepResult> waiting() {
        context.source().start(saved);
        var missing = patient ? context.source().notUp(saved) : context.source().notThere(saved);
        return missing.isEmpty() ? Optional.empty()
                : Optional.of(new StepResult.Working("waiting for the source to start: " + String.join(", ", missing), patient ? BETWEEN_LOOKS : BETWEEN_LATER_LOOKS));
    }

    /** Tells of those that are there and do not serve. */
    void tellNotUp() {
        var notUp = patient ? Optional.<String>empty() : Optional.of(String.join(", ", context.source().notUp(saved))).filter(names -> !names.isEmpty());
        notUp.ifPresent(names -> context.tell(new Fact.Found("source-not-up", Severity.Action, "Not up yet, look at the source: " + names + ".")));
    }
}
