package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.mastodon.MastodonFindings;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.source.Source.Server;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Reads and tries everything that could go wrong later, changes nothing, and tells all it found in one message. */
@Singleton
public class PreflightPhase implements Phase {
    /** Origin of the findings about what nobody could try. Settled once what stays runs with what moved. */
    static final String UNTRIED = "reach";
    private static final int POSTGRES_PORT = 5432;
    private static final int REDIS_PORT = 6379;
    private static final String REBUILD = "strategy.redis: Rebuild takes over Sidekiq's queues, schedule, retries and dead jobs, and nothing else of Redis. Feeds are built by tootctl after the"
            + " cutover, and are incomplete until that ends; activity counters, trends, caches and batches of e-mail begin anew, so that the instance shows no active users at first."
            + " Live and Snapshot keep all of it.";

    @Override
    public PhaseId id() {
        return PhaseId.Preflight;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (context.intended(Tasks.PREFLIGHT) && databases(context, Findings.NONE, List.of()) instanceof StepResult.Working running) {
            return running;
        }
        var outside = context.outside();
        var rival = outside.rival().get().map(sentence -> new Findings(List.of(sentence), List.of())).orElse(Findings.NONE);
        var found = Stream.of(
                        Optional.of(rival),
                        Optional.of(look(() -> outside.source().preflight())),
                        Optional.of(look(() -> MastodonFindings.of(outside.source().environment(), context.spec()))),
                        Optional.of(look(() -> reach(context))),
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
        return databases(context, found, found.blockers().isEmpty() ? context.source().howToTryReaching(servers(context)) : List.of());
    }

    /** Web, streaming and Sidekiq, where they stay, have to reach what moves. What the operator creates itself its adapters know. */
    private static Findings reach(PhaseContext context) {
        return context.computeStays() ? new Findings(context.source().cannotReach(servers(context).stream().map(Server::host).toList()), List.of()) : Findings.NONE;
    }

    /** Those that are there already, and that what stays will have to reach. */
    private static List<Server> servers(PhaseContext context) {
        if (!context.computeStays()) {
            return List.of();
        }
        var target = context.spec().target();
        return Stream.of(context.outside().postgres().filter(moves -> target.postgres().existing() != null).map(moves -> server("Postgres", moves, POSTGRES_PORT)),
                context.outside().redis().filter(moves -> target.redis().existing() != null).map(moves -> server("Redis", moves, REDIS_PORT)))
                .flatMap(Optional::stream).filter(server -> server.host() != null).toList();
    }

    private static Server server(String name, TargetDatabase database, int usual) {
        var url = URI.create(database.url());
        return new Server(name, url.getHost(), url.getPort() < 0 ? usual : url.getPort());
    }

    private static StepResult databases(PhaseContext context, Findings own, List<String> untried) {
        return switch (context.work(List.of(Tasks.PREFLIGHT), reports -> {
            var report = reports.get(Tasks.PREFLIGHT);
            var notes = new ArrayList<>(own.notes());
            notes.addAll(report.notes());
            context.findings("preflight", Severity.Note, notes);
            context.findings(UNTRIED, Severity.Warning, untried);
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
