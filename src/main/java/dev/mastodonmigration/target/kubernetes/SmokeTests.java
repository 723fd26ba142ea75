package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.target.SmokeTest;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Runs the smoke test once for each revision, and keeps its answer in its Jobs: a new revision begins a new one, and so does deleting them. */
final class SmokeTests {
    private static final String ADVICE = " Correct it: the smoke test runs again by itself, at once after an edit of the image, of the configuration or of the Secrets.";
    private final OwnedObjects objects;
    private final MastodonMigration migration;
    private final WorkloadNames names;

    SmokeTests(OwnedObjects objects, MastodonMigration migration) {
        this.objects = objects;
        this.migration = migration;
        this.names = WorkloadNames.of(migration);
    }

    /** One look; begins what was not begun. */
    SmokeTest look(String revision, Map<String, String> environment) {
        var existing = objects.jobs().stream().filter(SmokeTestJob::isOne).toList();
        existing.stream().filter(job -> !job.getMetadata().getName().endsWith("-" + revision)).forEach(job -> objects.delete(Job.class, job.getMetadata().getName()));
        var troubles = new Troubles(objects);
        var failed = new ArrayList<String>();
        var running = new ArrayList<String>();
        var passed = new ArrayList<String>();
        for (var half : SmokeTestJob.values()) {
            var found = objects.find(Job.class, half.name(names, revision));
            if (found.isEmpty()) {
                objects.create(half.of(migration, revision, environment));
                running.add(half.name(names, revision) + ": begun");
            } else if (found.get().getMetadata().getDeletionTimestamp() != null) {
                running.add(half.name(names, revision) + ": the last one is being removed");
            } else if (has(found.get(), "Complete")) {
                words(troubles.podsOf(found.get())).ifPresent(passed::add);
            } else if (has(found.get(), "Failed")) {
                failed.add(why(troubles.podsOf(found.get()), found.get()));
            } else {
                running.add(half.name(names, revision) + ": " + progress(troubles, found.get()));
            }
        }
        if (!failed.isEmpty()) {
            return new SmokeTest.Failed(String.join(" ", failed) + ADVICE);
        }
        return running.isEmpty() ? new SmokeTest.Passed(passed.isEmpty() ? "both images passed" : String.join(", ", passed)) : new SmokeTest.Running(String.join(", ", running));
    }

    void remove() {
        objects.jobs().stream().filter(SmokeTestJob::isOne).forEach(job -> objects.delete(Job.class, job.getMetadata().getName()));
    }

    private static String progress(Troubles troubles, Job job) {
        return troubles.of(job).or(() -> words(troubles.podsOf(job)).map(words -> "is tried again: " + words)).orElse("runs");
    }

    private static String why(List<Pod> pods, Job job) {
        return words(pods).or(() -> pods.stream().flatMap(pod -> PodTrouble.end(pod).stream()).reduce((first, last) -> last))
                .orElseGet(() -> "Its pod left no message.") + " (kubectl logs job/" + job.getMetadata().getName() + ").";
    }

    /** What the last pod that ended said. */
    private static Optional<String> words(List<Pod> pods) {
        return pods.stream().filter(pod -> pod.getStatus() != null && pod.getStatus().getContainerStatuses() != null)
                .flatMap(pod -> pod.getStatus().getContainerStatuses().stream()).map(container -> container.getState()).filter(Objects::nonNull)
                .map(ContainerState::getTerminated).filter(Objects::nonNull)
                .sorted((one, other) -> String.valueOf(one.getFinishedAt()).compareTo(String.valueOf(other.getFinishedAt())))
                .map(ContainerStateTerminated::getMessage).filter(message -> message != null && !message.isBlank()).map(String::strip).reduce((first, last) -> last);
    }

    private static boolean has(Job job, String type) {
        return Optional.ofNullable(job.getStatus()).map(JobStatus::getConditions).stream().flatMap(List::stream)
                .anyMatch(condition -> type.equals(condition.getType()) && "True".equals(condition.getStatus()));
    }
}
