package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Whatever happens to whichever call of creation and removal: in the end there is one of each, and then nothing. */
@Tag("thorough")
@EnableKubernetesMockClient(crud = true, https = false)
class RdsFaultsTest {
    static final List<AwsFault> FAULTS = List.of(new AwsFault.LostAnswer(), new AwsFault.CutBefore(), new AwsFault.Throttled(),
            new AwsFault.Refused(500, "InternalFailure", "The request processing has failed because of an unknown error"));
    private static final int MOST_LOOKS = 400;
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private RdsWorld world;
    private Map<String, String> before;

    @BeforeEach
    void world() {
        world = new RdsWorld(client, aws.proxy());
        before = world.account.listing();
    }

    /** Each call of each look in turn: the look is taken again after each fault, which then meets the next call of it. */
    @ParameterizedTest
    @FieldSource("FAULTS")
    void whicheverCallItMeetsThereIsOneOfEachAndThenNothing(AwsFault fault) {
        world.untilReady();
        var undisturbed = names(world.calls().all());
        world.calls().clear();
        world.untilReleased();
        var undisturbedRelease = names(world.calls().all());

        var met = untilReady(fault, Rds::ensure);
        assertThat(names(met)).as("each call of an undisturbed creation was met").allSatisfy((name, times) -> assertThat(times).as(name).isGreaterThanOrEqualTo(undisturbed.get(name)))
                .containsOnlyKeys(undisturbed.keySet());
        assertOneOfEach();

        var metRelease = untilReady(fault, Rds::release);
        assertThat(names(metRelease)).as("each call of an undisturbed removal was met").containsOnlyKeys(undisturbedRelease.keySet());
        assertThat(world.account.listing()).isEqualTo(before);
        assertThat(world.tagged()).isEmpty();
        assertThat(world.secretsOfOurs()).isEmpty();
    }

    /** @return the calls that the fault met */
    private List<RecordedCall> untilReady(AwsFault fault, Function<Rds, Provisioned> act) {
        var met = new ArrayList<RecordedCall>();
        var operator = world.operator();
        var passing = 0;
        for (var look = 0; look < MOST_LOOKS; look++) {
            world.calls().clear();
            world.aws.faults().nthOfAll(passing + 1, fault);
            var seen = looked(act, operator);
            var wasMet = world.aws.faults().waiting() == 0;
            world.aws.faults().clear();
            world.pass(RdsWorld.APART);
            if (!wasMet && seen.isPresent() && seen.get() instanceof Provisioned.Ready) {
                return met;
            }
            if (!wasMet) {
                passing = 0;
                continue;
            }
            var last = world.calls().all().getLast();
            met.add(last);
            if (last.call().isChange() && last.outcome() == RecordedCall.Outcome.ANSWER_LOST) {
                // Things stand otherwise now, and the operator was killed with it.
                operator = world.operator();
                passing = 0;
            } else {
                passing++;
            }
        }
        throw new AssertionError("not ready after " + MOST_LOOKS + " looks; met: " + met);
    }

    /** Empty when the fault came through, which must be told as something that may pass. */
    private static Optional<Provisioned> looked(Function<Rds, Provisioned> act, Rds operator) {
        try {
            return Optional.of(act.apply(operator));
        } catch (OutsideException e) {
            assertThat(e.mayPass()).as(e.getMessage()).isTrue();
            assertThat(e).hasMessageContaining("The operator tries again.");
            return Optional.empty();
        }
    }

    @Test
    void theSdksOwnRepetitionsMakeNoSecond() {
        var standard = new AwsClients(new AwsAt(world.aws.address()), new SecretReader(client)).of(world.migration);
        for (var change = 1; change < 40; change += 2) {
            world.aws.faults().nthChange(change, new AwsFault.LostAnswer());
        }
        look(world.operator(standard), Rds::ensure);
        assertThat(world.changes()).as("each was sent again").hasSize(2 * RdsWorld.CREATION.size());
        assertOneOfEach();
        look(world.operator(standard), Rds::release);
        assertThat(world.account.listing()).isEqualTo(before);
    }

    private void look(Rds operator, Function<Rds, Provisioned> act) {
        while (!(act.apply(operator) instanceof Provisioned.Ready)) {
            world.pass(RdsWorld.APART);
            assertThat(world.calls().all()).hasSizeLessThan(500);
        }
    }

    @Test
    void aRefusalThatLastsIsNoneThatMayPass() {
        world.aws.faults().next("rds:CreateDBInstance", new AwsFault.Refused(403, "AccessDenied", "User: arn:aws:iam::1:user/o is not authorized to perform: rds:CreateDBInstance"));
        assertThatThrownBy(world::untilReady).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining("rds:CreateDBInstance");
        world.untilReady();
        assertOneOfEach();
    }

    private void assertOneOfEach() {
        assertThat(world.tagged()).hasSize(RdsWorld.WHOLE);
        assertThat(world.ourSecurityGroups()).hasSize(1);
        assertThat(world.account.rdsValues("DBInstanceIdentifier", "DescribeDBInstances")).containsExactly(world.names.name());
        assertThat(world.account.ec2Values("cidrIp", "DescribeSecurityGroups", "GroupId.1", world.ourSecurityGroups().getFirst())).as("the rule is there once").contains("10.0.0.0/16").doesNotHaveDuplicates();
    }

    private static Map<String, Long> names(List<RecordedCall> calls) {
        return calls.stream().collect(Collectors.groupingBy(call -> call.call().name(), Collectors.counting()));
    }
}
