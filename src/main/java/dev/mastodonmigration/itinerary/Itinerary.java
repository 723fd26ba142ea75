package dev.mastodonmigration.itinerary;

import static dev.mastodonmigration.api.PhaseId.*;
import static dev.mastodonmigration.itinerary.Stop.stop;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The table of contents: what happens to an instance, in order. Read this file first. Each phase is one small class in {@code phase/}; beside it stands when
 * it has work, and nothing else decides that.
 */
public enum Itinerary {
    /** From the first look at the source to the last process retired. */
    FORWARD("Forward", MastodonMigrationStatus.COMPLETED, List.of(
            stop(Preflight),
            stop(Provision),
            stop(Rehearse, When::rehearsalIsWanted),
            stop(Replicate),
            stop(DeployCompute, When::computeMoves),
            stop(SmokeTest, When::computeMoves),
            stop(ShiftTraffic, When::trafficShifts),
            stop(AwaitCutover),
            stop(StandBy),
            stop(QuietSidekiq),
            stop(StopSource),       // the clock starts
            stop(CloseSource),
            stop(Drain),
            stop(Verify),
            stop(GoLive),           // the clock stops when the target takes writes: no way back from here on but with them
            stop(Housekeeping, When::somethingIsLeftToDo),
            stop(Soak),
            stop(AwaitRetire),
            stop(Retire))),

    /** Until the target takes writes: what was begun is undone, last things first, so that the source serves again before anything is tidied up. */
    ABORT("Abort", MastodonMigrationStatus.ABORTED, List.of()) {
        @Override
        public List<PhaseRun> plan(Observation seen) {
            return undo(FORWARD.phases().filter(phase -> seen.began(phase)));
        }
    };

    private final String title;
    private final String endsAs;
    private final List<Stop> stops;

    Itinerary(String title, String endsAs, List<Stop> stops) {
        this.title = title;
        this.endsAs = endsAs;
        this.stops = stops;
    }

    /** The runs that have work here: frozen into {@code status.plan}. */
    public List<PhaseRun> plan(Observation seen) {
        return stops.stream().filter(stop -> stop.hasWork().test(seen)).map(stop -> PhaseRun.of(stop.phase())).toList();
    }

    /** A forward plan in which what was begun after the cutover gate is undone, and the gate stands again. */
    static List<PhaseRun> backToGate(List<PhaseRun> plan, Observation seen) {
        var gate = plan.indexOf(PhaseRun.of(AwaitCutover));
        var back = new ArrayList<>(plan.subList(0, gate).stream().filter(run -> !run.isUndo()).toList());
        back.addAll(undo(plan.subList(gate, plan.size()).stream().map(PhaseRun::phase).filter(seen::began)));
        back.addAll(plan.subList(gate, plan.size()));
        return List.copyOf(back);
    }

    private static List<PhaseRun> undo(Stream<PhaseId> begun) {
        return begun.filter(phase -> phase.undoCaption().isPresent()).map(PhaseRun::undo).toList().reversed();
    }

    public Stream<PhaseId> phases() {
        return stops.stream().map(Stop::phase);
    }

    /** As {@code status.itinerary} has it. */
    public String title() {
        return title;
    }

    /** What {@code status.phase} says when its last phase has ended. */
    public String endsAs() {
        return endsAs;
    }

    /** The itinerary of that title; empty for one that this version of the operator does not know. */
    public static Optional<Itinerary> of(String title) {
        return Stream.of(values()).filter(itinerary -> itinerary.title.equals(title)).findFirst();
    }
}
