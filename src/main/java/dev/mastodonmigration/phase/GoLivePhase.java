package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.source.heroku.HerokuException;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** Opens the target. That it was opened is written down before it is: from then on nothing goes back by itself. */
@Singleton
public class GoLivePhase implements Phase {
    private static final Logger LOG = Logger.getLogger(GoLivePhase.class);
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);
    private static final double MILLISECONDS = 1000.0;

    @Override
    public PhaseId id() {
        return PhaseId.GoLive;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return context.status().downtime.targetOpenedAt == null ? decideToOpen(context) : open(context);
    }

    private static StepResult decideToOpen(PhaseContext context) {
        var source = new SourceApps(context);
        var dynos = source.dynos();
        var passing = dynos.stream().filter(SourceApps::isOneOff).toList();
        var alive = dynos.stream().filter(dyno -> !SourceApps.isOneOff(dyno)).toList();
        var scaledUp = source.scaledUp();
        if (!alive.isEmpty() || !scaledUp.isEmpty()) {
            return new StepResult.Refused("The target was not opened, because the source is no longer stopped: " + String.join(", ", alive.isEmpty() ? scaledUp : alive)
                    + ". Two sides must never run at once. Find out who scaled the app up during the freeze, and migrate again.");
        }
        if (!passing.isEmpty()) {
            return new StepResult.Working("waiting for dynos to end that cannot write to the database, the gate refuses them: " + String.join(", ", passing), BETWEEN_LOOKS);
        }
        return new StepResult.Working("the target is being opened", status -> {
            status.downtime.targetOpenedAt = context.now().toString();
            status.epoch = status.epoch + 1;
        }, Optional.of(AT_ONCE));
    }

    private static StepResult open(PhaseContext context) {
        return new Standby(context).run(Tasks.OPEN_TARGET, Instant.parse(context.status().downtime.targetOpenedAt), opened -> context.status().downtime.targetWritableAt == null
                ? new StepResult.Working("the target accepts writes", status -> status.downtime.targetWritableAt = context.now().toString(), Optional.of(AT_ONCE))
                : start(context, opened.get(Tasks.OPEN_TARGET).notes()));
    }

    private static StepResult start(PhaseContext context, List<String> notes) {
        if (!context.compute().ready().started()) {
            bringUpToDate(context);
            context.compute().startSidekiq();
        }
        var readiness = context.compute().ready();
        return readiness.complete()
                ? new StepResult.Done("web, streaming and Sidekiq run on the target", Stream.concat(notes.stream(), Stream.of(dns(context))).toList(), status -> stopTheClock(status, context.now()))
                : new StepResult.Working("waiting for " + readiness.waitingFor());
    }

    /** Config vars may have been rotated since DeployCompute; but going live must not wait for Heroku, so what was deployed then will do. */
    private static void bringUpToDate(PhaseContext context) {
        try {
            context.compute().ensure(context.inputs().targetEnvironment(context.migration()));
        } catch (HerokuException notNow) {
            LOG.warnf("%s: the environment of DeployCompute is used: %s", context.migration().getMetadata().getName(), notNow.getMessage());
        }
    }


    private static String dns(PhaseContext context) {
        var name = context.migration().getMetadata().getName();
        var web = SpecDefaults.webDomain(context.spec());
        var streaming = Optional.ofNullable(context.spec().instance().streamingDomain()).orElse(web + "/api/v1/streaming");
        return "Point DNS of " + web + " at what stands in front of Service " + name + "-web:3000, and " + streaming + " at Service " + name
                + "-streaming:4000. Until DNS has changed, users see Heroku's maintenance page.";
    }

    private static void stopTheClock(MastodonMigrationStatus status, Instant now) {
        status.downtime.endedAt = now.toString();
        status.downtime.seconds = Duration.between(Instant.parse(status.downtime.startedAt), now).toMillis() / MILLISECONDS;
    }
}
