package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Dns;
import dev.mastodonmigration.api.MastodonMigrationSpec.Route53;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretRef;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Finding;
import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.DnsEdge;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.NameServer;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.played.PlayedFront;
import dev.mastodonmigration.target.aws.AwsClients;
import dev.mastodonmigration.target.aws.AwsDns;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The real engine and phases, and Route 53's adapter, with a front that passes on to the source until the cutover: users are moved to it step by step beforehand. */
@EnableKubernetesMockClient(crud = true, https = false)
class Route53PlayedTest {
    private static final String BEFORE = "example.social A 60 192.0.2.1";
    private static final String MOVED = "example.social A 60 192.0.2.10";
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private final PlayedFront front = new PlayedFront(new FrontAddress.Fixed(List.of("192.0.2.10")), Edge.Side.SOURCE);
    private String zone;
    private NameServer server;
    private PlayedMigration played;

    @BeforeEach
    void start() {
        zone = aws.proxy().account().zone("example.social");
        aws.proxy().account().records(zone, "CREATE " + BEFORE);
        server = NameServer.of(aws.proxy().account(), zone);
        client.resource(new SecretBuilder().withNewMetadata().withName("aws").withNamespace("mastodon").endMetadata().addToData("AWS_ACCESS_KEY_ID", base64("AKIAOPERATOR"))
                .addToData("AWS_SECRET_ACCESS_KEY", base64("geheim")).build()).create();
        played = PlayedMigration.of(spec(live()));
        var dns = new AwsDns(new AwsClients(new FlowAws(Optional.of(aws.proxy().address())), new SecretReader(client)), client, Optional.of(server.address()), () -> played.now);
        var migration = new MastodonMigration();
        migration.setMetadata(new ObjectMetaBuilder().withName("example-social").withNamespace("mastodon").withUid("11111111-2222-3333-4444-555555555555").build());
        migration.setSpec(played.spec);
        played.edge = Optional.of(new DnsEdge(front, dns.of(migration)));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private MastodonMigrationSpec spec(MastodonMigrationSpec of) {
        var target = new Target(of.target().postgres(), of.target().redis(), of.target().compute(), new Dns(new Route53(zone, 60, List.of(10, 100), "30s", null), null));
        return new MastodonMigrationSpec(of.instance(), of.source(), target, new Aws("eu-central-1", new SecretRef("aws"), null), of.edge(), of.strategy(), of.rehearsal(), of.cutover(), of.soak(), of.retire(), of.state());
    }

    private List<String> records() {
        return aws.proxy().account().records(zone);
    }

    @Test
    void usersAreMovedBeforeTheGateAndTheCutoverIsTheFrontsAlone() {
        var went = new ArrayList<List<String>>();
        played.until(status -> {
            if ("ShiftTraffic".equals(status.phase) && (went.isEmpty() || !went.getLast().equals(records()))) {
                went.add(records());
            }
            return "AwaitCutover".equals(status.phase);
        });
        assertThat(went.stream().map(records -> String.join("; ", records).replaceAll("mastodon-example-social-[0-9a-f]+-", ""))).containsSubsequence(BEFORE,
                "example.social A#before=90 60 192.0.2.1; example.social A#front=10 60 192.0.2.10", MOVED);
        assertThat(front.asked).doesNotContain("hold");

        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(front.asked).containsSubsequence("hold", "let go to TARGET");
        assertThat(records()).containsExactly(MOVED);
        assertThat(client.secrets().inNamespace("mastodon").list().getItems()).as("what was kept for going back is gone").hasSize(1);
    }

    @Test
    void abortedInMidShiftUsersGoBackAndTheFrontIsRemovedWhenTheWorldHasForgottenIt() {
        played.until(status -> records().stream().anyMatch(record -> record.contains("#")));
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        played.until(status -> {
            assertThat(records().equals(List.of(BEFORE)) || !front.asked.contains("remove")).isTrue();
            return MastodonMigrationStatus.ABORTED.equals(status.phase);
        });
        assertThat(records()).containsExactly(BEFORE);
        assertThat(front.asked).contains("remove");
    }

    /** Of so many, as of the last minute. */
    private static Optional<EdgeFigures> figures(long requests, long failed) {
        var lately = new SideFigures(List.of(0L, requests - failed, 0L, 0L, 0L), failed, 0, 0, 0, List.of(0L, 0L, requests - failed, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 20 * requests);
        return Optional.of(new EdgeFigures("Source", 2, 0, 0, 0, Map.of(Edge.Side.SOURCE, lately), Map.of(Edge.Side.SOURCE, requests / 60.0)));
    }

    private boolean areSplit() {
        return records().stream().anyMatch(record -> record.contains("#"));
    }

    private Optional<Finding> worse() {
        return played.status.findings.stream().filter(finding -> finding.id.startsWith("worse-")).findFirst();
    }

    @Test
    void usersWhoFareWorseThroughTheEdgeInTwoWindowsAreLedBackAStepAndOnAgainLater() {
        front.figures = figures(100, 30);
        played.until(status -> areSplit());
        var split = played.now;
        // Whoever dies before writing down what was decided decides it again.
        var look = new int[1];
        played.dies = decision -> look[0]++ % 3 == 1;
        played.until(status -> records().equals(List.of(BEFORE)));
        assertThat(Duration.between(split, played.now)).as("not after one window").isBetween(Duration.ofSeconds(60), Duration.ofSeconds(120));
        assertThat(worse()).hasValueSatisfying(finding -> assertThat(finding.message).startsWith("Users fare worse through the edge: 100 requests came through the edge in a minute, and 30.0 % of them failed, while the source, asked directly,"
                + " answers within 40 ms. DNS leads 0 % of them there from now on"));
        assertThat(played.told).filteredOn(told -> told.message().contains("Users fare worse")).hasSize(1);

        front.figures = figures(100, 0);
        var back = played.now;
        played.until(status -> areSplit());
        assertThat(Duration.between(back, played.now)).isGreaterThan(Duration.ofMinutes(4));
        assertThat(worse()).isEmpty();
        played.untilPhase("AwaitCutover");
        assertThat(records()).containsExactly(MOVED);
        assertThat(worse()).isEmpty();
    }

    @Test
    void nobodyIsLedBackWhereTooFewComeOrTheSourceItselfFails() {
        front.figures = figures(99, 99);
        played.until(status -> areSplit());
        played.until(status -> {
            assertThat(worse()).isEmpty();
            front.figures = figures(119, 60);
            front.source = new DirectProbe(Optional.of("cname.herokudns.com answers \"HTTP/1.1 503\""), 30);
            return "AwaitCutover".equals(status.phase);
        });
        assertThat(records()).containsExactly(MOVED);
    }

    @Test
    void nobodyIsLedBackForOneBadMinute() {
        front.figures = figures(100, 30);
        played.until(status -> status.internal.shift != null && status.internal.shift.badWindows == 1);
        assertThat(played.describe()).contains("No more traffic is moved: 100 requests came through the edge");
        front.figures = figures(100, 0);
        played.untilPhase("AwaitCutover");
        assertThat(played.status.internal.shift.retreats).isZero();
    }

    @Test
    void aFrontThatIsNotHealthyMovesNobodyFurther() {
        played.until(status -> records().stream().anyMatch(record -> record.contains("#")));
        front.fault = Optional.of("two of three pods are gone");
        var now = records();
        for (var look = 0; look < 40; look++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(records()).isEqualTo(now);
        assertThat(played.describe()).contains("No more traffic is moved, because the edge is not healthy: two of three pods are gone");
    }
}
