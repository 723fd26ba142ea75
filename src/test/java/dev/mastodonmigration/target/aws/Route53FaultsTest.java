package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Whatever happens to whichever call, with an operator that is restarted before each look: users are moved all the same, and go back to exactly what was. */
@EnableKubernetesMockClient(crud = true, https = false)
class Route53FaultsTest {
    static final List<AwsFault> FAULTS = List.of(new AwsFault.LostAnswer(), new AwsFault.CutBefore(), new AwsFault.Throttled(),
            new AwsFault.Refused(400, "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request."));
    private static final int MOST_LOOKS = 300;
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private Route53World world;

    @BeforeEach
    void world() {
        world = new Route53World(client, aws.proxy(), Route53World.ON_HEROKU);
        world.migration = world.spec("steps: [10, 100], hold: 1m");
    }

    @AfterEach
    void close() {
        world.close();
    }

    /** Each call of each look in turn: the look is taken again after each fault, which then meets the next call of it. */
    @ParameterizedTest
    @FieldSource("FAULTS")
    void whicheverCallItMeetsUsersAreMovedAndGoBack(AwsFault fault) {
        var before = world.records();
        var met = new TreeSet<String>();
        untilReady(world::shift, fault, met);
        assertThat(world.records()).contains("www.example.social CNAME 60 " + Route53World.LB, "streaming.example.social CNAME 60 " + Route53World.LB);
        untilReady(world::restore, fault, met);
        assertThat(world.records()).isEqualTo(before);
        assertThat(met).contains("route53:ChangeResourceRecordSets", "route53:GetHostedZone", "route53:ListResourceRecordSets");
        // An answer that is lost loses the id of the change with it.
        assertThat(fault instanceof AwsFault.LostAnswer || met.contains("route53:GetChange")).as(met.toString()).isTrue();
        assertThat(client.secrets().inNamespace(Route53World.NAMESPACE).withName(world.ledgers().name()).get()).isNull();
    }

    private void untilReady(Supplier<Provisioned> look, AwsFault fault, TreeSet<String> met) {
        var passing = 0;
        for (var count = 0; count < MOST_LOOKS; count++) {
            world.aws.calls().clear();
            world.aws.faults().nthOfAll(passing + 1, fault);
            var seen = looked(look);
            var wasMet = world.aws.faults().waiting() == 0;
            world.aws.faults().clear();
            world.pass(Duration.ofSeconds(30));
            if (!wasMet && seen.isPresent() && seen.get() instanceof Provisioned.Ready) {
                return;
            }
            if (wasMet) {
                met.add(world.aws.calls().all().getLast().call().name());
            }
            // After a change whose answer was lost things stand otherwise.
            var isElsewhere = fault instanceof AwsFault.LostAnswer && world.aws.calls().all().stream().anyMatch(call -> call.call().isChange());
            passing = wasMet && !isElsewhere ? passing + 1 : 0;
        }
        throw new AssertionError("not ready after " + MOST_LOOKS + " looks; met: " + met + "; " + world.records());
    }

    /** Empty when the fault came through, which must be told as something that may pass. */
    private static Optional<Provisioned> looked(Supplier<Provisioned> look) {
        try {
            return Optional.of(look.get());
        } catch (OutsideException e) {
            assertThat(e.mayPass()).as(e.getMessage()).isTrue();
            return Optional.empty();
        }
    }
}
