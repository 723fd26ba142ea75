package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.Optional;

/** Has Sidekiq's Redis asked whether its jobs are done. That takes some seconds, in which the operator does other things. */
final class SidekiqLook {
    private final PhaseContext context;

    SidekiqLook(PhaseContext context) {
        this.context = context;
    }

    /**
     * What came.
     *
     * @param words for when all is well
     * @param fault what is wrong, with what to do; empty when nothing is
     */
    record Answer(String words, Optional<String> fault, Severity severity) {
        static Answer none() {
            return unknown("no answer came");
        }

        private static Answer of(WorkerReport report) {
            return report.outcome() == WorkerReport.Outcome.SUCCEEDED ? new Answer(report.message(), Optional.of(String.join(" ", report.notes())).filter(notes -> !notes.isEmpty()), Severity.Action) : unknown(report.message());
        }

        /** It may be only the operator that cannot ask. */
        private static Answer unknown(String why) {
            return new Answer("", Optional.of("Whether Sidekiq does its jobs since the target took over could not be asked (" + why + "). Look at /sidekiq of the instance: whether it names processes, and whether its queues become shorter."),
                    Severity.Warning);
        }
    }

    /** Nothing yet while it is asked. */
    Optional<Answer> answer() {
        try {
            return context.workers().here(Tasks.LOOK_AT_SIDEKIQ, context.status().internal.epoch).map(Answer::of);
        } catch (OutsideException notNow) {
            return Optional.of(Answer.unknown(notNow.getMessage()));
        }
    }
}
