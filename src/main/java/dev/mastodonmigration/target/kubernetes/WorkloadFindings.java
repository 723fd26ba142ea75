package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.Findings;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What Preflight must say about {@code spec.target.compute.kubernetes} before anything is created from it. */
final class WorkloadFindings {
    private static final List<String> OPTIONAL_QUEUES = List.of("fasp");

    private WorkloadFindings() {}

    /** What neither the schema nor {@link #violations} can see. */
    static Findings of(MastodonMigration migration) {
        var blockers = new ArrayList<String>();
        var notes = new ArrayList<String>();
        WorkloadNames.problem(migration.getMetadata().getName()).ifPresent(blockers::add);
        var served = SidekiqProcess.of(migration.getSpec().target().compute().kubernetes()).stream().flatMap(process -> process.queues().stream()).map(WorkloadFindings::name).toList();
        SpecDefaults.ALL_QUEUES.stream().map(WorkloadFindings::name).filter(queue -> !served.contains(queue) && !queue.equals("scheduler")).forEach(queue ->
                notes.add("spec.target.compute.kubernetes.sidekiq: no entry serves the queue " + queue + (OPTIONAL_QUEUES.contains(queue)
                        ? ", which Mastodon 4.4 and later use for providers of discovery. Add it if you use one."
                        : ": its jobs are kept, but wait until an entry does. Add it to an entry's queues.")));
        return new Findings(blockers, notes);
    }

    /** What needs more than the schema to be seen. */
    static List<String> violations(MastodonMigration migration) {
        var spec = migration.getSpec().target().compute().kubernetes();
        var violations = new ArrayList<String>();
        if (migration.getSpec().instance().streamingImage() == null) {
            violations.add("spec.instance.streamingImage is required when compute moves. Before Mastodon 4.3 it is the same as spec.instance.image.");
        }
        if (spec.ingress() != null) {
            violations.add("spec.target.compute.kubernetes.ingress is not supported yet: remove it and create the Ingress for the Services yourself.");
        }
        violations.addAll(SidekiqProcess.violations(SidekiqProcess.of(spec)));
        violations.addAll(PodTemplateRules.violations(spec));
        return violations;
    }

    private static String name(String queue) {
        return Stream.of(queue.split(",")).findFirst().orElse(queue);
    }
}
