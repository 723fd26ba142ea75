package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.Map;

/** Counts who is connected to the source's database besides us: a process of the instance that is just ending still is. The platform's own superusers do not count. */
public final class SourceSessions implements WorkerTask {
    /** What a role may not see of another's session, its application_name among it, is null: such a session counts. */
    private static final String OTHERS = """
            SELECT count(*) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
            WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND NOT r.rolsuper
              AND coalesce(a.application_name, '') NOT LIKE 'mastodon-migration%' AND a.pid <> pg_backend_pid()""";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = Database.source(context, Tasks.LOOK_FOR_CLIENTS).open()) {
            var sessions = Query.number(source, OTHERS);
            return WorkerReport.succeeded(sessions == 0 ? "No session of another is left on the source's database." : sessions + " sessions of others are still on the source's database.", Map.of(Figure.CLIENTS, sessions));
        }
    }
}
