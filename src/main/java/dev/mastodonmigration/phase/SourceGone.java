package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Proves that no process of the source is left. A platform ceases to list a process before it has ended, so that an empty list alone is believed only after
 * a while; until then the source's own databases are asked who is connected.
 */
final class SourceGone {
    /** Heroku counts requests, 4500 and 75 more a minute: dynos take seconds to stop, and up to 30. */
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);
    private static final Duration BETWEEN_LATER_LOOKS = Duration.ofSeconds(1);
    private static final Duration WHILE_ASKING = Duration.ofMillis(20);
    private static final Duration LONGEST_STOP = Duration.ofSeconds(30);
    private final PhaseContext context;

    SourceGone(PhaseContext context) {
        this.context = context;
    }

    StepResult look() {
        if (context.status().source.goneAt != null) {
            return new StepResult.Done("The source's processes are gone.");
        }
        var late = context.now().isAfter(Instant.parse(context.status().source.stoppedAt).plus(LONGEST_STOP));
        if (late) {
            context.source().stop();
        }
        var alive = context.source().alive();
        if (!alive.isEmpty()) {
            // Nobody was asked about these: a look that began before them proves nothing.
            context.workers().forgetHere(Tasks.LOOK_FOR_CLIENTS, context.status().internal.epoch);
            return new StepResult.Working("waiting for the source's processes to stop: " + alive.stream().map(Source.Process::name).collect(Collectors.joining(", ")) + oneOffs(alive),
                    late ? BETWEEN_LATER_LOOKS : BETWEEN_LOOKS);
        }
        var believed = Instant.parse(context.status().source.stoppedAt).plus(context.source().unseen());
        if (!context.now().isBefore(believed)) {
            return gone("none was listed " + context.source().unseen().toSeconds() + " s after the source was told to stop");
        }
        var report = context.workers().here(Tasks.LOOK_FOR_CLIENTS, context.status().internal.epoch);
        if (report.isEmpty()) {
            return new StepResult.Working("no process of the source is listed any more; asking its databases who is connected", WHILE_ASKING);
        }
        return report.get().outcome() == WorkerReport.Outcome.SUCCEEDED && report.get().figures().getOrDefault(Figure.CLIENTS, -1L) == 0
                ? gone(report.get().message())
                : new StepResult.Working("no process of the source is listed any more, and until " + believed + " it is waited for one that may still be ending: " + report.get().message(), BETWEEN_LOOKS);
    }

    private StepResult gone(String proof) {
        context.tell(new Fact.SourceGone(proof));
        new OtherPrograms(context).over();
        HoldForecast.over(context);
        return new StepResult.Done("The source's processes are gone: " + proof + ".");
    }

    private String oneOffs(List<Source.Process> alive) {
        if (alive.stream().noneMatch(process -> process.kind() == Source.Process.Kind.ONE_OFF)) {
            return "";
        }
        if (SpecDefaults.stopsOneOffDynos(context.spec())) {
            context.source().stopOneOffs();
            return ". One-off dynos are stopped, as spec.cutover.stopOneOffDynos says.";
        }
        return ". One-off dynos end by themselves, or when you run heroku ps:stop; or set spec.cutover.stopOneOffDynos to true.";
    }
}
