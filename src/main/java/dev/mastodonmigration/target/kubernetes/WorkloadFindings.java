package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.mastodon.EnvironmentFindings;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What Preflight must say about {@code spec.target.compute.kubernetes} before anything is created from it. */
public final class WorkloadFindings {
    private static final List<String> OPTIONAL_QUEUES = List.of("fasp");

    private WorkloadFindings() {}

    /** What neither the schema nor SpecRules can see; nothing when the target has no Kubernetes compute. */
    public static EnvironmentFindings of(MastodonMigration migration) {
        var compute = migration.getSpec().target().compute();
        if (compute == null || compute.kubernetes() == null) {
            return new EnvironmentFindings(List.of(), List.of());
        }
        var blockers = new ArrayList<String>();
        var notes = new ArrayList<String>();
        WorkloadNames.problem(migration.getMetadata().getName()).ifPresent(blockers::add);
        var served = SidekiqProcess.of(compute.kubernetes()).stream().flatMap(process -> process.queues().stream()).map(WorkloadFindings::name).toList();
        SidekiqProcess.ALL_QUEUES.stream().map(WorkloadFindings::name).filter(queue -> !served.contains(queue) && !queue.equals("scheduler")).forEach(queue ->
                notes.add("spec.target.compute.kubernetes.sidekiq: no entry serves the queue " + queue + (OPTIONAL_QUEUES.contains(queue)
                        ? ", which Mastodon 4.4 and later use for providers of discovery. Add it if you use one."
                        : ": its jobs are kept, but wait until an entry does. Add it to an entry's queues.")));
        return new EnvironmentFindings(blockers, notes);
    }

    private static String name(String queue) {
        return Stream.of(queue.split(",")).findFirst().orElse(queue);
    }
}
