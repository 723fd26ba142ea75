package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.CacheStatuses;
import dev.mastodonmigration.embedded.aws.RdsStatuses;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the admin of a migration to ElastiCache sees, with an operator that is restarted before every look. */
@Tag("thorough")
class ElastiCacheFlowTest {
    private static final String GROUP = "ElastiCache replication group mastodon-redis-";
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    private MigrationFlow flow;
    private List<String> subnets;
    private Map<String, String> before;

    @BeforeEach
    void start() {
        flow = MigrationFlow.onAws(aws.proxy());
        subnets = aws.proxy().account().subnets("ab");
        before = aws.proxy().account().listing();
    }

    @AfterEach
    void stop() {
        flow.close();
    }

    private FlowSpec elastiCache() {
        return new FlowSpec().elastiCache(subnets, DeletionPolicy.Delete);
    }

    @Test
    void movesToAGroupThatIsCreatedOnTheWayAndMastodonIsToldHowToReachIt() {
        var given = new ArrayList<Set<String>>();
        for (var task : List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET)) {
            flow.jobs.script(task, run -> {
                given.add(workerFiles().keySet());
                return ScriptedJobs.succeeded();
            });
        }
        flow.apply(elastiCache().spec());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));

        assertThat(given).satisfiesExactly(
                preflight -> assertThat(preflight).contains(WorkerContext.TARGET_REDIS_MAJOR).doesNotContain(WorkerContext.TARGET_REDIS_URL),
                claim -> assertThat(claim).contains(WorkerContext.TARGET_REDIS_URL, WorkerContext.TARGET_REDIS_REACH).doesNotContain(WorkerContext.TARGET_REDIS_MAJOR, WorkerContext.TARGET_REDIS_CA));
        assertThat(flow.phase("Provision").message).contains(GROUP, "is ready, with Valkey 8.0");
        assertThat(flow.status().findings).extracting(finding -> finding.message).anyMatch(said -> said.contains("can be lost")).anyMatch(said -> said.contains("Provision creates " + GROUP));
        assertThat(env("REDIS_URL")).startsWith("rediss://:" + token() + "@master.mastodon-redis-").endsWith(":6379");
        assertThat(env("REDIS_DRIVER")).isEqualTo("ruby");
        assertThat(flow.read().toString() + flow.events()).doesNotContain(token());
        assertThat(aws.proxy().calls().containing(token())).singleElement().satisfies(call -> assertThat(call.call().name()).isEqualTo("elasticache:CreateReplicationGroup"));
    }

    @Test
    void withPostgresOnRdsLostAnswersAllTheWayMakeNoSecondAndAnAbortLeavesTheAccountAsItWas() {
        for (var change = 1; change < 40; change += 3) {
            aws.proxy().faults().nthChange(change, new AwsFault.LostAnswer());
            aws.proxy().faults().nth(change, "elasticache:DescribeReplicationGroups", new AwsFault.CutBefore());
        }
        flow.apply(elastiCache().rds(subnets, DeletionPolicy.Delete).notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(aws.proxy().calls().all()).filteredOn(call -> call.call().name().equals("elasticache:CreateReplicationGroup") && call.result().equals("200")).hasSize(1);
        flow.edit(elastiCache().rds(subnets, DeletionPolicy.Delete).notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));

        assertThat(aws.proxy().account().listing()).isEqualTo(before);
        assertThat(flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).noneMatch(secret -> secret.getMetadata().getName().endsWith("-elasticache"));
    }

    @Test
    void whatIsReadyIsNotReadAgainWithEachLookAtWhatIsNot() {
        aws.proxy().rds().behave(RdsStatuses.prompt());
        aws.proxy().caches().behave(CacheStatuses.flickering(60));
        flow.apply(elastiCache().rds(subnets, DeletionPolicy.Delete).notApproved().spec());
        flow.until(status -> says("RDS instance", "is available; it is believed"));
        var looks = new int[2];
        flow.until(status -> {
            looks[0]++;
            return flow.jobs.ran.contains(Tasks.CLAIM_TARGET);
        });
        var reads = aws.proxy().calls().count("rds:DescribeDBInstances");
        assertThat(reads).as(looks[0] + " looks").isLessThan(looks[0] / 2);
        aws.proxy().calls().clear();
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(aws.proxy().calls().count("rds:DescribeDBInstances")).as("looked at again before Provision ends").isPositive();
    }

    @Test
    void itNotifiesOfChangedKeysUntilTheWayBackIsOverAndNotAfter() {
        flow.apply(elastiCache().retire(new Retire(false, null, true, null, null, null, null)).spec());
        flow.until(status -> "AwaitRetire".equals(status.phase) && flow.isWaitingForApproval());
        assertThat(given()).containsExactlyInAnyOrder("maxmemory-policy", "notify-keyspace-events");
        flow.jobs.script(Tasks.RELEASE, run -> {
            assertThat(given()).as("something may still follow").contains("notify-keyspace-events");
            return ScriptedJobs.succeeded();
        });
        flow.edit(elastiCache().spec());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.ran).contains(Tasks.RELEASE);
        assertThat(given()).containsExactly("maxmemory-policy");
        assertThat(flow.phase("Retire").message).contains("Cache parameter group mastodon-redis-", "asks for no notifications of changed keys.");
        assertThat(aws.proxy().calls().count("elasticache:ResetCacheParameterGroup")).isEqualTo(1);
    }

    /** Weeks later, the operator's credentials may be taken away. */
    @Test
    void whatAwsDoesNotLetTakeBackIsToldAndHoldsNothingUp() {
        aws.proxy().faults().whenever(call -> call.name().equals("elasticache:ResetCacheParameterGroup"), new AwsFault.Refused(403, "AccessDenied", "not authorized to perform: elasticache:ResetCacheParameterGroup"));
        flow.apply(elastiCache().spec());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.status().findings).extracting(finding -> finding.message).anyMatch(said -> said.contains("still notifies of changed keys") && said.contains("elasticache:ResetCacheParameterGroup"));
    }

    private List<String> given() {
        var name = aws.proxy().account().cacheValues("CacheParameterGroupName", "DescribeCacheParameterGroups").getFirst();
        return aws.proxy().account().cacheValues("ParameterName", "DescribeCacheParameters", "CacheParameterGroupName", name, "Source", "user");
    }

    private boolean says(String... words) {
        return flow.record("Provision").filter(record -> java.util.stream.Stream.of(words).allMatch(record.message::contains)).isPresent();
    }

    private Map<String, String> workerFiles() {
        return flow.secretsOfOurs().stream().filter(secret -> secret.getMetadata().getName().contains("-worker-")).findFirst().orElseThrow().getData();
    }

    private String token() {
        return value(flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream().map(secret -> secret.getMetadata().getName()).filter(name -> name.endsWith("-elasticache")).findFirst()
                .orElseThrow(), "token");
    }

    private String env(String variable) {
        return value(MigrationFlow.NAME + "-env", variable);
    }

    private String value(String secret, String key) {
        return new String(Base64.getDecoder().decode(flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName(secret).get().getData().get(key)), StandardCharsets.UTF_8);
    }
}
