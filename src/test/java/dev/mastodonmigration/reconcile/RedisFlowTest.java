package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.RedisStrategy;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.PodSecurity;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The less usual ways of Redis: jobs alone, with feeds made anew by the instance's own image; and a second one for Sidekiq. */
@Tag("thorough")
class RedisFlowTest {
    private static final String BOTH = MigrationFlow.SOURCE_REDIS + " and source Redis of Sidekiq (127.0.0.1:9, database 0)";

    private static final String FEEDS = "tootctl feeds build --all";
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    private static MastodonMigrationSpec rebuild() {
        return moving(RedisStrategy.Rebuild);
    }

    private static MastodonMigrationSpec moving(RedisStrategy strategy) {
        return new FlowSpec().redis(strategy).spec();
    }

    private List<Job> feedsJobs() {
        return flow.jobsThatAreLeft().stream()
                .filter(job -> job.getMetadata().getName().startsWith(MigrationFlow.NAME + "-feeds")).toList();
    }

    private void untilSoaking() {
        flow.until(status -> "Soak".equals(status.phase) && flow.jobs.ran.contains(FEEDS));
    }

    @Test
    void movesJobsAloneAndBuildsTheFeedsOnceTheTargetIsOpen() {
        flow.jobs.script(FEEDS, run -> ScriptedJobs.RUNS_ON);
        flow.apply(rebuild());
        untilSoaking();
        assertThat(feedsJobs()).singleElement().satisfies(job -> {
            var pod = job.getSpec().getTemplate().getSpec();
            assertThat(pod.getContainers().getFirst().getImage()).isEqualTo(rebuild().instance().image());
            assertThat(pod.getContainers().getFirst().getEnvFrom().getFirst().getSecretRef().getName()).isEqualTo(MigrationFlow.NAME + "-env");
            assertThat(pod.getRestartPolicy()).isEqualTo("Never");
            assertThat(PodSecurity.violations(pod)).isEmpty();
        });
        flow.until(status -> flow.condition("Ready").contains("feeds"));
        assertThat(flow.status().phase).as("waits for them").isEqualTo("Soak");
        assertThat(flow.jobsThatAreLeft()).filteredOn(job -> job.getMetadata().getName().contains("redis")).hasSize(2)
                .allMatch(job -> job.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv().contains(new EnvVar("MIGRATION_REDIS_SCOPE", "JOBS", null)));
        end("Complete", "CompletionsReached");
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.ran.indexOf(FEEDS)).isGreaterThan(flow.jobs.ran.indexOf(Tasks.OPEN_TARGET));
        assertThat(flow.jobs.count(FEEDS)).isEqualTo(1);
        assertThat(flow.status().verification.redis.keys).isEqualTo(7);
        assertThat(flow.events()).anyMatch(event -> event.contains("Rebuild takes over Sidekiq's queues") && event.contains("trends"));
        assertThat(feedsJobs()).as("nothing of ours is left").isEmpty();
    }

    @Test
    void feedsThatCouldNotBeBuiltAreToldAndHoldUpNothing() {
        flow.jobs.script(FEEDS, run -> WorkerReport.retryable("exit 1"));
        flow.apply(rebuild());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(FEEDS)).isEqualTo(1);
        assertThat(flow.events()).anyMatch(event -> event.contains("feeds were not built to their end") && event.contains("kubectl logs -n mastodon job/" + MigrationFlow.NAME + "-feeds")
                && event.contains("tootctl feeds build --all"));
        assertThat(feedsJobs()).as("its log is still to be read").hasSize(1);
    }

    @Test
    void aJobThatSomebodyDeletedIsNotBegunAnew() {
        flow.jobs.script(FEEDS, run -> ScriptedJobs.RUNS_ON);
        flow.apply(rebuild());
        untilSoaking();
        feedsJobs().forEach(job -> flow.client.resource(job).delete());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(FEEDS)).isEqualTo(1);
        assertThat(flow.events()).anyMatch(event -> event.contains("was deleted"));
    }

    @Test
    void feedsThatTookTooLongAreToldWithoutALogThatIsNoMore() {
        flow.jobs.script(FEEDS, run -> ScriptedJobs.RUNS_ON);
        flow.apply(rebuild());
        untilSoaking();
        end("Failed", "DeadlineExceeded");
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.status().phases).filteredOn(phase -> phase.name.equals("Soak")).singleElement()
                .satisfies(soak -> assertThat(soak.message).contains("could NOT be built within 24 h").doesNotContain("kubectl logs"));
        assertThat(flow.events()).filteredOn(event -> event.contains("feeds were not built to their end")).singleElement().asString()
                .contains("no log is left", "tootctl feeds build --all").doesNotContain("kubectl logs");
    }

    @Test
    void aJobOfThatNameThatIsNotOursIsRefusedWhileNothingIsFrozen() {
        createForeign();
        flow.apply(rebuild());
        flow.until(status -> flow.condition("Stalled").contains(MigrationFlow.NAME + "-feeds"));
        assertThat(flow.status().phase).isEqualTo("DeployCompute");
        assertThat(flow.mutations()).as("the source is untouched").isZero();
        assertForeignIsLeftAlone();
        feedsJobs().forEach(job -> flow.client.resource(job).delete());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void aJobOfThatNameThatIsNotOursHoldsUpTheFeedsAloneOnceTheSourceIsFrozen() {
        flow.jobs.script(Tasks.VERIFY_REDIS, run -> {
            createForeign();
            return ScriptedJobs.succeeded();
        });
        flow.apply(rebuild());
        flow.until(status -> flow.condition("Stalled").contains(MigrationFlow.NAME + "-feeds"));
        assertThat(flow.status().phase).isEqualTo("Housekeeping");
        assertThat(flow.status().downtime.finishedAt).as("the instance serves").isNotNull();
        assertForeignIsLeftAlone();
    }

    @ParameterizedTest
    @EnumSource(names = {"Live", "Snapshot"})
    void aJobOfThatNameConcernsNobodyWhereNoFeedsAreBuilt(RedisStrategy strategy) {
        createForeign();
        flow.jobs.inSync = true;
        flow.jobs.script(Tasks.REPLICATE_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.apply(moving(strategy));
        flow.until(status -> status.downtime != null);
        flow.jobs.finish(Tasks.REPLICATE_REDIS);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertForeignIsLeftAlone();
    }

    private void createForeign() {
        flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).resource(foreign()).create();
    }

    private void assertForeignIsLeftAlone() {
        assertThat(feedsJobs()).singleElement().satisfies(job -> assertThat(job.getMetadata().getLabels()).containsEntry("of", "somebody"));
    }

    private void end(String condition, String reason) {
        var job = feedsJobs().getFirst();
        flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).resource(new JobBuilder(job).withNewStatus().addNewCondition().withType(condition).withStatus("True")
                .withReason(reason).endCondition().endStatus().build()).updateStatus();
    }

    @Test
    void aRedisOfSidekiqsOwnIsGivenToTheWorkersAndNotToTheTarget() {
        flow.heroku.app("example-web").config(Map.of("SIDEKIQ_REDIS_URL", "redis://:p4ss@127.0.0.1:9"));
        flow.apply(new FlowSpec().redis(RedisStrategy.Snapshot).soak("1h").spec());
        flow.until(status -> "Soak".equals(status.phase));
        var secrets = flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems();
        assertThat(secrets).filteredOn(secret -> secret.getMetadata().getName().contains("-worker-")).singleElement()
                .satisfies(secret -> assertThat(secret.getData()).containsKey(WorkerContext.SOURCE_SIDEKIQ_REDIS_URL));
        assertThat(secrets).filteredOn(secret -> secret.getMetadata().getName().equals(MigrationFlow.NAME + "-env")).singleElement()
                .satisfies(secret -> assertThat(secret.getData()).doesNotContainKey("SIDEKIQ_REDIS_URL"));
    }

    private void untilTheGate() {
        flow.jobs.inSync = true;
        flow.jobs.script(Tasks.REPLICATE_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.apply(new FlowSpec().redis(RedisStrategy.Live).notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
    }

    private void untilTheClockStarts() {
        flow.until(status -> status.downtime != null && status.downtime.startedAt != null);
    }

    @Test
    void aRedisOfSidekiqsOwnIsFollowedToo() {
        flow.heroku.app("example-web").config(Map.of("SIDEKIQ_REDIS_URL", "redis://:p4ss@127.0.0.1:9"));
        flow.jobs.redis = BOTH;
        untilTheGate();
        flow.edit(moving(RedisStrategy.Live));
        untilTheClockStarts();
    }

    @Test
    void theClockWaitsUntilARedisOfSidekiqsOwnThatCameAfterPreflightIsFollowed() {
        untilTheGate();
        flow.heroku.app("example-web").config(Map.of("SIDEKIQ_REDIS_URL", "redis://:p4ss@127.0.0.1:9"));
        flow.edit(moving(RedisStrategy.Live));
        flow.until(status -> flow.condition("Ready").contains("is in sync with what Mastodon uses now: " + BOTH + "; it follows " + MigrationFlow.SOURCE_REDIS + "; the source runs on"));
        assertThat(flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).anySatisfy(
                secret -> assertThat(secret.getData()).containsKey(WorkerContext.SOURCE_SIDEKIQ_REDIS_URL));
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.heroku.app("example-web").formation()).containsEntry("web", 2).containsEntry("worker", 1);
        assertThat(flow.status().downtime).isNull();
        flow.jobs.redis = BOTH;
        untilTheClockStarts();
    }

    @Test
    void theClockWaitsUntilARedisOfSidekiqsOwnThatIsNoLongerUsedIsForgotten() {
        flow.jobs.redis = BOTH;
        untilTheGate();
        flow.edit(moving(RedisStrategy.Live));
        flow.until(status -> flow.condition("Ready").contains("is in sync with what Mastodon uses now: " + MigrationFlow.SOURCE_REDIS + ";"));
        assertThat(flow.status().downtime).isNull();
        flow.jobs.redis = MigrationFlow.SOURCE_REDIS;
        untilTheClockStarts();
    }

    @Test
    void theClockWaitsUntilARedisThatMovedIsFollowedWhereItIsNow() {
        untilTheGate();
        flow.heroku.app("example-web").config(Map.of("REDIS_URL", "redis://:p4ss@127.0.0.1:8"));
        flow.edit(moving(RedisStrategy.Live));
        flow.until(status -> flow.condition("Ready").contains("Mastodon uses now: source Redis (127.0.0.1:8, database 0);"));
        assertThat(flow.status().downtime).isNull();
        flow.jobs.redis = "source Redis (127.0.0.1:8, database 0)";
        untilTheClockStarts();
    }

    @Test
    void theClockWaitsForAWorkerThatDoesNotSayWhatItFollows() {
        flow.jobs.redis = "";
        untilTheGate();
        flow.edit(moving(RedisStrategy.Live));
        flow.until(status -> flow.condition("Ready").contains("it does not say yet what it follows"));
        assertThat(flow.status().downtime).isNull();
    }

    @Test
    void aRedisThatMovesWhileSidekiqIsQuietStartsSidekiqAgainBecauseItsNewDynosAreNotQuiet() {
        untilTheGate();
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> {
            flow.heroku.app("example-web").config(Map.of("REDIS_URL", "redis://:p4ss@127.0.0.1:8"));
            return ScriptedJobs.succeeded();
        });
        flow.edit(moving(RedisStrategy.Live));
        flow.until(status -> status.internal.quieting != null && !status.sidekiqIsQuiet());
        assertThat(flow.status().internal.returned.reason).contains("moved while Sidekiq was quiet", "uses source Redis (127.0.0.1:8, database 0) now", MigrationFlow.SOURCE_REDIS + " was followed");
        assertThat(flow.status().internal.returned.againAt).as("tried again by itself").isNotNull();
        assertThat(flow.status().downtime).isNull();
        assertThat(flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).as("the worker is told")
                .anySatisfy(secret -> assertThat(decoded(secret, WorkerContext.SOURCE_REDIS_URL)).endsWith("127.0.0.1:8"));
    }

    private static String decoded(Secret secret, String file) {
        return new String(Base64.getDecoder().decode(secret.getData().getOrDefault(file, "")), StandardCharsets.UTF_8);
    }

    private static Job foreign() {
        return new JobBuilder().withNewMetadata().withNamespace(MigrationFlow.NAMESPACE).withName(MigrationFlow.NAME + "-feeds")
                .addToLabels("of", "somebody").endMetadata().withNewSpec().withNewTemplate().withNewSpec().withRestartPolicy("Never").addNewContainer().withName("c")
                .withImage("i").withCommand("true").endContainer().endSpec().endTemplate().endSpec().build();
    }
}
