package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.NameServer;
import dev.mastodonmigration.worker.control.Tasks;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the admin of a migration whose DNS is in Route 53 sees, from Preflight to the end, with an operator that is restarted before every look. */
@Tag("thorough")
class Route53FlowTest {
    private static final String CHANGE = "route53:ChangeResourceRecordSets";
    private static final List<String> BEFORE = List.of("example.social A 2 192.0.2.1", "example.social AAAA 2 2001:db8:0:0:0:0:0:1", "example.social MX 300 10 mail.example.net");
    private static final List<String> LOWERED = BEFORE.stream().map(record -> record.replace(" 2 ", " 1 ")).toList();
    private static final List<String> MOVED = List.of("example.social A 1 192.0.2.10", "example.social MX 300 10 mail.example.net");
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    private String zone;
    private NameServer server;
    private MigrationFlow flow;

    @BeforeEach
    void start() {
        zone = aws.proxy().account().zone("example.social");
        aws.proxy().account().records(zone, BEFORE.stream().map(record -> "CREATE " + record.replace("10 mail", "10_mail")).toArray(String[]::new));
        server = NameServer.of(aws.proxy().account(), zone);
        flow = MigrationFlow.onAws(aws.proxy(), Optional.of(server.address()));
    }

    @AfterEach
    void stop() {
        flow.close();
        server.close();
    }

    private FlowSpec spec() {
        return new FlowSpec().route53(zone, "192.0.2.10");
    }

    private List<String> records() {
        return aws.proxy().account().records(zone);
    }

    private boolean keepsWhatWasThere() {
        return flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream().anyMatch(secret -> secret.getMetadata().getName().endsWith("-dns"));
    }

    @Test
    void dnsIsChangedWhenTheTargetTakesWritesAndNotBefore() {
        flow.apply(spec().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(records()).as("only the TTL, beforehand").isEqualTo(LOWERED);
        assertThat(flow.status().findings).anySatisfy(finding -> assertThat(finding.message).contains("will change example.social A 192.0.2.1, TTL 2"));
        assertThat(keepsWhatWasThere()).isTrue();
        flow.until(status -> flow.isWaitingForApproval());
        assertThat(flow.condition("AwaitingApproval")).contains("Nobody changes the DNS records of example.social until then").doesNotContain("can come to");

        flow.edit(spec().spec());
        flow.until(status -> {
            assertThat(records()).isIn(LOWERED, MOVED);
            assertThat(records().equals(LOWERED) || flow.jobs.ran.contains(Tasks.OPEN_TARGET)).as("nobody is led to a target that is closed").isTrue();
            return MastodonMigrationStatus.COMPLETED.equals(status.phase);
        });
        assertThat(records()).isEqualTo(MOVED);
        assertThat(aws.proxy().calls().count(CHANGE)).as("one batch for each").isEqualTo(2);
        assertThat(keepsWhatWasThere()).as("nothing of ours is left").isFalse();
        assertThat(flow.status().findings).as("nothing is left to do by hand").noneMatch(finding -> finding.message.startsWith("Point DNS of"));
    }

    @Test
    void abortedAtTheGateItPutsBackExactlyWhatWasThere() {
        flow.apply(spec().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.edit(spec().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(records()).isEqualTo(BEFORE);
        assertThat(keepsWhatWasThere()).isFalse();
    }

    @Test
    void deletedAfterTheOpeningItLeavesDnsThereAndKeepsNothingThatANamespaceWouldWaitFor() {
        flow.applyWithFinalizer(spec().soak("1h").spec());
        flow.until(status -> "Soak".equals(status.phase));
        assertThat(keepsWhatWasThere()).isTrue();
        flow.client.resource(flow.read()).delete();
        flow.untilTheFinalizerGoes();
        assertThat(records()).isEqualTo(MOVED);
        assertThat(keepsWhatWasThere()).isFalse();
    }

    @Test
    void aSpecThatNoLongerNamesTheZoneDoesNotLeaveDnsAsTheMigrationMadeIt() {
        flow.apply(spec().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.edit(new FlowSpec().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> flow.condition("Stalled").startsWith("True"));
        assertThat(flow.status().phase).isEqualTo("UndoShiftTraffic");
        assertThat(flow.condition("Stalled")).contains("hostedZoneId was \"" + zone + "\"", "is now \"\"", "Put it back");
        assertThat(records()).as("left, and not forgotten").isEqualTo(LOWERED);
        flow.edit(spec().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(records()).isEqualTo(BEFORE);
        assertThat(keepsWhatWasThere()).isFalse();
    }

    @Test
    void answersThatAreLostAllTheWayLoseNothing() {
        for (var call = 1; call < 60; call += 4) {
            aws.proxy().faults().nth(call, "route53:ListResourceRecordSets", new AwsFault.CutBefore());
            aws.proxy().faults().nth(call, "route53:GetChange", new AwsFault.Throttled());
        }
        aws.proxy().faults().nth(1, CHANGE, new AwsFault.CutBefore());
        // The one that moves users, which the SDK then makes again.
        aws.proxy().faults().nth(3, CHANGE, new AwsFault.LostAnswer());
        flow.apply(spec().spec());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(records()).isEqualTo(MOVED);
    }

    @Test
    void aRecordThatWasChangedByHandStopsItAtGoLiveUntilItIsPutBack() {
        flow.apply(spec().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        aws.proxy().account().records(zone, "DELETE example.social A 1 192.0.2.1", "CREATE example.social A 1 192.0.2.66");
        flow.edit(spec().spec());
        flow.until(status -> status.downtime != null && status.downtime.targetWritableAt != null && MigrationFlow.stalled(status));
        assertThat(flow.condition("Stalled")).contains("Somebody changed what the operator left in hosted zone " + zone, "Expected: example.social A 192.0.2.1, TTL 1", "Found: example.social A 192.0.2.66, TTL 1");
        assertThat(records()).contains("example.social A 1 192.0.2.66");

        aws.proxy().account().records(zone, "DELETE example.social A 1 192.0.2.66", "CREATE example.social A 1 192.0.2.1");
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(records()).isEqualTo(MOVED);
    }

    @Test
    void whatSomebodyHasLedThereByHandIsTakenAsItIs() {
        flow.apply(spec().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        aws.proxy().account().records(zone, "DELETE example.social A 1 192.0.2.1", "DELETE example.social AAAA 1 2001:db8:0:0:0:0:0:1", "CREATE example.social A 1 192.0.2.10");
        assertThat(records()).isEqualTo(MOVED);
        flow.edit(spec().spec());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(records()).isEqualTo(MOVED);
        assertThat(aws.proxy().calls().count(CHANGE)).as("the TTL alone").isEqualTo(1);
    }

    @Test
    void aLoadBalancerThatDoesNotServeHoldsItBeforeDnsIsTouchedAndIsNamed() {
        flow.frontFault = "192.0.2.10 has no valid certificate for example.social";
        flow.apply(spec().spec());
        flow.until(status -> flow.says("SmokeTest", "192.0.2.10 has no valid certificate for example.social. DNS will lead all users there"));
        assertThat(records()).isEqualTo(BEFORE);
        flow.frontFault = "";
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void aZoneThatNobodyAsksStopsItInPreflight() {
        server.delegate("example.social.", "ns1.registrar.example");
        flow.apply(spec().spec());
        flow.until(MigrationFlow::stalled);
        assertThat(flow.status().phase).isEqualTo("Preflight");
        assertThat(flow.condition("Stalled")).contains("would move nobody");
        assertThat(aws.proxy().calls().changes()).isEmpty();
    }
}
