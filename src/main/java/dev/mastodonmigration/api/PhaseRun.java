package dev.mastodonmigration.api;

import java.time.Duration;
import java.util.Optional;

/** A phase, done or undone: what {@code status.plan}, {@code status.phase} and {@code status.phases} name, as "CloseSource" or "UndoCloseSource". */
public record PhaseRun(PhaseId phase, Way way) {
    /** Which way a phase runs. */
    public enum Way { DO, UNDO }

    private static final String UNDO = "Undo";
    /** Undoing has no end but success; an attempt that takes longer begins anew. */
    private static final Duration LONGEST_UNDO = Duration.ofMinutes(15);

    public static PhaseRun of(PhaseId phase) {
        return new PhaseRun(phase, Way.DO);
    }

    public static PhaseRun undo(PhaseId phase) {
        return new PhaseRun(phase, Way.UNDO);
    }

    /** The run of that name; empty for one that this version of the operator does not know. */
    public static Optional<PhaseRun> parse(String name) {
        if (name == null) {
            return Optional.empty();
        }
        return PhaseId.of(name).map(PhaseRun::of)
                .or(() -> name.startsWith(UNDO) ? PhaseId.of(name.substring(UNDO.length())).filter(phase -> phase.undoCaption().isPresent()).map(PhaseRun::undo) : Optional.empty());
    }

    public boolean isUndo() {
        return way == Way.UNDO;
    }

    public boolean is(PhaseId other) {
        return way == Way.DO && phase == other;
    }

    public String name() {
        return isUndo() ? UNDO + phase.name() : phase.name();
    }

    public String caption() {
        return isUndo() ? phase.undoCaption().orElseThrow() : phase.caption();
    }

    public Optional<Duration> deadline() {
        return isUndo() ? Optional.of(LONGEST_UNDO) : phase.deadline();
    }

    @Override
    public String toString() {
        return name();
    }
}
