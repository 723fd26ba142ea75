package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseId;
import io.fabric8.kubernetes.api.model.Event;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Tells a migration as it happens: phases with their times, a bar that refreshes on a terminal, events as they come. */
final class DemoScreen {
    private static final int BAR = 20;
    /** Events that say what the line of the phase says. */
    private static final Set<String> TOLD_BY_PHASES = Set.of("PhaseStarted", "PhaseSucceeded", "AttemptFailed");
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintStream out;
    private final boolean terminal;
    private final Map<String, PhaseState> shown = new HashMap<>();
    private final Set<String> events = new HashSet<>();
    /** For each bar, the tenth that was shown last. */
    private final Map<String, Integer> tenths = new HashMap<>();
    private boolean barOnLine;

    DemoScreen(PrintStream out) {
        this.out = out;
        this.terminal = isTerminal();
    }

    private static boolean isTerminal() {
        try {
            var target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException unknown) {
            return false;
        }
    }

    void line(String text) {
        if (barOnLine) {
            out.print(CLEAR_LINE);
            barOnLine = false;
        }
        out.println(text);
        out.flush();
    }

    /** Shows what is new since the last call. */
    void show(MastodonMigrationStatus status, List<Event> all) {
        for (var phase : status.phases) {
            show(phase);
        }
        for (var event : all) {
            if (!TOLD_BY_PHASES.contains(event.getReason()) && events.add(event.getMetadata().getUid() + "/" + event.getCount())) {
                line("    " + ("Warning".equals(event.getType()) ? "! " : "· ") + event.getReason() + ": " + event.getMessage());
            }
        }
        Optional.ofNullable(status.progress).ifPresent(progress -> show(progress, Optional.ofNullable(progress.etaSeconds)));
    }

    private void show(PhaseRecord phase) {
        var before = shown.put(phase.name, phase.state);
        if (before == phase.state) {
            return;
        }
        if (before == null) {
            tenths.clear();
            line("▶ " + phase.name + PhaseId.of(phase.name).map(id -> "  " + id.caption()).orElse(""));
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

    private void show(MastodonMigrationStatus.Progress progress, Optional<Long> eta) {
        var bars = new ArrayList<String>();
        var postgres = progress.postgres;
        if (postgres != null && value(postgres.bytesTotal) > 0) {
            bars.add(bar("Postgres " + Optional.ofNullable(postgres.stage).orElse("copying"), value(postgres.bytesCopied), postgres.bytesTotal,
                    bytes(value(postgres.bytesCopied)) + " of " + bytes(postgres.bytesTotal) + ", " + bytes(value(postgres.bytesPerSecond)) + "/s" + left(eta)));
        }
        var redis = progress.redis;
        if (redis != null && value(redis.keysTotal) > 0) {
            bars.add(bar("Redis " + Optional.ofNullable(redis.stage).orElse("copying"), value(redis.keysCopied), redis.keysTotal,
                    value(redis.keysCopied) + " of " + redis.keysTotal + " keys" + (value(redis.bytesPerSecond) > 0 ? ", " + bytes(redis.bytesPerSecond) + "/s" : "")));
        }
        if (terminal && !bars.isEmpty()) {
            out.print(CLEAR_LINE + String.join("   ", bars));
            out.flush();
            barOnLine = true;
        }
    }

    private static String left(Optional<Long> eta) {
        return eta.filter(seconds -> seconds >= 0).map(seconds -> ", " + seconds + " s left").orElse("");
    }

    /** The bar; without a terminal it is a line of its own, one for about each tenth. */
    private String bar(String stage, long done, long total, String figures) {
        var part = Math.min(1.0, (double) done / total);
        var filled = (int) (part * BAR);
        var text = String.format(Locale.ROOT, "  %-22s [%s%s] %3.0f %%  %s", stage, "█".repeat(filled), "·".repeat(BAR - filled), part * 100, figures);
        var tenth = (int) (part * 10);
        if (!terminal && !Integer.valueOf(tenth).equals(tenths.put(stage, tenth))) {
            line(text);
        }
        return text;
    }

    private static long value(Long number) {
        return number == null ? 0 : number;
    }

    private static String bytes(long bytes) {
        return bytes < 1_000_000 ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3) : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }
}
