package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Topology;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.NameServer;
import dev.mastodonmigration.target.aws.ec2.LaunchedMachines;
import dev.mastodonmigration.worker.control.Tasks;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything that the operator can create or change on AWS, all in one migration, with an operator that is restarted before every look. */
@Tag("thorough")
class WholeOnAwsFlowTest {
    /** In how many places, chosen by chance in each run; {@code -Daws.aborts=100}: in each, which takes half an hour. {@code -Daws.abort=Provision}, or {@code =37}: in this phase alone, or after so many changes. */
    private static final int ABORTS = Integer.getInteger("aws.aborts", 1);
    private static final String ABORT = System.getProperty("aws.abort", "");
    private static final int MOST_LOOKS = 1500;
    /** Calls that change something, of a whole way to the gate; some more or less come of waiting. */
    private static final int CHANGES = 50;
    private static final List<String> RECORDS = List.of("example.social A 2 192.0.2.1", "example.social MX 300 10 mail.example.net");

    /** @param phase in which it is aborted; or empty, and after how many changes it is */
    record Place(String phase, int changes) {
        boolean is(String name) {
            return phase.equals(name) || String.valueOf(changes).equals(name);
        }
    }

    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    private MigrationFlow flow;
    private LaunchedMachines machines;
    private NameServer server;
    private List<String> subnets;
    private String zone;
    private Map<String, String> before;

    @BeforeEach
    void start() {
        var account = aws.proxy().account();
        zone = account.zone("example.social");
        account.records(zone, RECORDS.stream().map(record -> "CREATE " + record.replace("10 mail", "10_mail")).toArray(String[]::new));
        server = NameServer.of(account, zone);
        flow = MigrationFlow.onAws(aws.proxy(), Optional.of(server.address()));
        machines = new LaunchedMachines(aws.proxy());
        subnets = account.subnets("ab");
        before = account.listing();
        aws.proxy().certificates().addRecords();
    }

    @AfterEach
    void stop() {
        machines.close();
        flow.close();
        server.close();
    }

    private FlowSpec everything() {
        return new FlowSpec().route53(zone).rds(subnets, DeletionPolicy.Delete).elastiCache(subnets, DeletionPolicy.Delete)
                .ec2(subnets, Topology.Single, "t4g.large", DeletionPolicy.Delete);
    }

    @Test
    void usersAreLedToTheLoadBalancerThatItCreatesOnceTheTargetTakesWritesAndToAnotherOneIfItIsDeletedJustThen() throws IOException {
        flow.apply(everything().withoutRehearsal().soak("1h").spec());
        until("the target takes writes", status -> {
            var balancers = aws.proxy().account().records(zone).stream().filter(record -> record.contains(".elb.")).toList();
            assertThat(balancers.isEmpty() || flow.jobs.ran.contains(Tasks.OPEN_TARGET)).as("nobody is led to a target that is closed").isTrue();
            return status.downtime != null && status.downtime.targetWritableAt != null;
        });
        aws.proxy().account().deleteLoadBalancers();
        until("Soak", status -> "Soak".equals(status.phase));
        assertThat(aws.proxy().account().records(zone)).hasSize(2).contains(RECORDS.getLast()).first().asString().startsWith("example.social A ").contains("alias", ".elb.amazonaws.com");
        assertThat(flow.status().findings).anyMatch(finding -> finding.message.contains("the operator will change example.social A 192.0.2.1, TTL 2 to aliases of the load balancer that it creates"));
        assertThat(flow.status().findings).as("nothing is left to do by hand").noneMatch(finding -> finding.message.startsWith("Point DNS of"));
        assertThat(flow.status().cost.target.unknown).noneMatch(name -> name.contains("the load balancer in front of the target"));
    }

    /** All of them, or some by chance. */
    static List<Place> places() {
        var all = new ArrayList<Place>();
        EnumSet.range(PhaseId.Preflight, PhaseId.GoLive).forEach(phase -> all.add(new Place(phase.name(), Integer.MAX_VALUE)));
        IntStream.range(1, CHANGES).forEach(changes -> all.add(new Place("", changes)));
        if (!ABORT.isEmpty()) {
            return all.stream().filter(place -> place.is(ABORT)).toList();
        }
        Collections.shuffle(all);
        return all.subList(0, Math.min(ABORTS, all.size()));
    }

    @ParameterizedTest
    @MethodSource("places")
    void abortedAnywhereBeforeTheTargetTakesWritesItLeavesTheAccountAsItWas(Place place) throws IOException {
        var spec = place.phase().isEmpty() || place.phase().equals("AwaitCutover") ? everything().notApproved() : everything();
        flow.apply(spec.spec());
        until(place.toString(), status -> place.phase().equals(status.phase) || aws.proxy().calls().changes().size() >= place.changes() || flow.isWaitingForApproval());
        abort(spec);
    }

    private void abort(FlowSpec spec) throws IOException {
        var last = aws.proxy().calls().changes().size();
        var at = flow.status().phase;
        flow.edit(spec.state(DesiredState.Aborted).spec());
        until("aborted in " + at + ", after " + last + " changes", status -> MastodonMigrationStatus.ABORTED.equals(status.phase));

        assertThat(aws.proxy().account().listing()).as("aborted in %s, after %d changes", at, last).isEqualTo(before);
        assertThat(aws.proxy().account().records(zone)).as("aborted in %s, after %d changes", at, last).isEqualTo(RECORDS);
        assertThat(machines.ids()).isEmpty();
        assertThat(flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).extracting(secret -> secret.getMetadata().getName())
                .as("the admin's own").containsExactlyInAnyOrder("aws", "heroku", "target-postgres", "target-redis");
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    /** By looks and not by the clock; a machine that sets itself up is given time in between. */
    private void until(String what, Predicate<MastodonMigrationStatus> wanted) throws IOException {
        for (var look = 0; look < MOST_LOOKS; look++) {
            flow.look();
            machines.look();
            var status = flow.status();
            if (status != null && wanted.test(status)) {
                return;
            }
            if (look > 200) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        }
        throw new AssertionError("not reached: " + what + ": " + flow.status().summary + flow.status().phases.stream().map(record -> "\n  " + record.name + " " + record.state + " " + record.message).toList() + flow.events());
    }
}
