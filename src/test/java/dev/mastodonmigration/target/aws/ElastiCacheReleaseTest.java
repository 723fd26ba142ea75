package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.CacheStatuses;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@EnableKubernetesMockClient(crud = true, https = false)
class ElastiCacheReleaseTest {
    /** The changes of a removal, in order. */
    private static final List<String> REMOVAL = List.of("DeleteReplicationGroup", "DeleteCacheParameterGroup", "DeleteCacheSubnetGroup", "DeleteSecurityGroup");
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private ElastiCacheWorld world;
    private String before;
    private int created;

    @BeforeEach
    void provisioned() {
        world = new ElastiCacheWorld(client, aws.proxy());
        before = world.listing();
        aws.proxy().caches().behave(CacheStatuses.prompt());
        world.untilReady();
        created = world.changes().size();
        aws.proxy().caches().behave(CacheStatuses.flickering(2));
    }

    private List<String> changes() {
        return world.changes().subList(created, world.changes().size());
    }

    private void assertGone() {
        assertThat(world.listing()).isEqualTo(before);
        assertThat(client.secrets().inNamespace("mastodon").list().getItems()).isEmpty();
    }

    @Test
    void abortLeavesTheAccountAsItWas() {
        assertThat(world.untilReleased()).anyMatch(said -> said.contains("is being deleted, which takes ElastiCache")).anyMatch(said -> said.contains("linger for minutes"));
        assertGone();
        assertThat(changes().stream().distinct()).as("users before what they use").containsExactlyElementsOf(REMOVAL);
        var changed = changes();
        world.untilReleased();
        assertThat(changes()).as("run again, it changes nothing").isEqualTo(changed);
    }

    @Test
    void whereverAnswersOrRequestsAreLostOrTheOperatorIsKilledNothingIsLeft() {
        REMOVAL.forEach(action -> {
            var name = (action.contains("SecurityGroup") ? "ec2:" : "elasticache:") + action;
            aws.proxy().faults().next(name, new AwsFault.CutBefore());
            aws.proxy().faults().nth(2, name, new AwsFault.LostAnswer());
        });
        for (var look = 0; look < 30; look++) {
            try {
                world.operator().release();
            } catch (OutsideException silent) {
                assertThat(silent.mayPass()).isTrue();
            }
        }
        assertThat(aws.proxy().faults().waiting()).isZero();
        world.untilReleased();
        assertGone();
    }

    @Test
    void itsAddressIsForgottenBeforeItGoes() {
        world.operator().release();
        assertThat(changes()).isEmpty();
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class);
        assertThat(world.kept()).as("its token is kept for as long as it is there").containsKey("token");
    }

    @Test
    void whatWasOnlyHalfCreatedGoesTooWhateverIsThere() {
        world.untilReleased();
        for (var looks = 1; looks < 9; looks++) {
            for (var look = 0; look < looks; look++) {
                world.look();
            }
            world.untilReleased();
            assertGone();
        }
    }

    @Test
    void aBusyGroupIsWaitedFor() {
        aws.proxy().caches().show(world.name(), "snapshotting");
        var operator = world.operator();
        operator.release();
        assertThat(operator.release().message()).contains("is snapshotting", "only when it is available");
        aws.proxy().caches().show(world.name(), "available");
        aws.proxy().faults().next("elasticache:DeleteReplicationGroup", new AwsFault.Refused(400, "InvalidReplicationGroupState", "Replication group is not in available state."));
        assertThat(operator.release().message()).contains("busy");
        world.untilReleased();
        assertGone();
    }

    @Test
    void oneThatFailedAndTellsNoTagsIsTheAdminsToDelete() {
        aws.proxy().caches().show(world.name(), "create-failed");
        var operator = world.operator();
        operator.release();
        assertThatThrownBy(operator::release).hasMessageContaining("create-failed").hasMessageContaining("aws elasticache delete-replication-group");
        world.api.cache().deleteReplicationGroup(call -> call.replicationGroupId(world.name()));
        world.untilReleased();
        assertGone();
    }

    @Test
    void whatIsSomebodyElsesStays() {
        List.of("replicationgroup", "subnetgroup", "parametergroup").forEach(kind ->
                world.api.cache().removeTagsFromResource(call -> call.resourceName(world.arn(kind)).tagKeys(AwsNames.UID_TAG)));
        var group = world.api.ec2().describeSecurityGroups(call -> call.filters(filter -> filter.name("group-name").values(world.name()))).securityGroups().getFirst().groupId();
        world.api.ec2().deleteTags(call -> call.resources(group).tags(tag -> tag.key(AwsNames.UID_TAG)));
        var token = world.kept().get("token");
        var standing = world.listing();
        var changed = changes().size();
        world.untilReleased();
        assertThat(changes()).hasSize(changed);
        assertThat(world.listing()).isEqualTo(standing);
        assertThat(world.kept().get("token")).as("nobody else has it").isEqualTo(token);
    }

    @Test
    void withoutDeleteEverythingStaysAndAwsIsNotEvenAsked() {
        var url = world.operator().url();
        var asked = aws.proxy().calls().all().size();
        var retained = world.retaining();
        assertThat(retained.release()).isInstanceOf(Provisioned.Ready.class).satisfies(stays -> assertThat(stays.message()).contains("stays", world.name()));
        assertThat(aws.proxy().calls().all()).hasSize(asked);
        assertThat(retained.url()).isEqualTo(url);
    }
}
