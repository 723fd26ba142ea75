package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseId;
import io.fabric8.kubernetes.api.model.Event;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Tells a migration as it happens: phases with their times, a bar that refreshes on a terminal, and what each phase found before it ends. */
final class DemoScreen {
    private static final String STARTED = "PhaseStarted";
    private static final String SUCCEEDED = "PhaseSucceeded";
    /** Events that say what the lines of the phases, or the last lines, say. */
    private static final Set<String> TOLD_BY_PHASES = Set.of(STARTED, SUCCEEDED, "AttemptFailed", MastodonMigrationStatus.COMPLETED);
    private static final int LONGEST_BAR = 78;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintStream out;
    private final DemoTerminal terminal;
    private final Map<String, PhaseState> shown = new HashMap<>();
    private final Set<String> told = new HashSet<>();
    /** Without a terminal: stages and tenths of the bars shown in this phase. */
    private final Set<String> bars = new HashSet<>();
    private boolean barOnLine;
    private boolean muted;

    DemoScreen(PrintStream out) {
        this(out, DemoTerminal.ofThisProcess());
    }

    DemoScreen(PrintStream out, DemoTerminal terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    synchronized void line(String text) {
        if (muted) {
            return;
        }
        if (barOnLine) {
            out.print(CLEAR_LINE);
            barOnLine = false;
        }
        out.println(text);
        out.flush();
    }

    /** From here on only {@link #stopped} is shown. */
    synchronized void mute() {
        muted = true;
    }

    synchronized void stopped() {
        out.println("\nStopped. Nothing of it is left running.");
        out.flush();
    }

    /**
     * Shows what is new since the last call.
     *
     * @param events of the whole migration, oldest first; they must hold all that were sent with the status
     */
    void show(MastodonMigrationStatus status, List<Event> events) {
        for (var phase : status.phases) {
            begin(phase);
            tell(phase, events);
            end(phase);
        }
        Optional.ofNullable(status.progress).flatMap(DemoBar::of).ifPresent(this::show);
    }

    private void begin(PhaseRecord phase) {
        if (!shown.containsKey(phase.name)) {
            shown.put(phase.name, PhaseState.Running);
            bars.clear();
            line("▶ " + phase.name + PhaseId.of(phase.name).map(id -> "  " + id.caption()).orElse(""));
        }
    }

    /** The events from the one that began this phase up to the one that begins the next, each text once; what it found, when it has ended. */
    private void tell(PhaseRecord phase, List<Event> events) {
        var current = phase.name;
        for (var event : events) {
            if (event.getReason().equals(STARTED)) {
                current = event.getMessage().split(":")[0];
            }
            if (event.getReason().equals(SUCCEEDED) && current.equals(phase.name) && phase.state != PhaseState.Succeeded) {
                return;
            }
            var text = event.getReason() + ": " + event.getMessage();
            if (current.equals(phase.name) && !TOLD_BY_PHASES.contains(event.getReason()) && !isInItsLastLine(event, phase) && told.add(text)) {
                line("    " + ("Warning".equals(event.getType()) ? "! " : "· ") + text);
            }
        }
    }

    private static boolean isInItsLastLine(Event event, PhaseRecord phase) {
        return phase.state == PhaseState.Succeeded && said(phase).contains(event.getMessage());
    }

    private void end(PhaseRecord phase) {
        if (shown.put(phase.name, phase.state) == phase.state) {
            return;
        }
        switch (phase.state) {
            case Running -> { }
            case Succeeded -> line("✔ " + phase.name + " " + seconds(phase) + said(phase));
            case Failed, Stalled -> line("✘ " + phase.name + " " + seconds(phase) + said(phase));
            case Retrying -> line("↻ " + phase.name + said(phase));
        }
    }

    private static String said(PhaseRecord phase) {
        return phase.message == null || phase.message.isBlank() ? "" : "  " + phase.message;
    }

    private static String seconds(PhaseRecord phase) {
        if (phase.startedAt == null) {
            return "";
        }
        var end = phase.finishedAt == null ? Instant.now() : Instant.parse(phase.finishedAt);
        return String.format(Locale.ROOT, "%.1f s", Duration.between(Instant.parse(phase.startedAt), end).toMillis() / 1000.0);
    }

    /** On a terminal the bar stands on one line and refreshes; elsewhere it is a line of its own, one for about each tenth. */
    private synchronized void show(DemoBar bar) {
        var text = bar.line(Math.min(LONGEST_BAR, terminal.columns() - 1));
        var step = bar.stage() + (int) (bar.part() * 10);
        if (terminal.present() && !muted) {
            out.print(CLEAR_LINE + text);
            out.flush();
            barOnLine = true;
        } else if (bars.add(step)) {
            line(text);
        }
    }
}
