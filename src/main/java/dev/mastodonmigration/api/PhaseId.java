package dev.mastodonmigration.api;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/** Every phase a migration can be in: the sentence an admin reads, how long one attempt may take, and, where it changes the world, what undoing it means. */
public enum PhaseId {
    Preflight("checking source, target, permissions and configuration", Duration.ofMinutes(10)),
    Provision("creating or finding the target's databases, and claiming them", Duration.ofHours(4), "removing our copy from the target's databases"),
    Rehearse("copying into a scratch database, verifying it and dropping it", Duration.ofHours(48), "ending the rehearsal"),
    Replicate("copying while the instance runs, until both sides are in sync", Duration.ofDays(14), "ending the replication and removing what it put on the source"),
    DeployCompute("starting web and streaming on the target; Sidekiq stays stopped", Duration.ofMinutes(30), "removing web, streaming and Sidekiq from the target"),
    SmokeTest("testing the instance's images against the target's databases", Duration.ofMinutes(30), "removing the smoke test"),
    ShiftTraffic("preparing DNS, and moving traffic to the edge where there is one", Duration.ofHours(48), "moving traffic back"),
    AwaitCutover("waiting for your approval and the cutover window"),
    StandBy("starting the workers of the freeze; the instance runs", Duration.ofMinutes(5), "ending the workers of the freeze"),
    QuietSidekiq("waiting until the source's Sidekiq has finished its jobs; the instance runs", Duration.ofMinutes(6), "restarting Sidekiq on the source"),
    StopSource("stopping the source: the instance is down from here on", Duration.ofMinutes(10), "starting the source as it was"),
    CloseSource("closing the source's database for writing", Duration.ofMinutes(10), "opening the source's database for writing"),
    Drain("copying the last changes", Duration.ofHours(48)),
    Verify("proving source and target equal", Duration.ofHours(12)),
    GoLive("opening the target", Duration.ofMinutes(15), "making sure that the target was not opened and never will be"),
    Housekeeping("validating foreign keys and refreshing views on the target", Duration.ofHours(24)),
    Soak("watching the target; the source is kept as it is"),
    AwaitRetire("waiting for your approval to retire the old host"),
    Retire("retiring the old host", Duration.ofHours(48));

    private final String caption;
    private final Optional<Duration> deadline;
    private final Optional<String> undoCaption;

    /** A gate: it waits as long as the admin does. */
    PhaseId(String caption) {
        this(caption, Optional.empty(), Optional.empty());
    }

    PhaseId(String caption, Duration deadline) {
        this(caption, Optional.of(deadline), Optional.empty());
    }

    PhaseId(String caption, Duration deadline, String undoCaption) {
        this(caption, Optional.of(deadline), Optional.of(undoCaption));
    }

    PhaseId(String caption, Optional<Duration> deadline, Optional<String> undoCaption) {
        this.caption = caption;
        this.deadline = deadline;
        this.undoCaption = undoCaption;
    }

    /** What happens in it, in words that follow "now". */
    public String caption() {
        return caption;
    }

    /** Time that one attempt may take; empty for gates. */
    public Optional<Duration> deadline() {
        return deadline;
    }

    /** What undoing it means, likewise; empty where there is nothing to undo. */
    public Optional<String> undoCaption() {
        return undoCaption;
    }

    /** The phase of that name; empty for a name that this version of the operator does not know. */
    public static Optional<PhaseId> of(String name) {
        return Stream.of(values()).filter(phase -> phase.name().equals(name)).findFirst();
    }
}
