package dev.mastodonmigration.worker.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A worker's last words, read by the operator from the pod's termination message (Kubernetes keeps 4096 bytes).
 *
 * @param outcome how it ended
 * @param message one sentence for the admin, without secrets
 * @param figures measured numbers by {@link Figure} name
 * @param notes   findings that do not stop the migration, each to become an event
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record WorkerReport(Outcome outcome, String message, Map<String, Long> figures, List<String> notes) {
    /** SUCCEEDED: done. RETRYABLE: the cause may pass. REFUSED: it cannot pass without the admin. */
    public enum Outcome { SUCCEEDED, RETRYABLE, REFUSED }

    /** Names of {@link #figures}: the unit is the last word. */
    public static final class Figure {
        public static final String TABLES = "tables";
        public static final String ROWS = "rows";
        public static final String BYTES = "bytes";
        public static final String KEYS = "keys";
        public static final String DIFFERENCES = "differences";
        /** 1: the target had been opened before its opening could be withdrawn. */
        public static final String OPENED = "opened";
        public static final String CLIENTS = "clients";
        public static final String REFUSED_WRITES = "refusedWrites";
        /** 1: the source is open, and somebody's reading keeps us from taking everything of ours off it. */
        public static final String TRACES_LEFT = "tracesLeft";
        public static final String KEYLESS_SECONDS = "keylessSeconds";
        public static final String COPY_MILLISECONDS = "copyMilliseconds";
        public static final String DRAIN_MILLISECONDS = "drainMilliseconds";
        public static final String VERIFY_MILLISECONDS = "verifyMilliseconds";

        private Figure() {}
    }

    public static final int MAX_BYTES = 4096;
    private static final ObjectMapper JSON = new ObjectMapper();

    public WorkerReport {
        figures = figures == null ? Map.of() : new TreeMap<>(figures);
        notes = notes == null ? List.of() : List.copyOf(notes);
    }

    public static WorkerReport succeeded(String message, Map<String, Long> figures) {
        return new WorkerReport(Outcome.SUCCEEDED, message, figures, List.of());
    }

    public static WorkerReport succeeded(String message, Map<String, Long> figures, List<String> notes) {
        return new WorkerReport(Outcome.SUCCEEDED, message, figures, notes);
    }

    public static WorkerReport refused(String message) {
        return new WorkerReport(Outcome.REFUSED, message, Map.of(), List.of());
    }

    public static WorkerReport retryable(String message) {
        return new WorkerReport(Outcome.RETRYABLE, message, Map.of(), List.of());
    }

    /** Takes the tenth of a second that the first report of a process costs, while nobody waits for it: the last steps of a freeze are reports. */
    public static void prepare() {
        parse(succeeded("", Map.of(Figure.ROWS, 0L), List.of("")).toJson());
    }

    /** The report as JSON of at most {@link #MAX_BYTES} bytes: the last notes go first, and are counted; then the message is cut. */
    public String toJson() {
        var full = write(this);
        if (fits(full)) {
            return full;
        }
        for (var kept = notes.size() - 1; kept > 0; kept--) {
            var some = new ArrayList<>(notes.subList(0, kept));
            some.add("… and " + (notes.size() - kept) + " more notes, which did not fit");
            var text = write(new WorkerReport(outcome, message, figures, some));
            if (fits(text)) {
                return text;
            }
        }
        var text = write(new WorkerReport(outcome, message, figures, List.of()));
        return fits(text) ? text : write(new WorkerReport(outcome, message.substring(0, Math.min(message.length(), 700)) + " …", figures, List.of()));
    }

    /** Reads a termination message; empty when it is not a report, as when the worker was killed. */
    public static Optional<WorkerReport> parse(String json) {
        try {
            return json == null || json.isBlank() ? Optional.empty() : Optional.of(JSON.readValue(json, WorkerReport.class));
        } catch (JsonProcessingException notAReport) {
            return Optional.empty();
        }
    }

    private static boolean fits(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
    }

    private static String write(WorkerReport report) {
        try {
            return JSON.writeValueAsString(report);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a report is always JSON", e);
        }
    }
}
