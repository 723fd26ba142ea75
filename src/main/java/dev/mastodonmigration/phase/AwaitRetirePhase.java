package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.stream.Collectors;

/** The gate before the old host is retired. */
@Singleton
public class AwaitRetirePhase implements Phase {
    private static final Duration AFTER_THE_LIST = Duration.ofSeconds(1);
    private static final Duration SHORTLY = Duration.ofSeconds(1);

    @Override
    public PhaseId id() {
        return PhaseId.AwaitRetire;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var removals = new Removals(context);
        if (SpecDefaults.retireApproved(context.spec())) {
            var isTold = removals.isListTold();
            var listed = removals.list();
            if (!isTold) {
                return StepResult.Waiting.until(context.now().plus(AFTER_THE_LIST), context.now(), meanwhile(context) + "Retiring the old host is approved, and begins once this was written down." + removals.words(listed));
            }
            return removals.quiet().map(quiet -> quiet(context, quiet, removals.words(listed))).orElseGet(() -> new UserProbes(context).lastTime() ? new StepResult.Done("Retiring the old host is approved.")
                    : StepResult.Waiting.until(context.now().plus(SHORTLY), context.now(), "Retiring the old host is approved, and begins once Sidekiq was asked a last time whether it does its jobs."));
        }
        var open = context.status().findings.stream().filter(finding -> finding.severity == Severity.Action).map(finding -> " Still open: " + finding.message).collect(Collectors.joining());
        return StepResult.Waiting.forApproval(meanwhile(context) + (context.computeStays() ? ofTheDatabases(context) : ofTheHost(context)) + deletions(removals) + open);
    }

    private static String ofTheHost(PhaseContext context) {
        return "The instance runs on the target. To finish, set spec.retire.approved to true: the write gate is removed from the source's database, and from then on nothing stops"
                + " an app there from writing to it" + (SpecDefaults.retireFormation(context.spec()) ? ", and the apps stay at zero dynos." : SpecDefaults.deletesApps(context.spec()) ? "." : ". What becomes of the apps is left to you.");
    }

    private static String ofTheDatabases(PhaseContext context) {
        return "The instance runs where it did, with the new databases. To finish, set spec.retire.approved to true: "
                + (SpecDefaults.movesPostgres(context.spec()) ? "the write gate is removed from the old database, and " : "") + "what this migration keeps of its own is removed.";
    }

    private static String meanwhile(PhaseContext context) {
        var meanwhile = (context.computeStays() ? "" : AfterTheMove.applyEdits(context)) + AfterTheMove.watchSource(context) + AfterTheMove.keepEdge(context) + new SidekiqBurst(context).keep();
        new UserProbes(context).again();
        new EntranceLook(context).again();
        new SearchWatch(context).look();
        return meanwhile.isEmpty() ? "" : "Meanwhile: " + meanwhile;
    }

    /** The gate stays open to read although the platform does not answer. */
    private static String deletions(Removals removals) {
        try {
            return removals.words(removals.list()) + removals.quiet().map(quiet -> " Nothing is deleted before " + quiet.until() + ". " + quiet.why()).orElse("");
        } catch (OutsideException unknown) {
            return " What would be deleted cannot be asked now: " + unknown.getMessage();
        }
    }

    private static StepResult quiet(PhaseContext context, Stragglers.Quiet quiet, String deletions) {
        return StepResult.Waiting.until(quiet.until(), context.now(), meanwhile(context) + "Retiring the old host is approved, and does not begin before " + quiet.until() + ". " + quiet.why() + deletions);
    }
}
