package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.List;
import java.util.Optional;

/** Sidekiq processes on the source's Redis that its platform knows nothing of, so that it neither stops them nor starts them again: the admin has to. */
final class SidekiqOfOthers {
    private static final String ORIGIN = "sidekiq";
    private final PhaseContext context;

    SidekiqOfOthers(PhaseContext context) {
        this.context = context;
    }

    /** Names those that were told to fetch no more jobs. */
    void tellQuiet(List<String> identities) {
        context.findings(ORIGIN, Severity.Action, others(identities).stream().map(process -> "Sidekiq process " + process + " takes jobs from the source's Redis, and is none of "
                + context.source().name() + "'s own. It was told to fetch no more, but nobody stops it: end it where it runs, so that it does not go on after the move.").toList());
    }

    /**
     * Names those that are to be restarted by hand, because a Sidekiq that was told to fetch no more jobs never does again.
     *
     * @return a sentence for who goes back, empty where there are none; nothing yet while they are asked for
     */
    Optional<String> asleep() {
        try {
            return context.workers().here(Tasks.LOOK_FOR_CLIENTS, context.status().internal.epoch).map(this::sentence);
        } catch (OutsideException notNow) {
            return Optional.of(unknown(notNow.getMessage()));
        }
    }

    private String sentence(WorkerReport report) {
        if (report.outcome() != WorkerReport.Outcome.SUCCEEDED) {
            return unknown(report.message());
        }
        var asleep = others(report.notes()).stream().map(process -> "Sidekiq process " + process + " on the source's Redis still sleeps: it was told to fetch no more jobs, is none of "
                + context.source().name() + "'s own, and fetches none before it is restarted where it runs.").toList();
        context.findings(ORIGIN, Severity.Action, asleep);
        return asleep.isEmpty() ? "" : " " + String.join(" ", asleep);
    }

    private static String unknown(String why) {
        return " Whether a Sidekiq that runs elsewhere still sleeps could not be asked (" + why + "): if there is one, restart it where it runs.";
    }

    private List<String> others(List<String> identities) {
        if (identities.isEmpty()) {
            return List.of();
        }
        var own = context.source().mayRunSidekiq();
        return identities.stream().filter(identity -> own.stream().noneMatch(host -> identity.startsWith(host + ":"))).toList();
    }
}
