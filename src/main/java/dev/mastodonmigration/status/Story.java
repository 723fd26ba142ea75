package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.MastodonMigrationStatus.Verdict;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.source.ProxyTrust;
import dev.mastodonmigration.source.SavedSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** Tells facts to the admin: each once, in order, under the step and the phase in which it happened. */
public final class Story {
    private final MastodonMigrationStatus before;

    /** @param before the status that the facts were not yet put into */
    public Story(MastodonMigrationStatus before) {
        this.before = before;
    }

    /** The event that tells a fact; empty for one that only status needs, or that was told before. */
    public Optional<Told> tell(Fact fact) {
        return switch (fact) {
            case Fact.ItineraryStarted started when !started.reason().isEmpty() -> Optional.of(Told.warning("GoingBack", at(before.phase) + started.reason() + (before.source == null
                    ? before.sidekiqIsQuiet() ? " Sidekiq on the source is restarted now, because it takes no jobs." : " The source runs on." : " The source is restored now.")));
            case Fact.PhaseBegun begun when begun.attempt() == 1 -> Optional.of(Told.normal("PhaseStarted", at(begun.run()) + begun.run().caption()));
            case Fact.PhaseSucceeded succeeded -> Optional.of(Told.normal("PhaseSucceeded", at(succeeded.run()) + succeeded.message()
                    + (succeeded.next().isPresent() ? "" : MastodonMigrationStatus.COMPLETED.equals(succeeded.endsAs()) ? " The migration is complete." : " The migration has ended. The source is as it was.")));
            case Fact.PhaseBlocked blocked when !isTold(blocked.run().name(), blocked.message()) -> Optional.of(Told.warning("Waiting", at(blocked.run()) + blocked.message()));
            case Fact.AttemptFailed failed when !isTold(failed.run().name(), failed.message()) ->
                    Optional.of(Told.warning(failed.standing() == Standing.STALLED ? "Stalled" : failed.reason(), at(failed.run()) + failed.message()));
            case Fact.ReturnedToGate returned -> Optional.of(Told.warning("ReturnedToGate", at(returned.from()) + returned.reason()));
            case Fact.Stands stands when stands.standing() == Standing.AWAITS_APPROVAL && !isTold(before.phase, stands.message()) ->
                    Optional.of(Told.normal("AwaitingApproval", at(before.phase) + stands.message()));
            case Fact.Halted halted when !isSaid(Conditions.STALLED, halted.message()) -> Optional.of(Told.warning(halted.reason(), at(before.phase) + halted.message()));
            case Fact.Stands stands when stands.standing() == Standing.SUSPENDED && !isSaid(Conditions.READY, stands) -> Optional.of(Told.normal("Suspended", at(before.phase) + stands.message()));
            case Fact.StatusPruned pruned when !isSaid(Conditions.STALLED, pruned(pruned)) -> Optional.of(Told.warning("OldCustomResourceDefinition", pruned(pruned)));
            case Fact.ReplicatorFailed failed when before.internal.replicators.stream().noneMatch(one -> one.task.equals(failed.task()) && failed.message().equals(one.told)) -> Optional.of(Told.warning("ReplicationInterrupted", at(before.phase) + failed.task() + ": " + failed.message()));
            case Fact.InSync inSync when before.internal.replicators.stream().anyMatch(one -> one.told != null) -> Optional.of(Told.normal("ReplicationResumed", at(before.phase) + "Both sides are in sync again."));
            case Fact.SidekiqQuieting quieting when !before.sidekiqIsQuiet() ->
                    Optional.of(Told.normal("QuietingSidekiq", at(before.phase) + "Sidekiq on the source is told to fetch no more jobs, and finishes those in hand. The instance runs on."));
            case Fact.SidekiqRestarted restarted -> Optional.of(Told.warning("SidekiqRestarted", at(before.phase) + "Sidekiq on the source was quiet and the clock did not start. "
                    + (restarted.dynos().isEmpty() ? "No process of the source seems to run it: restart Sidekiq where it runs." : "Restarted " + String.join(", ", restarted.dynos()) + ".")));
            case Fact.SourceSaved saved when before.source == null -> Optional.of(Told.normal("SourceSaved", at(before.phase) + "The source before the freeze: " + saved.source().words() + "."));
            case Fact.SourceAwake awake when !awake.what().equals(before.source.awake) -> Optional.of(Told.warning("SourceAwake", at(before.phase) + "Somebody or something started the source again: "
                    + String.join(", ", awake.what()) + ". It is stopped again. Its database refuses writes; find out who did it."));
            case Fact.TargetWritable writable -> Optional.of(Told.normal("TargetWritable", at(before.phase) + "The target takes writes. From here on nothing goes back by itself."));
            case Fact.BurstBegun begun -> Optional.of(Told.normal("SidekiqBurst", at(before.phase) + "More pods run for a while, for jobs that piled up during the move: " + String.join(", ", begun.names()) + "."));
            case Fact.BurstEnded ended -> Optional.of(Told.normal("SidekiqBurst", at(before.phase) + ended.why()));
            case Fact.BackupMade made -> Optional.of(Told.normal("FinalBackup", at(before.phase) + made.message()));
            case Fact.RemovalBegun begun -> Optional.of(Told.normal("Deleting", at(before.phase) + "Deleting " + begun.asset().words() + " for good."));
            case Fact.BackupChecked checked -> Optional.of(Told.normal("FinalBackup", at(before.phase) + "The final backup is still there, and whole."));
            case Fact.RemovalWithdrawn withdrawn -> Optional.of(Told.normal("NotDeleted", at(before.phase) + withdrawn.asset().words() + " stays, because spec.retire does not ask for its deletion any more."));
            case Fact.Removed removed -> Optional.of(Told.normal("Deleted", at(before.phase) + "Gone: " + removed.asset().words() + "."));
            case Fact.Priced priced when priced.cost().verdict() == Verdict.Saves && (before.cost == null || !priced.cost().words().equals(before.cost.summary)) ->
                    Optional.of(Told.normal("Cost", at(before.phase) + priced.cost().words()));
            case Fact.Found found when isNew(found) -> Optional.of(Told.warning(found.severity() == Severity.Action ? "ActionNeeded" : "Finding", at(before.phase) + found.message()));
            default -> Optional.empty();
        };
    }

