package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseRun;
import io.fabric8.kubernetes.api.model.Event;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells a migration as it happens: phases with their times, a bar that refreshes on a terminal, and what each phase found before it ends. Names and captions
 * of phases are the status's own. However much there is to tell, it stays within what a reader can read.
 */
final class DemoScreen {
    private static final String STARTED = "PhaseStarted";
    private static final String SUCCEEDED = "PhaseSucceeded";
    /** Events that say what the lines of the phases, or the last lines, say. */
    private static final Set<String> TOLD_BY_PHASES = Set.of(STARTED, SUCCEEDED, "AttemptFailed", MastodonMigrationStatus.COMPLETED);
    private static final int LONGEST_BAR = 78;
    /** Without a terminal a bar is a line of its own. */
    private static final Duration BETWEEN_BARS = Duration.ofSeconds(10);
    /** Of findings and bars; phases and the result, which are told in any case, are some sixty more. */
    private static final int MOST_DETAILS = 75;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintStream out;
    private final DemoTerminal terminal;
    private final Map<String, PhaseState> shown = new HashMap<>();
    private final Set<String> told = new HashSet<>();
    private final InstantSource clock;
    private Instant lastBar = Instant.EPOCH;
    private String lastBarLine = "";
    private int details;
    private boolean barOnLine;
    private boolean muted;

    DemoScreen(PrintStream out) {
        this(out, DemoTerminal.ofThisProcess(), InstantSource.system());
    }

    DemoScreen(PrintStream out, DemoTerminal terminal, InstantSource clock) {
        this.out = out;
        this.terminal = terminal;
        this.clock = clock;
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

    /** What comes is another migration. */
    void begin() {
        shown.clear();
        told.clear();
        details = 0;
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
            line("▶ " + phase.name + caption(phase.name));
        }
    }

    private static String caption(String phase) {
        return PhaseRun.parse(phase).map(run -> "  " + run.caption()).orElse("");
    }

    /** A line that can be spared. */
    private void detail(String text) {
        details++;
        if (details < MOST_DETAILS) {
            line(text);
        } else if (details == MOST_DETAILS) {
            line("    … more is in: kubectl -n " + World.NAMESPACE + " describe mmig " + World.NAME);
        }
    }

    /** The phase that an event speaks of first, as in "9/17 Replicate: copying". */
    private static String phase(Event event) {
        var named = event.getMessage().split(":")[0].strip();
        return named.substring(named.lastIndexOf(' ') + 1);
    }

    /** The events from the one that began this phase up to the one that begins the next, each text once; what it found, when it has ended. */
    private void tell(PhaseRecord phase, List<Event> events) {
        var current = phase.name;
        for (var event : events) {
            if (event.getReason().equals(STARTED)) {
                current = phase(event);
            }
            if (event.getReason().equals(SUCCEEDED) && current.equals(phase.name) && phase.state != PhaseState.Succeeded) {
                return;
            }
            var text = event.getReason() + ": " + event.getMessage();
            if (current.equals(phase.name) && !TOLD_BY_PHASES.contains(event.getReason()) && !isInItsLastLine(event, phase) && told.add(text)) {
                detail("    " + ("Warning".equals(event.getType()) ? "! " : "· ") + text);
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
            case Failed -> line("✘ " + phase.name + " " + seconds(phase) + said(phase));
            // Its event has said why; it may go on.
            case Stalled -> line("■ " + phase.name + " " + seconds(phase) + "  stands still");
            case Retrying -> detail("↻ " + phase.name + said(phase));
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

    /** On a terminal the bar stands on one line and refreshes; elsewhere it is a line of its own, now and then. */
    private synchronized void show(DemoBar bar) {
        var text = bar.line(Math.min(LONGEST_BAR, terminal.columns() - 1));
        if (terminal.present() && !muted) {
            out.print(CLEAR_LINE + text);
            out.flush();
            barOnLine = true;
        } else if (!text.equals(lastBarLine) && !clock.instant().isBefore(lastBar.plus(BETWEEN_BARS))) {
            lastBar = clock.instant();
            lastBarLine = text;
            detail(text);
        }
    }
}
