package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.CacheStatuses;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.elasticache.model.Parameter;

@EnableKubernetesMockClient(crud = true, https = false)
class ElastiCacheTest {
    /** The changes of an undisturbed creation, in order. */
    private static final List<String> CREATION = List.of("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "CreateCacheSubnetGroup", "CreateCacheParameterGroup", "ModifyCacheParameterGroup", "CreateReplicationGroup");
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private ElastiCacheWorld world;

    @BeforeEach
    void world() {
        world = new ElastiCacheWorld(client, aws.proxy());
    }

    private void prompt() {
        aws.proxy().caches().behave(CacheStatuses.prompt());
    }

    private Map<String, String> created() {
        return aws.proxy().calls().last("elasticache:CreateReplicationGroup").orElseThrow().call().parameters();
    }

    @Test
    void notificationsEndOnceAndWhatSomebodySetSinceIsTheirs() {
        world.untilReady();
        aws.proxy().faults().next("elasticache:ResetCacheParameterGroup", new AwsFault.LostAnswer());
        assertThatThrownBy(() -> world.operator().endFollowing()).isInstanceOfSatisfying(OutsideException.class, lost -> assertThat(lost.mayPass()).isTrue());
        assertThat(world.operator().endFollowing()).isInstanceOf(Provisioned.Ready.class);
        assertThat(aws.proxy().calls().count("elasticache:ResetCacheParameterGroup")).isEqualTo(1);
        assertThat(settings()).containsExactly(Map.entry("maxmemory-policy", "noeviction"));

        aws.proxy().account().cache("ModifyCacheParameterGroup", "CacheParameterGroupName", world.name(), "ParameterNameValues.ParameterNameValue.1.ParameterName", "notify-keyspace-events",
                "ParameterNameValues.ParameterNameValue.1.ParameterValue", "Ex");
        assertThat(world.operator().endFollowing()).isInstanceOf(Provisioned.Ready.class);
        assertThat(settings()).containsEntry("notify-keyspace-events", "Ex");
    }

    private Map<String, String> settings() {
        return world.api.cache().describeCacheParameters(call -> call.cacheParameterGroupName(world.name()).source("user")).parameters().stream().collect(Collectors.toMap(Parameter::parameterName, Parameter::parameterValue));
    }

    @Test
    void eachThingIsCreatedOnceOneALookAndTheGroupLast() {
        world.untilReady();
        assertThat(world.changes()).isEqualTo(CREATION);
        world.untilReady();
        assertThat(world.changes()).as("run again, it changes nothing").isEqualTo(CREATION);
        assertThat(world.api.ec2().describeSecurityGroups(call -> call.filters(filter -> filter.name("group-name").values(world.name()))).securityGroups()).singleElement().satisfies(group ->
                assertThat(group.ipPermissions()).allSatisfy(rule -> assertThat(rule.fromPort()).isEqualTo(6379)).flatExtracting(rule -> rule.userIdGroupPairs()).singleElement()
                        .satisfies(pair -> assertThat(pair.groupId()).isEqualTo(world.nodes)));
        assertThat(world.api.cache().describeCacheParameterGroups(call -> call.cacheParameterGroupName(world.name())).cacheParameterGroups()).singleElement()
                .satisfies(group -> assertThat(group.cacheParameterGroupFamily()).isEqualTo("valkey8"));
        assertThat(world.api.cache().describeCacheParameters(call -> call.cacheParameterGroupName(world.name()).source("user")).parameters().stream()
                .collect(Collectors.toMap(Parameter::parameterName, Parameter::parameterValue))).isEqualTo(Map.of("maxmemory-policy", "noeviction", "notify-keyspace-events", "KA"));
    }

    @Test
    void aLookChangesAtMostOneThingAndAnOperatorThatIsKilledAfterEachGoesOn() {
        for (var said = ""; !said.contains("1 of 3"); said = world.look()) {
            var before = world.changes().size();
            world.operator().ensure();
            assertThat(world.changes().size() - before).isLessThanOrEqualTo(1);
        }
        world.untilReady();
        assertThat(world.changes()).isEqualTo(CREATION);
    }

    @Test
    void theGroupIsEncryptedHasItsTokenAndAReplicaThatTakesOver() {
        world.untilReady();
        assertThat(created()).containsEntry("Engine", "valkey").containsEntry("EngineVersion", "8.0").containsEntry("ClusterMode", "disabled").containsEntry("NumCacheClusters", "2")
                .containsEntry("AutomaticFailoverEnabled", "true").containsEntry("MultiAZEnabled", "true").containsEntry("TransitEncryptionEnabled", "true").containsEntry("AtRestEncryptionEnabled", "true")
                .containsEntry("SnapshotRetentionLimit", "7").containsEntry("AuthToken", world.kept().get("token"));
        assertThat(world.api.cache().listTagsForResource(call -> call.resourceName(world.arn("replicationgroup"))).tagList())
                .anySatisfy(tag -> assertThat(tag.value()).isEqualTo(world.migration.getMetadata().getUid()));
    }

    @Test
    void withoutReplicasNothingTakesOverAndOneZoneDoes() {
        world = new ElastiCacheWorld(client, aws.proxy(), "nodeType", "replicas: 0, nodeType", ", subnet-[0-9a-f]+\\]", "]");
        assertThat(world.operator().preflight().blockers()).isEmpty();
        assertThat(world.untilReady().getLast()).contains("is ready, with Valkey 8.0");
        assertThat(created()).containsEntry("NumCacheClusters", "1").containsEntry("AutomaticFailoverEnabled", "false").containsEntry("MultiAZEnabled", "false");
    }

    @Test
    void whereverAnswersAreLostOneOfEachIsThere() {
        CREATION.forEach(action -> aws.proxy().faults().next((action.contains("SecurityGroup") ? "ec2:" : "elasticache:") + action, new AwsFault.LostAnswer()));
        assertThat(world.untilReady()).filteredOn(said -> said.contains("AWS did not answer")).hasSize(CREATION.size());
        assertThat(world.changes()).as("the next look finds what was made").isEqualTo(CREATION);
    }

    @Test
    void whereverRequestsAreLostTheyAreMadeAgain() {
        CREATION.forEach(action -> aws.proxy().faults().next((action.contains("SecurityGroup") ? "ec2:" : "elasticache:") + action, new AwsFault.CutBefore()));
        assertThat(world.untilReady()).filteredOn(said -> said.contains("AWS did not answer")).hasSize(CREATION.size());
        assertThat(world.changes()).isEqualTo(CREATION);
    }

    @Test
    void throttlingAndServerErrorsPass() {
        aws.proxy().faults().next("elasticache:DescribeReplicationGroups", new AwsFault.Throttled());
        aws.proxy().faults().next("elasticache:CreateReplicationGroup", new AwsFault.Refused(500, "InternalFailure", "An internal error has occurred"));
        aws.proxy().faults().next("elasticache:DescribeCacheClusters", new AwsFault.Throttled());
        assertThat(world.untilReady()).filteredOn(said -> said.contains("AWS is busy")).hasSize(3);
    }

    @Test
    void aGroupThatIsNotShownYetIsNotMadeTwice() {
        prompt();
        for (var said = ""; !said.contains("is being created"); said = world.look()) {
            assertThat(world.changes()).doesNotContain("CreateReplicationGroup");
        }
        aws.proxy().faults().next("elasticache:DescribeReplicationGroups", new AwsFault.Stale());
        aws.proxy().faults().nth(2, "elasticache:DescribeReplicationGroups", new AwsFault.Stale());
        assertThat(world.untilReady().subList(0, 2)).allMatch(said -> said.contains("ElastiCache does not show yet"));
    }

    @Test
    void whatIsSomebodyElsesIsLeftAsItIs() {
        var cache = world.api.cache();
        var subnets = world.migration.getSpec().target().redis().elastiCache().subnetIds();
        var foreign = world.securityGroup(world.name(), world.vpc);
        refused("Security group " + world.name() + " exists on AWS and was not made by this migration");
        world.api.ec2().deleteSecurityGroup(call -> call.groupId(foreign));
        cache.createCacheSubnetGroup(call -> call.cacheSubnetGroupName(world.name()).cacheSubnetGroupDescription("theirs").subnetIds(subnets).tags(AwsTags.cache(Map.of("mastodonmigration.dev/uid", "another"))));
        refused("another's: another");
        cache.deleteCacheSubnetGroup(call -> call.cacheSubnetGroupName(world.name()));
        cache.createCacheParameterGroup(call -> call.cacheParameterGroupName(world.name()).cacheParameterGroupFamily("valkey8").description("theirs"));
        refused("Cache parameter group " + world.name() + " exists");
        assertThat(cache.describeCacheParameters(call -> call.cacheParameterGroupName(world.name()).source("user")).parameters()).isEmpty();
        cache.deleteCacheParameterGroup(call -> call.cacheParameterGroupName(world.name()));
        prompt();
        cache.createReplicationGroup(call -> call.replicationGroupId(world.name()).replicationGroupDescription("theirs").engine("valkey").engineVersion("9.0").cacheNodeType("cache.t4g.micro").snapshotRetentionLimit(0));
        refused("ElastiCache replication group " + world.name() + " exists");
        assertThat(world.changes()).doesNotContain("ModifyReplicationGroup");
    }

    private void refused(String words) {
        assertThatThrownBy(world::untilReady).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining(words).hasMessageContaining("left as it is");
    }

    /** Until its tags can be read, nobody knows whose it is. */
    @Test
    void aForeignGroupThatIsBusyIsWaitedForAndThenRefused() {
        world.api.cache().createReplicationGroup(call -> call.replicationGroupId(world.name()).replicationGroupDescription("theirs").engine("valkey").engineVersion("9.0").cacheNodeType("cache.t4g.micro"));
        assertThat(world.look()).contains("it is creating");
        refused("exists on AWS and was not made by this migration");
        assertThat(world.changes()).containsExactly("CreateReplicationGroup");
    }

    @Test
    void aSecretOfThatNameThatIsNotOursIsRefused() {
        client.resource(new SecretBuilder().withNewMetadata().withName(world.secret().name()).withNamespace("mastodon").endMetadata().build()).create();
        refused("Secret mastodon/" + world.secret().name() + " exists and lacks the label");
        assertThat(world.changes()).isEmpty();
    }

    @Test
    void theTokenIsInItsSecretBeforeTheGroupIsAskedAndInNoOtherRequest() {
        world.look();
        assertThat(world.changes()).isEmpty();
        var token = world.kept().get("token");
        assertThat(token).matches("[A-Za-z0-9]{40}");
        assertThat(world.untilReady()).noneMatch(said -> said.contains(token));
        assertThat(aws.proxy().calls().containing(token)).singleElement().satisfies(call -> assertThat(call.call().action()).isEqualTo("CreateReplicationGroup"));
        assertThat(created().entrySet()).filteredOn(parameter -> parameter.getValue().contains(token)).singleElement().satisfies(parameter -> assertThat(parameter.getKey()).isEqualTo("AuthToken"));
    }

    @Test
    void aSecretThatWasDeletedIsToldAndTheTokenIsNotRotated() {
        prompt();
        world.untilReady();
        world.secret().release();
        assertThatThrownBy(world::untilReady).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining("holds another token")
                .hasMessageContaining("aws elasticache delete-replication-group --replication-group-id " + world.name()).hasMessageNotContaining(world.kept().get("token"));
        assertThat(world.changes()).isEqualTo(CREATION);
        world.api.cache().deleteReplicationGroup(call -> call.replicationGroupId(world.name()));
        assertThat(world.untilReady()).as("the way out leads out").last().asString().contains("is ready");
        assertThat(created()).containsEntry("AuthToken", world.kept().get("token"));
    }

    @Test
    void availableForAMomentIsNotReady() {
        aws.proxy().caches().behave(new CacheStatuses(List.of("creating", "available", "available", "snapshotting", "available", "modifying", "available"), List.of("available"), List.of()));
        var said = world.untilReady();
        assertThat(said.subList(said.size() - 4, said.size())).satisfiesExactly(one -> assertThat(one).contains("1 of 3"), two -> assertThat(two).contains("2 of 3"),
                three -> assertThat(three).contains("address was written"), ready -> assertThat(ready).contains("is ready"));
        assertThat(said).filteredOn(message -> message.contains("1 of 3")).as("it began to count three times").hasSize(3);
    }

    @Test
    void whatSomebodyTookAwayComesBackAtOnceAndWhatWaitsForTheWindowIsTold() {
        prompt();
        world.untilReady();
        var cache = world.api.cache();
        cache.modifyReplicationGroup(call -> call.replicationGroupId(world.name()).automaticFailoverEnabled(false).multiAZEnabled(false).snapshotRetentionLimit(0).applyImmediately(true));
        world.untilReady();
        assertThat(cache.describeReplicationGroups(call -> call.replicationGroupId(world.name())).replicationGroups()).singleElement().satisfies(group -> {
            assertThat(group.automaticFailoverAsString()).isEqualTo("enabled");
            assertThat(group.multiAZAsString()).isEqualTo("enabled");
            assertThat(group.snapshotRetentionLimit()).isEqualTo(7);
        });
        cache.modifyReplicationGroup(call -> call.replicationGroupId(world.name()).automaticFailoverEnabled(false));
        assertThat(world.operator().ensure()).isInstanceOf(Provisioned.Working.class).satisfies(waits -> assertThat(waits.message()).contains("AutomaticFailover", "--apply-immediately"));
    }

    @Test
    void aSettingThatSomebodyChangedComesBackAndIsInForceBeforeItIsReady() {
        prompt();
        world.untilReady();
        world.api.cache().modifyCacheParameterGroup(call -> call.cacheParameterGroupName(world.name()).parameterNameValues(value -> value.parameterName("maxmemory-policy").parameterValue("allkeys-lru")));
        assertThat(world.look()).contains("was given maxmemory-policy");
        assertThat(world.untilReady()).first().asString().contains("its parameter group is applying");
        world.api.cache().modifyReplicationGroup(call -> call.replicationGroupId(world.name()).cacheParameterGroupName("default.valkey8").applyImmediately(true));
        assertThatThrownBy(world::untilReady).hasMessageContaining("another parameter group");
    }

    @Test
    void whatCannotHealSaysTheWayOutAndWhatIsUnknownIsToldAndWaitedFor() {
        prompt();
        world.untilReady();
        aws.proxy().caches().show(world.name(), "create-failed");
        assertThatThrownBy(world::look).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining("does not come back").hasMessageContaining("describe-events");
        aws.proxy().caches().show(world.name(), "pondering");
        assertThat(world.look()).contains("\"pondering\"");
        aws.proxy().caches().show(world.name(), "deleting");
        assertThat(world.look()).contains("did not ask for that");
        aws.proxy().caches().show(world.name(), "available");
        world.untilReady();
    }

    @Test
    void aQuotaAndAClassThatIsNotOfferedAreToldInAwsWords() {
        aws.proxy().faults().next("elasticache:CreateReplicationGroup", new AwsFault.Refused(400, "NodeQuotaForCustomerExceeded", "You have exceeded your quota of 300 nodes"));
        assertThatThrownBy(world::untilReady).hasMessageContaining("Service Quotas").hasMessageContaining("300 nodes");
        aws.proxy().faults().next("elasticache:CreateReplicationGroup", new AwsFault.Refused(400, "InvalidParameterValue", "Invalid Cache Node Type: cache.t4g.small"));
        assertThatThrownBy(world::untilReady).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining("Invalid Cache Node Type");
    }

    @Test
    void theUrlIsThereWhenItIsReadyAndComesFromTheSecretAlone() {
        prompt();
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class);
        world.untilReady();
        var asked = aws.proxy().calls().all().size();
        var url = URI.create(world.operator().url());
        assertThat(url).hasScheme("rediss").hasPort(6379).hasUserInfo(":" + world.kept().get("token"));
        assertThat(url.getHost()).startsWith("master." + world.name());
        assertThat(world.operator().ca()).as("the system's").isEmpty();
        assertThat(world.operator().planned().orElseThrow().major()).isEqualTo(8);
        assertThat(aws.proxy().calls().all()).hasSize(asked);
        var provision = new PhaseRecord();
        provision.name = "Provision";
        provision.state = PhaseState.Succeeded;
        world.migration.setStatus(new MastodonMigrationStatus());
        world.migration.getStatus().phases.add(provision);
        world.secret().release();
        assertThatThrownBy(() -> world.operator().url()).as("a worker without a target's URL takes it that Redis does not move").isNotInstanceOf(NotCreatedException.class)
                .hasMessageContaining("Put it back from a backup").hasMessageContaining("ROTATE");
    }
}
