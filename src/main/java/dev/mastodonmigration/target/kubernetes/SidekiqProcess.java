package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigrationSpec.Kubernetes;
import dev.mastodonmigration.api.MastodonMigrationSpec.Sidekiq;
import dev.mastodonmigration.api.PodTemplate;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One Sidekiq process of the target: its queues, its threads, and how we know that it works. */
record SidekiqProcess(String name, List<String> queues, int concurrency, int replicas, Optional<Integer> burst, Optional<PodTemplate> podTemplate) {
    private static final String READY_FILE = MastodonProcesses.TMP + "/" + MastodonProcesses.SIDEKIQ_READY_FILE;

    static List<SidekiqProcess> of(Kubernetes kubernetes) {
        return kubernetes.sidekiq() == null || kubernetes.sidekiq().isEmpty()
                ? List.of(new SidekiqProcess("default", SpecDefaults.ALL_QUEUES, MastodonProcesses.SIDEKIQ_CONCURRENCY, 1, Optional.empty(), Optional.empty()))
                : kubernetes.sidekiq().stream().map(SidekiqProcess::of).toList();
    }

    private static SidekiqProcess of(Sidekiq entry) {
        return new SidekiqProcess(entry.name(), entry.queues() == null ? SpecDefaults.ALL_QUEUES : entry.queues(),
                Optional.ofNullable(entry.concurrency()).orElse(MastodonProcesses.SIDEKIQ_CONCURRENCY), Optional.ofNullable(entry.replicas()).orElse(1), Optional.ofNullable(entry.burstReplicas()), Optional.ofNullable(entry.podTemplate()));
    }

    /** What of them cannot run side by side; a schema sees no more than that. */
    static List<String> violations(List<SidekiqProcess> processes) {
        var violations = new ArrayList<String>();
        if (processes.stream().filter(SidekiqProcess::servesScheduler).mapToInt(SidekiqProcess::replicas).sum() != 1) {
            violations.add("spec.target.compute.kubernetes.sidekiq: exactly one entry, with one replica, must serve the scheduler queue: two would publish and delete twice.");
        }
        if (processes.stream().anyMatch(process -> process.burst.isPresent() && process.servesScheduler())) {
            violations.add("spec.target.compute.kubernetes.sidekiq: the entry with the scheduler queue cannot have burstReplicas: two would publish and delete twice.");
        }
        processes.stream().filter(process -> process.burst.filter(pods -> pods <= process.replicas).isPresent())
                .forEach(process -> violations.add("spec.target.compute.kubernetes.sidekiq: burstReplicas of " + process.name + " is not more than its replicas. Raise it, or leave it out."));
        if (processes.stream().map(SidekiqProcess::name).distinct().count() != processes.size()) {
            violations.add("spec.target.compute.kubernetes.sidekiq: two entries have the same name. Rename one.");
        }
        return violations;
    }

    boolean servesScheduler() {
        return MastodonProcesses.serveScheduler(queues);
    }

    ContainerBuilder container(String image) {
        return new ContainerBuilder().withName("sidekiq").withImage(image)
                .withCommand(command())
                .withEnv(MastodonPod.env(MastodonProcesses.sidekiqEnvironment(concurrency)))
                .withReadinessProbe(new ProbeBuilder()
                        .withNewExec().withCommand("cat", READY_FILE).endExec()
                        .withInitialDelaySeconds(5).withPeriodSeconds(5).withFailureThreshold(10).withTimeoutSeconds(5)
                        .build())
                .withResources(MastodonPod.resources("250m", 512, 2048));
    }

    /** The volume outlives a crashed container, and with it the readiness file: removed first, else a Sidekiq that cannot start looks ready. */
    private List<String> command() {
        var command = new ArrayList<>(List.of("sh", "-c", "rm -f " + READY_FILE + "; exec \"$@\"", "sidekiq"));
        command.addAll(MastodonProcesses.sidekiq(queues, concurrency));
        return command;
    }
}
