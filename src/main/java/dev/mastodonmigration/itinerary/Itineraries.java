package dev.mastodonmigration.itinerary;

import static dev.mastodonmigration.api.PhaseId.*;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The table of contents: what happens to an instance, in order. Read this file first. */
public enum Itineraries {
    /** From the first look at the source to the last dyno retired. */
    FORWARD(List.of(
            Preflight, Provision, Rehearse, Replicate, DeployCompute, ShiftTraffic, AwaitCutover,
            Freeze, Drain, Verify, GoLive,
            Housekeeping, Soak, AwaitRetire, Retire)),

    /** Before the target opened: the source as it was, at once; then nothing of ours left anywhere. */
    ABORT(List.of(StopReplication, RestoreSource, ReturnTraffic, RemoveCompute, ReleaseProvisioned)),

    /** After the target opened: its new writes go back with the instance. */
    ROLLBACK(List.of(FreezeTarget, DrainBack, VerifyBack, RestoreSource, ReturnTraffic));

    /** Phases that this version cannot run yet: the specs that need them are refused by Preflight, by name. */
    public static final Set<PhaseId> NOT_YET = Set.copyOf(EnumSet.of(ShiftTraffic, FreezeTarget, DrainBack, VerifyBack, ReturnTraffic));

    private final List<PhaseId> phases;

    Itineraries(List<PhaseId> phases) {
        this.phases = phases;
    }

    public List<PhaseId> phases() {
        return phases;
    }

    /** The phases that have something to do here: frozen into {@code status.plan}. */
    public List<PhaseId> plan(Observation seen) {
        var plan = new ArrayList<>(phases.stream().filter(phase -> !NOT_YET.contains(phase)).filter(phase -> hasWork(phase, seen)).toList());
        if (plan.contains(RestoreSource) && seen.status().source.closingAt == null) {
            plan.remove(RestoreSource); // no gate to take off first: the source starts at once
            plan.addFirst(RestoreSource);
        }
        return List.copyOf(plan);
    }

    private static boolean hasWork(PhaseId phase, Observation seen) {
        return switch (phase) {
            case Rehearse -> SpecDefaults.rehearsalEnabled(seen.spec());
            case Housekeeping -> SpecDefaults.livePostgres(seen.spec()) || SpecDefaults.rebuildsRedis(seen.spec());
            case StopReplication -> seen.record(Freeze.name()).isPresent() || SpecDefaults.livePostgres(seen.spec())
                    && (seen.record(Rehearse.name()).isPresent() || seen.record(Replicate.name()).isPresent());
            case RestoreSource -> seen.status().source != null;
            case RemoveCompute -> seen.record(DeployCompute.name()).isPresent();
            case ReleaseProvisioned -> seen.record(Provision.name()).isPresent();
            default -> true;
        };
    }
}
