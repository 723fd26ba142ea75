package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.mastodon.MastodonFindings;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Reads and tries everything that could go wrong later, changes nothing, and tells all it found in one message. */
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
        if (context.intended(Tasks.PREFLIGHT) && databases(context, Findings.NONE) instanceof StepResult.Working running) {
            return running;
        }
        var outside = context.outside();
        var rival = outside.rival().get().map(sentence -> new Findings(List.of(sentence), List.of())).orElse(Findings.NONE);
        var found = Stream.of(
                        Optional.of(rival),
                        Optional.of(look(() -> outside.source().preflight())),
                        Optional.of(look(() -> MastodonFindings.of(outside.source().environment(), context.spec()))),
                        outside.postgres().map(database -> look(database::preflight)),
                        outside.redis().map(database -> look(database::preflight)),
                        outside.compute().map(compute -> look(compute::preflight)),
                        outside.edge().map(edge -> look(edge::preflight)),
                        Optional.of(look(outside.permissions())),
                        Optional.of(new Findings(List.of(), SpecDefaults.rebuildsRedis(context.spec()) ? List.of(REBUILD) : List.of())))
                .flatMap(Optional::stream).reduce(Findings.NONE, Findings::and);
        new CostLook(context).look();
        if (!found.blockers().isEmpty() && !context.intended(Tasks.PREFLIGHT) && !readable(context)) {
            return new StepResult.Refused(String.join(" ", found.blockers().stream().distinct().toList()));
        }
        return databases(context, found);
    }

    private static StepResult databases(PhaseContext context, Findings own) {
        return switch (context.work(List.of(Tasks.PREFLIGHT), reports -> {
            var report = reports.get(Tasks.PREFLIGHT);
            var notes = new ArrayList<>(own.notes());
            notes.addAll(report.notes());
            context.findings("preflight", Severity.Note, notes);
            return own.blockers().isEmpty() ? new StepResult.Done(report.message()) : refused(own.blockers(), List.of());
        })) {
            case StepResult.Refused worker -> refused(own.blockers(), List.of(worker.message()));
            case StepResult other -> other;
        };
    }

    private static StepResult.Refused refused(List<String> own, List<String> workers) {
        return new StepResult.Refused(String.join(" ", Stream.concat(own.stream(), workers.stream()).distinct().toList()));
    }

    /** Without all URLs no worker can look at the databases. */
    private static boolean readable(PhaseContext context) {
        try {
            context.outside().inUse().get();
            return true;
        } catch (OutsideException missing) {
            return false;
        }
    }

    private static Findings look(Supplier<Findings> reading) {
        try {
            return reading.get();
        } catch (OutsideException e) {
            if (e.mayPass()) {
                throw e;
            }
            return new Findings(List.of(e.getMessage()), List.of());
        }
    }
}