    static String pruned(Fact.StatusPruned pruned) {
        return "The API server did not keep " + String.join(", ", pruned.fields()) + ", because its CustomResourceDefinition is older than this operator. Nothing goes on, because the operator would forget what it did."
                + " Update the CustomResourceDefinition: kubectl replace -f crds/ from this operator's version.";
    }

    /** What is told of a deleted migration that leaves something behind. */
    public static Told farewell(SavedSource source, List<ProxyTrust> trust) {
        return Told.warning("Deleted", "The instance runs on the target. The write gate and the schema mastodon_migration stay on the source's database, and our marker on the target's, because the migration was deleted"
                + " before Retire. The source had: " + source.words() + "."
                + trust.stream().map(app -> " " + ProxyTrust.VARIABLE + " of " + app.app() + " stays as it was set for the edge; before, it " + app.before() + ".").collect(Collectors.joining()));
    }

    private String at(PhaseRun run) {
        return at(run.name());
    }

    private String at(String phase) {
        var step = before.plan.indexOf(phase);
        return phase == null ? "" : step < 0 ? phase + ": " : (step + 1) + "/" + before.plan.size() + " " + phase + ": ";
    }

    /** What stays the same while attempts follow each other, or comes and goes, is told once. */
    private boolean isTold(String phase, String message) {
        return before.phases.stream().anyMatch(record -> record.name.equals(phase) && message.equals(record.told));
    }

    private boolean isSaid(String condition, Fact.Stands stands) {
        return isSaid(condition, stands.message());
    }

    private boolean isSaid(String type, String message) {
        return before.conditions.stream().anyMatch(condition -> condition.getType().equals(type) && Objects.equals(condition.getMessage(), message)
                && (type.equals(Conditions.READY) || "True".equals(condition.getStatus())));
    }

    private boolean isNew(Fact.Found found) {
        return before.findings.stream().noneMatch(finding -> finding.id.equals(found.id()) && finding.message.equals(found.message()));
    }
}
