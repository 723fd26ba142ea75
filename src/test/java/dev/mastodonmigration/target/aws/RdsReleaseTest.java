package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.aws.AwsAccount;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("thorough")
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
    void withoutDeleteEverythingStaysAndIsNamed() {
        world.edit(RdsWorld.migration("deletionPolicy: Delete", "deletionPolicy: Retain"));
        var standing = world.account.listing();
        assertThat(world.operator().release()).isInstanceOf(Provisioned.Left.class).satisfies(stays -> assertThat(stays.message()).contains("stays, and costs money: " + named(RdsInstance.WHAT),
                named(RdsParameterGroup.WHAT), named(RdsSubnetGroup.WHAT), named(AwsSecurityGroup.WHAT), "Secret mastodon/" + world.secret().name(), "deletion protection").doesNotContain("Deleted already"));
        assertThat(world.changes()).isEmpty();
        assertThat(world.account.listing()).isEqualTo(standing);
        assertThat(world.operator().url()).contains("mastodon_production");
    }

    /** The policy is edited while the deletion runs. */
    @Test
    void whatIsGoneAlreadyIsNotSaidToStay() {
        var operator = world.operator();
        while (world.calls().count("rds:DeleteDBInstance") == 0) {
            operator.release();
        }
        world.edit(RdsWorld.migration("deletionPolicy: Delete", "deletionPolicy: Retain"));
        assertThat(world.operator().release()).isInstanceOf(Provisioned.Left.class).satisfies(stays -> assertThat(stays.message()).contains(named(RdsInstance.WHAT) + " (is being deleted already)"));
        assertThat(world.operator().release().message()).satisfies(said -> {
            assertThat(said.substring(0, said.indexOf("Deleted already, or never created: "))).contains(named(RdsParameterGroup.WHAT), named(RdsSubnetGroup.WHAT)).doesNotContain(named(RdsInstance.WHAT));
            assertThat(said.substring(said.indexOf("Deleted already, or never created: "))).contains(named(RdsInstance.WHAT));
        });
    }

    @Test
    void whereNothingWasCreatedNothingIsSaidToStay() {
        world.untilReleased();
        world.edit(RdsWorld.migration("deletionPolicy: Delete", "deletionPolicy: Retain"));
        assertThat(world.operator().release()).isInstanceOf(Provisioned.Ready.class).satisfies(said -> assertThat(said.message()).contains("Nothing of this migration is on AWS").doesNotContain("stays"));
    }

    /** To let go must not need what was lost. */
    @Test
    void withoutDeleteItIsLetGoThoughAwsRefusesTheCredentials() {
        world.edit(RdsWorld.migration("deletionPolicy: Delete", "deletionPolicy: Retain"));
        refuseCredentials();
        assertThat(world.operator().release()).isInstanceOf(Provisioned.Left.class)
                .satisfies(stays -> assertThat(stays.message()).contains("whatever was created of " + named(RdsInstance.WHAT), "could not look: AWS refuses the credentials", "Secret mastodon/" + world.secret().name()));
    }

    @Test
    void whatRemainsIsNamedWhereTheDeletionCannotGoOn() {
        assertThat(world.operator().remains()).hasValueSatisfying(said -> assertThat(said).contains("stays, and costs money: " + named(RdsInstance.WHAT), named(AwsSecurityGroup.WHAT)));
        refuseCredentials();
        assertThat(world.operator().remains()).hasValueSatisfying(said -> assertThat(said).contains("whatever was created of " + named(RdsInstance.WHAT), named(AwsSecurityGroup.WHAT), "Secret mastodon/"));
        world.aws.faults().clear();
        world.untilReleased();
        assertThat(world.operator().remains()).isEmpty();
    }

    /** All of it would be "not found" there. */
    @Test
    void withCredentialsOfAnotherAccountNothingIsTakenForGone() {
        world.began(AwsAccount.HERE);
        world.secret(RdsWorld.CREDENTIALS, Map.of(), "AWS_ACCESS_KEY_ID", AwsAccount.KEY_ELSEWHERE, "AWS_SECRET_ACCESS_KEY", "geheim");
        assertThatThrownBy(() -> world.operator().release()).hasMessageContainingAll(AwsAccount.HERE, AwsAccount.ELSEWHERE);
        assertThat(world.operator().remains()).hasValueSatisfying(said -> assertThat(said).contains("whatever was created of " + named(RdsInstance.WHAT)));
        assertThat(world.kept()).as("nobody else has its password").containsKeys("password", "host");
    }

    private String named(String what) {
        return what + " " + world.names.name();
    }

    private void refuseCredentials() {
        world.aws.faults().whenever(call -> call.accessKey().equals("AKIAOPERATOR"), new AwsFault.Refused(403, "ExpiredToken", "The security token included in the request is expired"));
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
        assertThat(world.operator().release()).isInstanceOf(Provisioned.Left.class).satisfies(stays -> assertThat(stays.message()).contains("lacks this migration's tag", "costs money"));
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
    void oneThatIsDeadOnItsCreationIsDeleted() {
        world.untilReleased();
        while (world.calls().count("rds:CreateDBInstance") == 0) {
            world.operator().ensure();
        }
        world.aws.rds().show(world.names.name(), "incompatible-network");
        assertThatThrownBy(() -> world.operator().ensure()).hasMessageContaining("incompatible-network");
        world.untilReleased();
        assertGone();
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
