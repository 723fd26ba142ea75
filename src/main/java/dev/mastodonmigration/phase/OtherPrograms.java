package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Programs on the source's databases that are none of Mastodon's own by their names, such as an exporter or an admin's psql. In the freeze they cannot be told from a process that is still ending, which makes it
 * longer: so they are named while there is time. Nothing waits for them, and nothing fails because they cannot be asked for.
 */
final class OtherPrograms {
    private static final String ORIGIN = "connected";
    private static final Duration BETWEEN_LOOKS = Duration.ofMinutes(1);
    private final PhaseContext context;

    OtherPrograms(PhaseContext context) {
        this.context = context;
    }

    /** Asks once a minute. @return whether the answer is no older than that */
    boolean look() {
        var asked = Optional.ofNullable(context.status().internal.programsAskedAt).map(Instant::parse);
        if (asked.filter(last -> context.now().isBefore(last.plus(BETWEEN_LOOKS))).isPresent()) {
            return true;
        }
        try {
            var report = context.workers().here(Tasks.LOOK_FOR_PROGRAMS, context.status().internal.epoch);
            report.filter(answer -> answer.outcome() == WorkerReport.Outcome.SUCCEEDED).ifPresent(answer -> tell(answer.notes()));
            report.ifPresent(answer -> context.tell(new Fact.ProgramsAsked()));
            return report.isPresent();
        } catch (OutsideException notNow) {
            context.tell(new Fact.ProgramsAsked());
            return true;
        }
    }

    /** Nobody has to do anything about them any more. */
    void over() {
        tell(List.of());
    }

    private void tell(List<String> programs) {
        var longest = context.source().unseen();
        var hold = SpecDefaults.edgeHold(context.spec());
        var held = context.spec().edge() != null && hold.compareTo(longest) < 0 ? ", longer than the " + hold.toSeconds() + " s for which a request waits (spec.edge.hold)" : "";
        context.findings(ORIGIN, Severity.Warning, programs.stream().map(program -> program + ", and is none of Mastodon's own by its name. While it is, it cannot be told from a process that is still ending, so that the freeze takes up to "
                + longest.toSeconds() + " s" + held + ". Disconnect it before the cutover.").toList());
    }
}
