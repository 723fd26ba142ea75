package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@EnableKubernetesMockClient(crud = true, https = false)
class RdsReleaseTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private RdsWorld world;
    private Map<String, String> before;

    @BeforeEach
    void provisioned() {
        world = new RdsWorld(client, aws.proxy());
        before = world.account.listing();
        world.untilReady();
        world.calls().clear();
    }

    @Test
    void abortLeavesTheAccountAsItWas() {
        var said = world.untilReleased();
        assertGone();
        assertThat(world.changes().stream().distinct()).as("users before what they use")
                .containsExactly("rds:ModifyDBInstance", "rds:DeleteDBInstance", "rds:DeleteDBParameterGroup", "rds:DeleteDBSubnetGroup", "ec2:DeleteSecurityGroup");
        assertThat(world.calls().count("rds:DeleteDBInstance")).isEqualTo(1);
        assertThat(said).as("an interface of the instance lingers").anyMatch(one -> one.contains("linger for minutes"));
        assertThat(said.getLast()).contains("Nothing of this migration is left on AWS");
        var changed = world.changes().size();
        world.untilReleased();
        assertThat(world.changes()).as("run again, it changes nothing").hasSize(changed);
    }

    @Test
    void itsAddressIsForgottenBeforeItGoes() {
        world.operator().release();
        assertThat(world.changes()).isEmpty();
        assertThatThrownBy(() -> world.operator().url()).isInstanceOf(NotCreatedException.class);
        assertThat(world.kept()).as("its password is kept for as long as it is there").containsKey("password");
    }

    @Test
    void anOperatorThatIsKilledAfterEveryLookGoesOn() {
        while (!(world.operator().release() instanceof Provisioned.Ready)) {
            assertThat(world.changes()).hasSizeLessThan(20);
        }
        assertGone();
        assertThat(world.calls().count("rds:DeleteDBInstance")).isEqualTo(1);
    }

    @Test
    void whatWasOnlyHalfCreatedGoesToo() {
        world.untilReleased();
        for (var change = 1; change <= RdsWorld.CREATION.size(); change++) {
            world.calls().clear();
            while (world.changes().size() < change) {
                world.operator().ensure();
            }
            world.untilReleased();
            assertGone();
        }
    }

    @Test
    void withoutDeleteEverythingStaysAndAwsIsNotEvenAsked() {
        world.edit(RdsWorld.migration("deletionPolicy: Delete", "deletionPolicy: Retain"));
        var standing = world.account.listing();
        assertThat(world.operator().release()).isInstanceOf(Provisioned.Ready.class)
                .satisfies(stays -> assertThat(stays.message()).contains("stays, and costs money", world.names.name(), world.secret().name(), "deletion protection"));
        assertThat(world.calls().all()).isEmpty();
        assertThat(world.account.listing()).isEqualTo(standing);
        assertThat(world.operator().url()).contains("mastodon_production");
    }

    @Test
    void whatIsSomebodyElsesStays() {
        world.modify("DeletionProtection", "false");
        for (var list : List.of(List.of("DBInstanceArn", "DescribeDBInstances"), List.of("DBSubnetGroupArn", "DescribeDBSubnetGroups"), List.of("DBParameterGroupArn", "DescribeDBParameterGroups"))) {
            world.takeTagsOff(list.getFirst(), list.getLast());
        }
        world.account.ec2("DeleteTags", "ResourceId.1", world.ourSecurityGroups().getFirst(), "Tag.1.Key", AwsNames.UID_TAG);
        var standing = world.account.listing();
        world.untilReleased();
        assertThat(world.changes()).isEmpty();
        assertThat(world.account.listing()).isEqualTo(standing);
        assertThat(world.kept()).as("nobody else has its password").containsKey("password");
    }

    /** Its groups are in use for as long as it stays, and an ABORT that waited for them would never end. */
    @Test
    void anInstanceWithoutOurTagStaysWithAllItUses() {
        world.takeTagsOff("DBInstanceArn", "DescribeDBInstances");
        assertThat(world.operator().release()).isInstanceOf(Provisioned.Ready.class).satisfies(stays -> assertThat(stays.message()).contains("lacks this migration's tag", "costs money"));
        assertThat(world.changes()).isEmpty();
        assertThat(world.kept()).containsKeys("password", "host");
    }

    @Test
    void aDeadOneThatCannotBeChangedIsTheAdminsToDelete() {
        world.aws.rds().show(world.names.name(), "incompatible-network");
        var operator = world.operator();
        operator.release();
        assertThatThrownBy(operator::release).hasMessageContainingAll("incompatible-network", "neither changed nor deleted", "aws rds delete-db-instance");
        assertThat(world.calls().count("rds:DeleteDBInstance")).isZero();
    }

    @Test
    void aBusyInstanceIsWaitedFor() {
        world.aws.rds().show(world.names.name(), "modifying");
        var operator = world.operator();
        operator.release();
        assertThat(operator.release().message()).contains("busy");
        world.aws.rds().show(world.names.name(), "available");
        world.untilReleased();
        assertGone();
    }

    private void assertGone() {
        assertThat(world.account.listing()).containsExactlyEntriesOf(before);
        assertThat(world.tagged()).isEmpty();
        assertThat(world.secretsOfOurs()).isEmpty();
    }
}
