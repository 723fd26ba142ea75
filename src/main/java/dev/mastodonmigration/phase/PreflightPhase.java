package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.SpecRules;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.mastodon.MastodonFindings;
import dev.mastodonmigration.mastodon.TargetFindings;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.source.heroku.HerokuException;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Looks at everything that could go wrong later, changes nothing, and tells all it found in one message. */
@Singleton
public class PreflightPhase implements Phase {
    private static final String REBUILD = "strategy.redis: Rebuild takes over Sidekiq's queues, schedule, retries and dead jobs, and nothing else of Redis. Feeds are built by tootctl after the"
            + " cutover, and are incomplete until that ends; activity counters, trends, caches and batches of e-mail begin anew, so that the instance shows no active users at first."
            + " Live and Snapshot keep all of it.";

    @Override
    public PhaseId id() {
        return PhaseId.Preflight;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var spec = SpecRules.violations(context.spec());
        if (!spec.isEmpty()) {
            return new StepResult.Refused(String.join(" ", spec));
        }
        if (context.intended(Tasks.PREFLIGHT) && databases(context) instanceof StepResult.Working running) {
            return running;
        }
        var own = new ArrayList<String>();
        var notes = new ArrayList<String>();
        collect(own, () -> context.inputs().targetPostgresUrl(context.migration()));
        collect(own, () -> context.inputs().targetRedisUrl(context.migration()));
        if (SpecDefaults.rebuildsRedis(context.spec())) {
            notes.add(REBUILD);
        }
        var readable = own.isEmpty();
        context.rivals().olderOf(context.migration()).ifPresent(own::add);
        collect(own, () -> configuration(context, own, notes));
        if (readable) {
            destination(context, own, notes);
        }
        if (!own.isEmpty() && !context.intended(Tasks.PREFLIGHT) && unreadable(context)) {
            return new StepResult.Refused(String.join(" ", own));
        }
        return together(databases(context), own, notes);
    }

    private static StepResult databases(PhaseContext context) {
        return context.work(List.of(Tasks.PREFLIGHT), reports -> {
            var report = reports.get(Tasks.PREFLIGHT);
            return new StepResult.Done(report.message(), report.notes(), StepResult.NO_FACTS);
        });
    }

    private static StepResult together(StepResult looked, List<String> own, List<String> notes) {
        return switch (looked) {
            case StepResult.Refused refused -> new StepResult.Refused(String.join(" ", Stream.concat(own.stream(), Stream.of(refused.message())).toList()));
            case StepResult.Done done when !own.isEmpty() -> new StepResult.Refused(String.join(" ", own));
            case StepResult.Done done -> new StepResult.Done(done.message(), Stream.concat(notes.stream(), done.notes().stream()).toList(), done.facts());
            default -> looked;
        };
    }

    /** Without all four URLs no worker can look at the databases. */
    private static boolean unreadable(PhaseContext context) {
        try {
            context.inputs().workerFiles(context.migration());
            return false;
        } catch (MissingInputException | HerokuException missing) {
            return true;
        }
    }

    private static void configuration(PhaseContext context, List<String> blockers, List<String> notes) {
        var apps = SpecDefaults.apps(context.spec());
        var heroku = context.heroku();
        var web = heroku.configVars(apps.getFirst());
        var streaming = apps.size() > 1 ? heroku.configVars(apps.getLast()) : web;
        apps.forEach(heroku::formation);
        var findings = MastodonFindings.of(new Source.Environment(web, streaming), context.spec());
        blockers.addAll(findings.blockers());
        notes.addAll(findings.notes());
    }

    private static void destination(PhaseContext context, List<String> blockers, List<String> notes) {
        var found = context.compute().preflight()
                .and(TargetFindings.postgres(context.inputs().targetPostgresUrl(context.migration()), context.inputs().ca(context.migration(), context.spec().target().postgres().existing().caSecretRef())))
                .and(TargetFindings.redis(context.inputs().targetRedisUrl(context.migration()), context.inputs().ca(context.migration(), context.spec().target().redis().existing().caSecretRef())));
        blockers.addAll(found.blockers());
        notes.addAll(found.notes());
    }

    private static void collect(List<String> blockers, Runnable reading) {
        try {
            reading.run();
        } catch (MissingInputException missing) {
            blockers.add(missing.getMessage());
        } catch (HerokuException e) {
            if (e.retryable()) {
                throw e;
            }
            blockers.add(e.getMessage());
        }
    }
}
