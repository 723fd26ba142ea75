package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnableKubernetesMockClient(crud = true, https = false)
class RdsReleaseTest {
    /** The changes of an undisturbed removal, in order. */
    private static final List<String> REMOVAL = List.of("ModifyDbInstance", "DeleteDbInstance", "DeleteDbParameterGroup", "DeleteDbSubnetGroup", "DeleteSecurityGroup");
    /** Set by the extension. */
    KubernetesClient client;
    private RdsWorld world;
    private String before;

    @BeforeEach
    void provisioned() {
        world = new RdsWorld(client);
        before = world.listing();
        world.untilReady();
        world.aws.changes.clear();
    }

    @Test
    void abortLeavesTheAccountAsItWas() {
        world.untilReleased();
        assertGone();
        assertThat(world.aws.changes).as("users before what they use, each once").isEqualTo(REMOVAL);
        world.untilReleased();
        assertThat(world.aws.changes).as("run again, it changes nothing").isEqualTo(REMOVAL);
    }

    @Test
    void itsAddressIsForgottenBeforeItGoes() {
        world.operator().release();
        assertThat(world.aws.changes).isEmpty();
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class);
        assertThat(world.kept()).as("its password is kept for as long as it is there").containsKey("password");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void whereverAnswersAreLostNothingIsLeft(int change) {
        world.aws.loseAnswerOf(change);
        world.untilReleased();
        assertGone();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void whereverRequestsAreLostNothingIsLeft(int change) {
        world.aws.loseRequest(change);
        world.untilReleased();
        assertGone();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void anOperatorThatIsKilledAfterAnyLookGoesOn(int looks) {
        var operator = world.operator();
        for (var look = 0; look < looks; look++) {
            operator.release();
        }
        world.untilReleased();
        assertGone();
        assertThat(world.aws.changes).isEqualTo(REMOVAL);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatWasOnlyHalfCreatedGoesToo(int looks) {
        world.untilReleased();
        var operator = world.operator();
        for (var look = 0; look < looks; look++) {
            operator.ensure();
            world.pass(Duration.ofSeconds(10));
        }
        world.untilReleased();
        assertGone();
    }

    @Test
    void anInterfaceThatLingersIsWaitedFor() {
        world.aws.ec2.lingering = 3;
        assertThat(world.untilReleased()).filteredOn(said -> said.contains("linger for minutes")).hasSize(3);
        assertGone();
    }

    @Test
    void withoutDeleteEverythingStaysAndAwsIsNotEvenAsked() {
        var spec = world.migration.getSpec();
        world.migration.setSpec(new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), new Aws("eu-central-1", null, DeletionPolicy.Retain), spec.strategy(),
                spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state()));
        var standing = world.listing();
        var asked = world.aws.requests.size();
        assertThat(world.operator().release()).isInstanceOf(Provisioned.Ready.class).satisfies(stays -> assertThat(stays.message()).contains("stays", world.names.name()));
        assertThat(world.aws.requests).hasSize(asked);
        assertThat(world.listing()).isEqualTo(standing);
        assertThat(world.operator().url()).contains(FakeRds.HOST);
    }

    @Test
    void whatIsSomebodyElsesStays() {
        var name = world.names.name();
        world.aws.rds.edit(name, instance -> instance.tagList(List.of()).deletionProtection(false));
        world.aws.rds.tags.replaceAll((arn, tags) -> List.of());
        world.aws.ec2.groups.replaceAll((id, group) -> group.toBuilder().tags(List.of()).build());
        var standing = world.listing();
        world.untilReleased();
        assertThat(world.aws.changes).isEmpty();
        assertThat(world.listing()).isEqualTo(standing);
        assertThat(world.kept().get("password")).as("nobody else has it").isEqualTo(world.aws.rds.password);
    }

    @Test
    void aBusyInstanceIsWaitedFor() {
        world.aws.rds.status(world.names.name(), "modifying");
        var operator = world.operator();
        operator.release();
        assertThat(operator.release().message()).contains("busy");
        world.aws.rds.status(world.names.name(), "available");
        world.untilReleased();
        assertGone();
    }

    private void assertGone() {
        assertThat(world.listing()).isEqualTo(before);
        assertThat(client.secrets().inNamespace(RdsWorld.NAMESPACE).list().getItems()).isEmpty();
    }
}
