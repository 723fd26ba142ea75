package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Fact;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Keeps the source stopped as it was at the freeze, gate and all, while the admin finds out whether the new place is good. */
@Singleton
public class SoakPhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    private static final Duration WHILE_AWAKE = Duration.ofSeconds(2);

    @Override
    public PhaseId id() {
        return PhaseId.Soak;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var end = Instant.parse(context.record().startedAt).plus(SpecDefaults.soak(context.spec())).truncatedTo(ChronoUnit.SECONDS);
        var source = source(context);
        var feeds = new FeedsWatch(context);
        if (!context.now().isBefore(end)) {
            if (!feeds.isOver()) {
                return new StepResult.Working("The soak is over" + feeds.words() + ".", BETWEEN_LOOKS);
            }
            context.findings("feeds", Severity.Action, feeds.notes());
            return new StepResult.Done("Soaked until " + end + feeds.words() + ".");
        }
        var health = health(context);
        return StepResult.Waiting.until(end, context.now(), health + feeds.words() + "; " + source + "soaking until " + end)
                .meanwhile(context.status().source.awake.isEmpty() ? Duration.ofSeconds(30) : WHILE_AWAKE);
    }

    private static String health(PhaseContext context) {
        if (context.compute().isEmpty()) {
            return "the target's databases are in use";
        }
        var edited = applyEdits(context);
        var readiness = context.compute().get().ready();
        return edited + (readiness.complete() ? "the target is healthy" : "the target is NOT healthy, not ready: " + readiness.waitingFor());
    }

    /** An admin who raises replicas or mends an image after the move expects it to be done. */
    private static String applyEdits(PhaseContext context) {
        if (context.status().internal.deployed != null && context.status().internal.deployed.generation == context.generation()) {
            return "";
        }
        try {
            context.compute().orElseThrow().ensure(context.environment());
            context.compute().orElseThrow().startSidekiq();
            context.tell(new Fact.Deployed());
            return "your edit is being rolled out; ";
        } catch (OutsideException notNow) {
            return "your edit is NOT rolled out yet: " + notNow.getMessage() + "; ";
        }
    }

    /** Nobody may be served by both sides. That the source's platform cannot be asked just now changes nothing on the target. */
    private static String source(PhaseContext context) {
        try {
            var up = context.source().awake();
            if (!up.isEmpty()) {
                context.tell(new Fact.SourceAwake(up));
                context.source().stop();
                return "the source was started again (" + String.join(", ", up) + ") and is stopped again; ";
            }
            if (!context.status().source.awake.isEmpty()) {
                context.tell(new Fact.SourceAsleep());
            }
            return "";
        } catch (OutsideException unknown) {
            return "whether the source is still stopped cannot be asked: " + unknown.getMessage() + "; ";
        }
    }
}
