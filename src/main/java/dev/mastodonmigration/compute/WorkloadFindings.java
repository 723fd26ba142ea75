package dev.mastodonmigration.compute;

import dev.mastodonmigration.api.MastodonMigration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What Preflight must say about {@code spec.target.compute.kubernetes} before anything is created from it. */
public final class WorkloadFindings {
    private static final List<String> OPTIONAL_QUEUES = List.of("fasp");

    private WorkloadFindings() {}

    /** Every rule of the schema that concerns workloads, and what the schema cannot see; nothing when the target has no Kubernetes compute. */
    public static EnvironmentFindings of(MastodonMigration migration) {
        var compute = migration.getSpec().target().compute();
        if (compute == null || compute.kubernetes() == null) {
            return new EnvironmentFindings(List.of(), List.of());
        }
        var blockers = new ArrayList<String>();
        var notes = new ArrayList<String>();
        WorkloadNames.problem(migration.getMetadata().getName()).ifPresent(blockers::add);
        if (migration.getSpec().instance().streamingImage() == null) {
            blockers.add("spec.instance.streamingImage is not set. Mastodon 4.3 and later have streaming in an image of its own: set it to the same version as spec.instance.image.");
        }
        if (compute.kubernetes().ingress() != null) {
            blockers.add("spec.target.compute.kubernetes.ingress is not supported yet. Remove it, and point an Ingress of yours at Services "
                    + WorkloadNames.of(migration).web() + ":" + WebProcesses.WEB_PORT + " and " + WorkloadNames.of(migration).streaming() + ":" + WebProcesses.STREAMING_PORT + ".");
        }
        try {
            Workloads.sidekiq(compute.kubernetes());
        } catch (IllegalArgumentException e) {
            blockers.add(e.getMessage() + ".");
        }
        var served = SidekiqProcess.of(compute.kubernetes()).stream().flatMap(process -> process.queues().stream()).map(WorkloadFindings::name).toList();
        SidekiqProcess.ALL_QUEUES.stream().map(WorkloadFindings::name).filter(queue -> !served.contains(queue) && !queue.equals("scheduler")).forEach(queue ->
                (OPTIONAL_QUEUES.contains(queue) ? notes : blockers).add("spec.target.compute.kubernetes.sidekiq: no entry serves the queue " + queue
                        + (OPTIONAL_QUEUES.contains(queue) ? ", which Mastodon 4.4 and later use for providers of discovery. Add it if you use one."
                                : ", so its jobs would wait for ever. Add it to an entry's queues.")));
        return new EnvironmentFindings(blockers, notes);
    }

    private static String name(String queue) {
        return Stream.of(queue.split(",")).findFirst().orElse(queue);
    }
}
