package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.FirstFew;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.List;
import java.util.Map;

/** Counts who is connected to the source's database besides us, and names some of them: a process of the instance that is just ending still is. */
public final class SourceSessions implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = Database.source(context, Tasks.LOOK_FOR_CLIENTS).open()) {
            var sessions = SourceSession.ofOthers(source);
            return WorkerReport.succeeded(words(sessions), Map.of(Figure.CLIENTS, (long) sessions.size()));
        }
    }

    private static String words(List<SourceSession> sessions) {
        return switch (sessions.size()) {
            case 0 -> "No session of another is left on the source's database.";
            case 1 -> "A session of another is still on the source's database: " + sessions.getFirst().words() + ".";
            default -> sessions.size() + " sessions of others are still on the source's database: " + FirstFew.of(sessions.stream().map(SourceSession::words).toList()) + ".";
        };
    }
}
