package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.FirstFew;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Names the programs on the source's database that are none of Mastodon's own, by their application_name: a note each. A program without one cannot be told from Mastodon, and is not named. */
public final class ProgramsOnPostgres implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var addresses = new TreeMap<String, TreeSet<String>>();
        try (var source = Database.source(context, Tasks.LOOK_FOR_PROGRAMS).open()) {
            SourceSession.ofOthers(source).stream().filter(SourceSession::isOfAnotherProgram).forEach(session -> addresses.computeIfAbsent(session.name(), name -> new TreeSet<>()).add(session.address()));
        }
        return WorkerReport.succeeded("", Map.of(), addresses.entrySet().stream().map(program -> program.getKey() + " is connected to the source's Postgres" + from(program.getValue())).toList());
    }

    private static String from(TreeSet<String> addresses) {
        addresses.remove("");
        return addresses.isEmpty() ? "" : " (from " + FirstFew.of(addresses.stream().toList()) + ")";
    }
}
