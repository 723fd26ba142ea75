package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobPodsTest {
    private static final Pod RUNNING = new PodBuilder().withNewStatus().withPhase("Running").withPodIP("10.0.0.7").endStatus().build();

    @Test
    void aRefusalIsToldRatherThanTheEndOfThePodsThatItEnded() {
        var pods = new JobPods(List.of(
                ended(WorkerReport.refused("The source belongs to another migration."), "2026-01-01T00:00:01Z"),
                ended(WorkerReport.retryable("interrupted"), "2026-01-01T00:00:02Z")));
        assertThat(pods.failure()).get().extracting(WorkerReport::message).isEqualTo("The source belongs to another migration.");
    }

    @Test
    void otherwiseTheLastWordCountsInWhateverOrderThePodsAreListed() {
        var pods = new JobPods(List.of(
                ended(WorkerReport.retryable("second"), "2026-01-01T00:00:02Z"),
                ended(WorkerReport.retryable("first"), "2026-01-01T00:00:01Z")));
        assertThat(pods.failure()).get().extracting(WorkerReport::message).isEqualTo("second");
    }

    @Test
    void whatHoldsAPodUpIsSaidWithHowManyWait() {
        var imageless = new PodBuilder().withNewStatus().withPhase("Pending").addNewContainerStatus().withNewState().withNewWaiting().withReason("ErrImagePull")
                .withMessage("not found").endWaiting().endState().endContainerStatus().endStatus().build();
        var homeless = new PodBuilder().withNewStatus().withPhase("Pending").addNewCondition().withType("PodScheduled").withStatus("False").withReason("Unschedulable")
                .withMessage("0/3 nodes are available: 3 Insufficient memory.").endCondition().endStatus().build();
        assertThat(new JobPods(List.of(imageless)).heldUp()).contains("its pod waits: ErrImagePull: not found");
        assertThat(new JobPods(List.of(RUNNING, homeless)).heldUp()).contains("1 of 2 pods waits: Unschedulable: 0/3 nodes are available: 3 Insufficient memory.");
        assertThat(new JobPods(List.of(RUNNING)).heldUp()).isEmpty();
    }

    @Test
    void podsThatShouldHaveEndedLongAgoAreLostAndOneThatRunsOnIsNot() {
        var told = Instant.parse("2026-01-01T00:00:00Z");
        var terminating = new PodBuilder(RUNNING).withNewMetadata().withDeletionTimestamp(told.toString()).endMetadata().build();
        var running = new PodBuilder(RUNNING).withNewMetadata().endMetadata().build();
        var patience = Duration.ofSeconds(30);
        assertThat(new JobPods(List.of(terminating)).areLost(told.plusSeconds(31), patience)).isTrue();
        assertThat(new JobPods(List.of(terminating)).areLost(told.plusSeconds(29), patience)).isFalse();
        assertThat(new JobPods(List.of(terminating, running)).areLost(told.plusSeconds(31), patience)).isFalse();
        assertThat(new JobPods(List.of()).areLost(told.plusSeconds(31), patience)).isFalse();
    }

    private static Pod ended(WorkerReport report, String at) {
        return new PodBuilder().withNewStatus().withPhase("Failed").addNewContainerStatus().withNewState().withNewTerminated().withExitCode(1).withFinishedAt(at)
                .withMessage(report.toJson()).endTerminated().endState().endContainerStatus().endStatus().build();
    }
}
