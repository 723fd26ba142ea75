package dev.mastodonmigration.worker.control;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a look at one part of the migration found, all at once, so that an admin fixes everything in one go.
 *
 * @param blockers what must be fixed before anything starts: each names the object and the fix
 * @param notes    what the admin should know and need not fix
 * @param figures  measured numbers, the unit as last word of the name
 */
public record Findings(List<String> blockers, List<String> notes, Map<String, Long> figures) {
    public static final Findings NONE = new Findings(List.of(), List.of(), Map.of());

    /** One part's look; changes nothing anywhere. */
    @FunctionalInterface
    public interface Check {
        Findings check(WorkerContext context) throws Exception;
    }

    public Findings {
        blockers = List.copyOf(blockers);
        notes = List.copyOf(notes);
        figures = Map.copyOf(figures);
    }

    public Findings and(Findings other) {
        var allBlockers = new ArrayList<>(blockers);
        allBlockers.addAll(other.blockers);
        var allNotes = new ArrayList<>(notes);
        allNotes.addAll(other.notes);
        var allFigures = new TreeMap<>(figures);
        allFigures.putAll(other.figures);
        return new Findings(allBlockers, allNotes, allFigures);
    }

    /** Refused with all blockers in one message, or succeeded; figures and notes are kept either way. */
    public WorkerReport report() {
        return blockers.isEmpty()
                ? WorkerReport.succeeded("Nothing stands in the way.", figures, notes)
                : new WorkerReport(WorkerReport.Outcome.REFUSED, String.join(" ", blockers), figures, notes);
    }
}
