package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Cutover;
import dev.mastodonmigration.api.MastodonMigrationSpec.PostgresStrategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.RedisStrategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationSpec.Soak;
import dev.mastodonmigration.api.MastodonMigrationSpec.Strategy;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.PodSecurity;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code strategy.redis: Rebuild}: jobs move, feeds are made anew by the instance's own image. */
class RebuildFlowTest {
    private static final String FEEDS = "tootctl feeds build --all";
    private final MigrationFlow flow = new MigrationFlow();

    @AfterEach
    void close() {
        flow.close();
    }

    private static MastodonMigrationSpec rebuild() {
        var spec = Specs.with(new Strategy(PostgresStrategy.Dump, RedisStrategy.Rebuild, 2, null, "10m"));
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), null, spec.strategy(), null, new Cutover(true, null, null, null), new Soak("0s", null),
                new Retire(true, null, true, null, null), null);
    }

    private List<Job> feedsJobs() {
        return flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream()
                .filter(job -> job.getMetadata().getName().startsWith(MigrationFlow.NAME + "-feeds-")).toList();
    }

    @Test
    void movesJobsAloneAndBuildsTheFeedsOnceTheTargetIsOpen() {
        flow.apply(rebuild());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.ran).contains(Tasks.COPY_JOBS_REDIS, Tasks.VERIFY_JOBS_REDIS, FEEDS).doesNotContain(Tasks.COPY_REDIS, Tasks.VERIFY_REDIS);
        assertThat(flow.jobs.ran.indexOf(FEEDS)).isGreaterThan(flow.jobs.ran.indexOf(Tasks.OPEN_TARGET));
        assertThat(flow.status().verification.redis.keys).isEqualTo(7);
        assertThat(flow.events()).anyMatch(event -> event.contains("Rebuild takes over Sidekiq's queues") && event.contains("trends"));
        assertThat(feedsJobs()).singleElement().satisfies(job -> {
            var pod = job.getSpec().getTemplate().getSpec();
            assertThat(pod.getContainers().getFirst().getImage()).isEqualTo(rebuild().instance().image());
            assertThat(pod.getContainers().getFirst().getEnvFrom().getFirst().getSecretRef().getName()).isEqualTo(MigrationFlow.NAME + "-env");
            assertThat(pod.getRestartPolicy()).isEqualTo("Never");
            assertThat(PodSecurity.violations(pod)).isEmpty();
        });
    }

    @Test
    void feedsThatCouldNotBeBuiltAreToldAndTriedAgain() {
        flow.jobs.script(FEEDS, run -> run == 1 ? WorkerReport.retryable("exit 1") : ScriptedJobs.succeeded());
        flow.apply(rebuild());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(feedsJobs()).hasSize(2);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("AttemptFailed") && event.contains("kubectl logs -n mastodon job/" + MigrationFlow.NAME + "-feeds-1"));
    }

    @Test
    void aJobOfThatNameThatIsNotOursIsLeftAlone() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> {
            flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).resource(foreign()).create();
            return ScriptedJobs.succeeded();
        });
        flow.apply(rebuild());
        flow.until(status -> flow.condition("Stalled").contains(MigrationFlow.NAME + "-feeds-1"));
        assertThat(feedsJobs()).singleElement().satisfies(job -> assertThat(job.getMetadata().getLabels()).containsEntry("of", "somebody"));
    }

    private static Job foreign() {
        return new io.fabric8.kubernetes.api.model.batch.v1.JobBuilder().withNewMetadata().withNamespace(MigrationFlow.NAMESPACE).withName(MigrationFlow.NAME + "-feeds-1")
                .addToLabels("of", "somebody").endMetadata().withNewSpec().withNewTemplate().withNewSpec().withRestartPolicy("Never").addNewContainer().withName("c")
                .withImage("i").withCommand("true").endContainer().endSpec().endTemplate().endSpec().build();
    }
}
