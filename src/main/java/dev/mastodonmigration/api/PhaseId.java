package dev.mastodonmigration.api;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/** Every phase a migration can be in, with the sentence an admin reads and how long one attempt may take. */
public enum PhaseId {
    Preflight("checking source, target, permissions and configuration", Duration.ofMinutes(10)),
    Provision("claiming the target's databases", Duration.ofMinutes(10)),
    Rehearse("copying into a scratch database, verifying it and dropping it", Duration.ofHours(48)),
    Replicate("copying what can be copied while the instance runs", Duration.ofDays(14)),
    DeployCompute("deploying web, streaming and a stopped Sidekiq on the target", Duration.ofMinutes(30)),
    ShiftTraffic("moving traffic to the edge", Duration.ofHours(24)),
    AwaitCutover("waiting for approval and the cutover window"),
    Freeze("getting ready, then stopping the source: the clock starts", Duration.ofMinutes(10)),
    Drain("copying what is left", Duration.ofHours(48)),
    Verify("proving source and target equal", Duration.ofHours(12)),
    GoLive("opening the target", Duration.ofMinutes(15)),
    Housekeeping("putting the target's housekeeping in place", Duration.ofHours(24)),
    Soak("watching the target, the source kept as it is"),
    AwaitRetire("waiting for approval to retire the old host"),
    Retire("retiring the old host", Duration.ofHours(1)),

    FreezeTarget("stopping the target", Duration.ofMinutes(10)),
    DrainBack("copying the last changes back", Duration.ofHours(1)),
    VerifyBack("proving target and source equal", Duration.ofHours(1)),

    StopReplication("stopping workers and removing what we put on the source", Duration.ofMinutes(10)),
    RestoreSource("starting the source as it was", Duration.ofMinutes(10)),
    ReturnTraffic("moving traffic back", Duration.ofHours(1)),
    RemoveCompute("removing the workloads that we made on the target", Duration.ofMinutes(10)),
    ReleaseProvisioned("removing the copy that we made on the target", Duration.ofHours(1));

    private final String caption;
    private final Optional<Duration> deadline;

    /** A gate: it waits as long as the admin does. */
    PhaseId(String caption) {
        this.caption = caption;
        this.deadline = Optional.empty();
    }

    PhaseId(String caption, Duration deadline) {
        this.caption = caption;
        this.deadline = Optional.of(deadline);
    }

    /** What happens in it, in words that follow "now". */
    public String caption() {
        return caption;
    }

    /** Time that one attempt may take; empty for gates. */
    public Optional<Duration> deadline() {
        return deadline;
    }

    /** The phase of that name; empty for a name that this version of the operator does not know. */
    public static Optional<PhaseId> of(String name) {
        return Stream.of(values()).filter(phase -> phase.name().equals(name)).findFirst();
    }
}
