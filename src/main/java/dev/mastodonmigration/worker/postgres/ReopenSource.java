package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Opens the source for writing again, at once and whoever reads there, and takes off what is ours as far as nobody reads: {@link ClearSource} takes off the rest,
 * while the instance runs.
 */
public final class ReopenSource implements WorkerTask {
    static final String NAME = "reopen-source";
    private static final int TRIES = 5;
    private static final Duration WHILE_USERS_WAIT = Duration.ofMillis(300);

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var notes = new ArrayList<>(requireTargetClosed(context));
        try (var source = Database.source(context, NAME).open()) {
            var refused = WriteGate.refusedWrites(source);
            var opened = open(source, context);
            if (opened.isEmpty()) {
                return WorkerReport.succeeded(ClearSource.NOTHING, Map.of(), notes);
            }
            notes.addAll(opened.get());
            var left = left(source);
            return left.isEmpty() ? WorkerReport.succeeded(ClearSource.CLEAR, Map.of(Figure.REFUSED_WRITES, refused), notes)
                    : WorkerReport.succeeded("The source database is open for writing again; " + left.get() + ".", Map.of(Figure.REFUSED_WRITES, refused, Figure.TRACES_LEFT, 1L), notes);
        }
    }

    /** What is ours and could not be taken off; the instance, which can write by now, does not wait for it. */
    private static Optional<String> left(Connection source) throws Refusal {
        try {
            return OurTriggers.tryDropWithSchema(source, WHILE_USERS_WAIT) ? Optional.empty() : Optional.of(OurTriggers.stillRead(source));
        } catch (SQLException e) {
            return Optional.of("what is ours could not be taken off yet: " + Redaction.of(e));
        }
    }

    /** The marker and the gate as they are before the source is closed, or after. */
    @Override
    public void standBy(WorkerContext context) throws Exception {
        requireTargetClosed(context);
        try (var source = Database.source(context, NAME).open()) {
            var marker = Marker.read(source);
            if (marker.isPresent()) {
                marker.get().requireOurs(Side.SOURCE, context);
                marker.get().requireSource(context);
            }
            WriteGate.ungated(source);
        }
    }

    /**
     * Lets everybody write again, for good: who was to close it and slept until now finds the marker changed. Foreign keys and triggers are as they were before the target's changes were
     * brought here; answers which are not. Empty when nothing of ours is there.
     */
    static Optional<List<String>> open(Connection source, WorkerContext context) throws SQLException, Refusal, InterruptedException {
        var marker = Marker.read(source);
        if (marker.isEmpty()) {
            return Optional.empty();
        }
        marker.get().requireOurs(Side.SOURCE, context);
        marker.get().requireSource(context);
        Sessions.endOlderOfOurs(source);
        var notes = new ArrayList<String>();
        for (var i = 0; i < TRIES; i++) {
            notes.clear();
            if (WriteGate.tryLocked(source, () -> {
                // First the marker: whoever takes foreign keys out looks at it, and what he took out until now is seen below.
                WriteGate.letPass(source);
                Marker.update(source, context, Marker.State.REOPENED, Optional.empty());
                notes.addAll(SuspendedEffects.bringBackWhatCanBe(source));
            })) {
                return Optional.of(notes);
            }
        }
        throw new SQLException("the source cannot be opened yet, because another worker of this migration still writes there");
    }

    /** One side at a time. A target that cannot be reached must not keep the instance down: it may be why we go back. */
    static List<String> requireTargetClosed(WorkerContext context) throws Refusal, IOException {
        if (!context.has(Side.TARGET.secret())) {
            return List.of();
        }
        try (var target = Database.target(context, NAME).open()) {
            var marker = Marker.read(target);
            if (marker.isPresent() && marker.get().isOurs(context) && marker.get().state() == Marker.State.CLOSED_AGAIN) {
                throw new Refusal("The source was not opened, because the target database was open for writing and may hold posts that were not brought back yet: they would be lost. Keep both databases as they are, and ask"
                        + " for help before you change either.");
            }
            if (marker.isPresent() && marker.get().isOurs(context) && marker.get().state() == Marker.State.OPENED) {
                throw new Refusal("The source was not opened, because the target database is open for writing and may hold newer posts: two live sides "
                        + "would lose them. Going back from here is not supported yet: leave the source stopped, keep the target as it is, fix what keeps "
                        + "the target from running, and ask for help before you change either database.");
            }
            return List.of();
        } catch (SQLException e) {
            return List.of("whether the target is open for writing could not be seen before the source was opened: " + Redaction.of(e));
        }
    }
}
