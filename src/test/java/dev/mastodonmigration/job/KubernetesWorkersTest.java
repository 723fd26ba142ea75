package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.job.Workers.Cause;
import dev.mastodonmigration.job.Workers.Seen;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubernetesWorkersTest {
    private static final WorkerReport DONE = WorkerReport.succeeded("done.", Map.of("rows", 3L));
    private static final WorkerTask ENDS = context -> DONE;
    /** As long as Kubernetes takes to tell of a pod that it is over. */
    private static final Duration LATE = Duration.ofSeconds(1);
    @TempDir
    Path home;
    private JobWorld world;

    @BeforeEach
    void start() {
        world = new JobWorld(home);
    }

    @AfterEach
    void stop() {
        world.close();
    }

    @Test
    void aJobIsCreatedOnceAlsoByAnOperatorWhosePredecessorWasKilledBeforeItNotedIt() {
        var record = world.record(Tasks.COPY_POSTGRES);
        var first = look(world.operator(), record);
        assertThat(first).isInstanceOf(Workers.Running.class);
        assertThat(look(world.operator(), record).uid()).isEqualTo(first.uid()).contains(world.job(record).getMetadata().getUid());
        assertThat(world.client.batch().v1().jobs().inNamespace(JobWorld.NAMESPACE).list().getItems()).hasSize(1);
    }

    @Test
    void aJobThatRanAndIsGoneIsLostAndNotRunAgain() {
        var record = world.seen(world.operator(), Tasks.COPY_POSTGRES);
        world.client.resource(world.job(record)).delete();
        assertThat(look(world.operator(), record)).isInstanceOfSatisfying(Workers.Failed.class, failed -> assertThat(failed.cause()).isEqualTo(Cause.LOST));
        assertThat(world.job(record)).isNull();
    }

    @Test
    void aJobOfADeletedMigrationOfTheSameNameIsNotAdopted() {
        var record = world.seen(world.operator(), Tasks.COPY_POSTGRES);
        var again = JobWorld.migration("another");
        var workers = world.operator(again, () -> JobWorld.FILES, new WorkerClient(), (task, environment) -> Optional.empty());
        var same = JobWorld.record(again, Tasks.COPY_POSTGRES);
        same.name = record.name;
        assertThatThrownBy(() -> workers.look(List.of(same))).hasMessageContaining("belongs to another migration");
    }

    @Test
    void aWorkerThatIsOverIsHeardBeforeItsPodSaysSoAndThenEnds() throws Exception {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.CLOSE_SOURCE);
        var worker = world.start(record, ENDS);
        await("the worker to be heard").atMost(LATE).until(() -> look(operator, record) instanceof Workers.Succeeded);
        assertThat(worker.exit().get(1, TimeUnit.SECONDS)).isZero();
        assertThat(look(operator, record)).as("once more, because a status could not be written").isEqualTo(new Workers.Succeeded(Optional.of(record.uid), DONE));
    }

    @Test
    void whatWasAcknowledgedIsFoundAgainByAnOperatorWhosePredecessorWasKilledBeforeItNotedIt() throws Exception {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.CLOSE_SOURCE);
        var worker = world.start(record, ENDS);
        await().until(() -> look(operator, record) instanceof Workers.Succeeded);
        worker.exit().join();

        var successor = world.operator();
        assertThat(look(successor, record)).as("its pod's status is late").isInstanceOf(Workers.Running.class);
        world.noticed(worker);
        assertThat(look(successor, record)).isEqualTo(new Workers.Succeeded(Optional.of(record.uid), DONE));
    }

    @Test
    void aReportWhoseAcknowledgementWasLostIsHeardAgainByTheNextOperator() {
        var deaf = world.operator(world.migration, () -> JobWorld.FILES, new WorkerClient() {
            @Override
            public void acknowledge(List<String> workers, String token) {
                assertThat(workers).isNotEmpty();
            }
        }, (task, environment) -> Optional.empty());
        var record = world.seen(deaf, Tasks.CLOSE_SOURCE);
        var worker = world.start(record, ENDS);
        await().until(() -> look(deaf, record) instanceof Workers.Succeeded);
        assertThat(worker.exit()).isNotDone();
        assertThat(look(world.operator(), record)).isEqualTo(new Workers.Succeeded(Optional.of(record.uid), DONE));
        assertThat(worker.exit().join()).isZero();
    }

    @Test
    void ofSeveralThatShareTheWorkOneThatMustTryAgainEndsNothingAndOneThatRefusesEndsAll() throws Exception {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.REPLICATE_POSTGRES);
        var stay = new CountDownLatch(1);
        world.start(record, context -> {
            context.progress().set(new Progress.Reading("copying", 1, 2, 0, 0, 0, 0));
            stay.await();
            return DONE;
        });
        var unlucky = world.start(record, context -> {
            throw new IOException("connection reset");
        });
        await("the one to be let go").atMost(Duration.ofSeconds(5)).until(() -> {
            assertThat(look(operator, record)).isInstanceOf(Workers.Running.class);
            return unlucky.exit().isDone();
        });
        assertThat(((Workers.Running) look(operator, record)).reading()).get().extracting(Progress.Reading::stage).isEqualTo("copying");

        world.start(record, context -> {
            throw new Refusal("The source belongs to another migration.");
        });
        await().until(() -> look(operator, record).equals(new Workers.Failed(Optional.of(record.uid), Cause.REFUSED, "The source belongs to another migration.")));
        stay.countDown();
    }

    @Test
    void ofSeveralThatShareTheWorkTheFirstToSucceedSpeaksForAll() {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.REPLICATE_POSTGRES);
        world.start(record, context -> {
            context.drain().await();
            return DONE;
        });
        world.start(record, context -> {
            throw new IOException("connection reset");
        });
        await().until(() -> operator.ask((Workers.Running) look(operator, record)) > 0);
        await().until(() -> look(operator, record).equals(new Workers.Succeeded(Optional.of(record.uid), DONE)));
    }

    @Test
    void aWorkerAloneThatMustTryAgainHasFailed() {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.COPY_POSTGRES);
        world.start(record, context -> {
            throw new IOException("connection reset");
        });
        await().until(() -> look(operator, record).equals(new Workers.Failed(Optional.of(record.uid), Cause.MAY_PASS, "connection reset")));
    }

    @Test
    void theImageIsTheOneThatTheMigrationStartedWith() {
        assertThat(world.operator().image()).isEqualTo("worker:of-the-operator");
        assertThat(image(world.seen(world.operator(), Tasks.COPY_POSTGRES))).isEqualTo("worker:of-the-operator");
        world.migration.getStatus().internal.workerImage = "worker:of-the-start";
        assertThat(image(world.seen(world.operator(), Tasks.COPY_REDIS))).isEqualTo("worker:of-the-start");
    }

    @Test
    void aJobWithoutPodsSaysWhoRefusesThem() {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.COPY_POSTGRES);
        world.warning("another object", "FailedCreate", "not this one");
        world.warning(record.uid, "FailedCreate", "Error creating: pods \"x\" is forbidden: exceeded quota: small");
        await().atMost(Duration.ofSeconds(20)).until(() -> heldUp(operator, record)
                .equals(Optional.of("Kubernetes creates no pod: FailedCreate: Error creating: pods \"x\" is forbidden: exceeded quota: small")));
    }

    @Test
    void aPodThatWaitsForAVolumeOrAnImageOrANodeSaysSo() {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.COPY_POSTGRES);
        var pod = world.pod(record, "Pending", null, new ContainerStateBuilder().withNewWaiting().withReason("ContainerCreating").endWaiting().build());
        world.warning(pod.getMetadata().getUid(), "FailedMount", "MountVolume.SetUp failed for volume \"secrets\": secret \"x\" not found");
        await().atMost(Duration.ofSeconds(20)).until(() -> heldUp(operator, record)
                .equals(Optional.of("its pod waits: FailedMount: MountVolume.SetUp failed for volume \"secrets\": secret \"x\" not found")));
    }

    @Test
    void aWorkerKilledForItsMemoryIsSaidToBe() {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.COPY_POSTGRES);
        world.pod(record, "Failed", null, killedForMemory());
        world.condition(record, "Failed", "BackoffLimitExceeded");
        assertThat(look(operator, record)).isEqualTo(new Workers.Failed(Optional.of(record.uid), Cause.MAY_PASS,
                "The worker of Job " + record.name + " ended without a report: OOMKilled: it used more memory than its limit of 1Gi, exit code 137."));
    }

    @Test
    void aPodThatDiedAndWaitsForItsSuccessorSaysSo() {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.REPLICATE_POSTGRES);
        world.pod(record, "Failed", null, killedForMemory());
        await().atMost(Duration.ofSeconds(20)).until(() -> heldUp(operator, record)
                .equals(Optional.of("a pod of it ended (OOMKilled: it used more memory than its limit of 512Mi, exit code 137), and Kubernetes starts another")));
        world.warning(record.uid, "FailedCreate", "exceeded quota");
        assertThat(heldUp(operator, record)).contains("Kubernetes creates no pod: FailedCreate: exceeded quota");
    }

    @Test
    void aFailedJobWithoutPodsSaysKubernetesReason() {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.COPY_POSTGRES);
        world.condition(record, "Failed", "DeadlineExceeded");
        assertThat(look(operator, record)).isInstanceOfSatisfying(Workers.Failed.class, failed -> assertThat(failed.message()).contains("DeadlineExceeded: said Kubernetes"));
    }

    @Test
    void stoppingDeletesTheJobsAndTellsWhetherAPodStillRuns() {
        var operator = world.operator();
        var record = world.seen(operator, Tasks.REPLICATE_POSTGRES);
        var pod = world.pod(record, "Running", "127.0.0.9", new ContainerState());
        assertThat(operator.stop(List.of(record))).isTrue();
        assertThat(world.job(record)).isNull();
        world.client.resource(pod).delete();
        assertThat(operator.stop(List.of(record))).isFalse();
    }

    @Test
    void removingAllTakesJobsThatNoRecordNamesAndTheSecretAndNothingOfOthers() {
        world.seen(world.operator(), Tasks.COPY_POSTGRES);
        world.seen(world.operator(), Tasks.REOPEN_SOURCE);
        var other = JobWorld.migration("another");
        world.operator(other, () -> JobWorld.FILES, new WorkerClient(), (task, environment) -> Optional.empty()).look(List.of(JobWorld.record(other, Tasks.COPY_POSTGRES)));
        world.operator().removeAll();
        world.operator().removeAll();
        assertThat(world.client.batch().v1().jobs().inNamespace(JobWorld.NAMESPACE).list().getItems()).extracting(job -> job.getMetadata().getLabels().get(WorkerJob.UID_LABEL)).containsExactly("another");
        assertThat(world.client.secrets().inNamespace(JobWorld.NAMESPACE).list().getItems()).extracting(secret -> secret.getMetadata().getLabels().get(WorkerJob.UID_LABEL)).containsExactly("another");
    }

    private static ContainerState killedForMemory() {
        return new ContainerStateBuilder().withNewTerminated().withExitCode(137).withReason("OOMKilled").withFinishedAt(JobWorld.now()).endTerminated().build();
    }

    private static Seen look(Workers operator, JobRecord record) {
        return operator.look(List.of(record)).get(record.task);
    }

    private static Optional<String> heldUp(Workers operator, JobRecord record) {
        return ((Workers.Running) look(operator, record)).heldUp();
    }

    private String image(JobRecord record) {
        return world.job(record).getSpec().getTemplate().getSpec().getContainers().getFirst().getImage();
    }
}
