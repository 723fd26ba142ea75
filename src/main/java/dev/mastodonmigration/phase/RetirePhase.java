package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Ends the migration: the formation stays at zero where the admin said so, and nothing of ours stays on either side. */
@Singleton
public class RetirePhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);

    @Override
    public PhaseId id() {
        return PhaseId.Retire;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var removals = new Removals(context);
        new SidekiqBurst(context).end();
        if (context.status().internal.sourceReleasedAt != null) {
            return removals.next();
        }
        return context.intended(Tasks.RELEASE) ? release(context, removals) : beforeTheGateGoes(context, removals).orElseGet(() -> release(context, removals));
    }

    /** What keeps the write gate up: a source that may still write, a backup that is not made, and what must not be deleted. Nothing is given up before all of it is settled. */
    private static Optional<StepResult> beforeTheGateGoes(PhaseContext context, Removals removals) {
        var backup = new FinalBackup(context);
        if (backup.isWanted() && backup.isBegun()) {
            // It may take hours, and the write gate is all that it needs.
            return Optional.of(backup.make());
        }
        if (!backup.isWanted() && backup.isEnding()) {
            return Optional.of(new StepResult.Working("waiting for the worker of the final backup to end, which is not wanted any more", BETWEEN_LOOKS));
        }
        return removals.heldBack().or(() -> trustsAsBefore(context)).or(() -> context.computeStays() ? stillUsed(context) : stillRuns(context, removals))
                .or(() -> removals.obstacles().map(why -> new StepResult.Refused("Nothing is deleted, and the write gate stays. " + why)))
                .or(() -> backup.isWanted() && !backup.isMade() ? Optional.of(backup.make()) : Optional.empty());
    }

    /** Setting it back makes a release, whose release command runs: while the write gate is up, and before the final backup, which it would make old. Apps that are deleted are not set back for that. */
    private static Optional<StepResult> trustsAsBefore(PhaseContext context) {
        return context.computeStays() || SpecDefaults.deletesApps(context.spec()) ? Optional.empty() : restoreTrust(context).map(working -> {
            context.tell(new Fact.SourceSeen());
            return working;
        });
    }

    private static Optional<StepResult> restoreTrust(PhaseContext context) {
        return switch (new EdgeTrust(context).restore()) {
            case Provisioned.Working working -> Optional.of(new StepResult.Working(working.message(), working.lookAgain().orElse(BETWEEN_LOOKS)));
            case Provisioned.Left left -> {
                context.tell(Notes.of("retire", left.message()));
                yield Optional.empty();
            }
            case Provisioned.Ready ready -> Optional.empty();
        };
    }

    private static Optional<StepResult> stillUsed(PhaseContext context) {
        var used = context.source().stillUsed(context.saved().orElseThrow());
        return used.isEmpty() ? Optional.empty() : Optional.of(new StepResult.Refused("What guards the old databases stays there, because somebody led the source back to them: " + String.join(", ", used)
                + ". Its posts would be lost. Set that to the new ones."));
    }

    private static Optional<StepResult> stillRuns(PhaseContext context, Removals removals) {
        var formation = SpecDefaults.retireFormation(context.spec());
        if (formation) {
            context.source().stop();
        }
        var awake = context.source().awake();
        var running = awake.isEmpty() ? context.source().alive().stream().map(Source.Process::name).toList() : awake;
        if (running.isEmpty()) {
            return removals.ending();
        }
        context.tell(new Fact.SourceSeen());
        if (formation) {
            return Optional.of(new StepResult.Working("waiting for the source's processes to stop: " + String.join(", ", running), BETWEEN_LOOKS));
        }
        return Optional.of(new StepResult.Refused("The write gate stays on the source's database, because something runs there again: " + String.join(", ", running)
                + ". Its posts would be lost. Scale it to zero."));
    }

    private static StepResult release(PhaseContext context, Removals removals) {
        return context.work(List.of(Tasks.RELEASE), reports -> {
            if (context.edge().map(Edge::handOver).orElseGet(() -> new Provisioned.Ready("")) instanceof Provisioned.Working edge) {
                return new StepResult.Working(edge.message(), BETWEEN_LOOKS);
            }
            var ended = endFollowing(context);
            if (ended instanceof Provisioned.Working) {
                return new StepResult.Working(ended.message(), BETWEEN_LOOKS);
            }
            // Where the apps stay users come through the edge until here.
            var trust = context.computeStays() ? restoreTrust(context) : Optional.<StepResult>empty();
            if (trust.isPresent()) {
                return trust.get();
            }
            new EdgeTrust(context).forget();
            var report = reports.get(Tasks.RELEASE);
            context.compute().ifPresent(compute -> {
                compute.removeSmokeTest();
                if (SpecDefaults.rebuildsRedis(context.spec())) {
                    compute.removeFeeds();
                }
            });
            new SearchWatch(context).end();
            context.tell(new Fact.SourceReleased());
            report.notes().forEach(note -> context.tell(Notes.of("retire", note)));
            var message = (report.message() + (ended.message().isEmpty() ? "" : " " + ended.message() + ".")).strip();
            return removals.areWanted() ? new StepResult.Working(message, PhaseContext.AT_ONCE) : new StepResult.Done(message);
        });
    }

    /** The way back is over. What stays does no harm, so that it holds nothing up: credentials may be gone by now. */
    private static Provisioned endFollowing(PhaseContext context) {
        try {
            return context.outside().redis().map(TargetDatabase::endFollowing).orElseGet(() -> new Provisioned.Ready(""));
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            context.tell(Notes.of("retire", "The target's Redis still notifies of changed keys, which nobody needs any more and costs it a little. Take it back yourself. " + refused.getMessage()));
            return new Provisioned.Ready("");
        }
    }
}
