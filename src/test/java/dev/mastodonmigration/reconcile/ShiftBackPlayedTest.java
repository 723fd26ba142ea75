package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.ManualDnsEdge;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.PlayedFront;
import dev.mastodonmigration.played.PlayedNameServers;
import dev.mastodonmigration.played.Trouble;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Users who fare worse through the edge, however DNS leads them there. */
class ShiftBackPlayedTest {
    private final PlayedEdge edge = new PlayedEdge(Trouble.NONE);

    private PlayedMigration played() {
        edge.figures = figures(30);
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        played.edge = Optional.of(edge);
        return played;
    }

    /** Of a hundred requests. */
    private static Optional<EdgeFigures> figures(long failed) {
        var lately = new SideFigures(List.of(0L, 100 - failed, 0L, 0L, 0L), failed, 0, 0, 0, List.of(0L, 0L, 100 - failed, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 2000);
        return Optional.of(new EdgeFigures("Source", 2, 0, 0, 0, Map.of(Side.SOURCE, lately), Map.of(Side.SOURCE, 1.6)));
    }

    private static List<MastodonMigrationStatus.Finding> worse(MastodonMigrationStatus status) {
        return status.findings.stream().filter(finding -> finding.id.startsWith("worse-")).toList();
    }

    @Test
    void eachTryThatFailsIsFollowedByALongerWaitAndTheThirdByNoneBeforeAnEditOfTheSpec() {
        var played = played();
        var waits = new ArrayList<Long>();
        played.until(status -> {
            var shift = status.internal.shift;
            if (shift != null && shift.retreats > waits.size()) {
                waits.add(shift.againAt == null ? 0 : Math.round(Duration.between(Instant.parse(shift.judgedAt), Instant.parse(shift.againAt)).toSeconds() / 60.0));
            }
            return waits.size() == 3 && !worse(status).isEmpty() && worse(status).getFirst().message.contains("3 times");
        });
        assertThat(waits).containsExactly(5L, 10L, 0L);
        assertThat(worse(played.status)).singleElement().satisfies(finding -> assertThat(finding.severity).isEqualTo(Severity.Action))
                .satisfies(finding -> assertThat(finding.message).contains("it was tried 3 times. Fix the cause; then an edit of the spec, as of spec.edge.hold, has it tried again."));
        edge.figures = figures(0);
        var told = played.told.size();
        var share = edge.share();
        var stopped = played.now;
        played.until(status -> played.now.isAfter(stopped.plus(Duration.ofHours(3))));
        assertThat(played.told).as("told once").hasSize(told);
        assertThat(edge.share()).isEqualTo(share);

        played.edit(PlayedSpec.soak(played.spec, "1h"));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(worse(played.status)).isEmpty();
    }

    @Test
    void whoeverEditsTheSpecHasThreeTriesAgain() {
        var played = played().until(status -> status.internal.shift != null && status.internal.shift.retreats == 2);
        played.edit(PlayedSpec.soak(played.spec, "1h"));
        played.until(status -> status.internal.shift.retreats == 1).until(status -> status.internal.shift.retreats == 3);
        assertThat(played.status.internal.shift.againAt).isNull();
    }

    /** What the edge cannot be put right by does not keep users there. */
    @Test
    void anEdgeThatCannotBePutRightLeadsUsersBackAllTheSame() {
        var refused = new boolean[1];
        var broken = new PlayedEdge(call -> {
            if (refused[0] && call.equals("edge.ensure")) {
                throw new OutsideException("the Kubernetes API refuses it", false);
            }
        });
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        played.edge = Optional.of(broken);
        played.until(status -> broken.share() == 10);
        broken.figures = figures(30);
        refused[0] = true;
        played.until(status -> broken.asked.contains("lower to 0"));
    }

    /** Where the admin has pointed DNS back and to the edge again, the old record was there in between, and is remembered. */
    @Test
    void withDnsByHandTheOldTtlIsWaitedOutAgain() {
        var front = new PlayedFront(new FrontAddress.Fixed(List.of("203.0.113.7")), Side.SOURCE);
        var servers = new PlayedNameServers().with("www.example.social", "CNAME", "calm-sea-1.herokudns.com.", 3600);
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        played.edge = Optional.of(new ManualDnsEdge(front, List.of("www.example.social"), Set.of(), servers));
        played.until(status -> status.findings.stream().anyMatch(finding -> finding.message.startsWith("Point DNS of www.example.social at")));
        servers.with("www.example.social", "A", "203.0.113.7", 60);
        front.lastRequests.put("www.example.social", Duration.ofSeconds(1));
        front.figures = figures(0);
        played.until(status -> status.internal.byHand != null && status.internal.byHand.names.getFirst().movedAt != null);
        var moved = played.now;
        front.figures = figures(30);
        played.until(status -> !worse(status).isEmpty());
        front.figures = figures(0);
        front.lastRequests.put("www.example.social", Duration.ofMinutes(6));
        played.until(status -> worse(status).isEmpty() && played.now.isAfter(moved.plus(Duration.ofMinutes(70))));
        front.lastRequests.put("www.example.social", Duration.ofSeconds(1));
        var again = played.now;
        played.until(status -> played.now.isAfter(again.plus(Duration.ofMinutes(50))) || !status.phase.equals("ShiftTraffic"));
        assertThat(Duration.between(Instant.parse(played.status.internal.byHand.names.getFirst().movedAt), Instant.parse(played.status.internal.byHand.names.getFirst().rememberedUntil))).isEqualTo(Duration.ofHours(1));
        assertThat(Instant.parse(played.status.internal.byHand.names.getFirst().movedAt)).isAfter(moved.plus(Duration.ofMinutes(5)));
    }

    /** The admin does as told. Requests from before are not taken for users who come. */
    @Test
    void withDnsByHandNobodyIsTakenToComeWhoWasLedBack() {
        var front = new PlayedFront(new FrontAddress.Fixed(List.of("203.0.113.7")), Side.SOURCE);
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        played.edge = Optional.of(new ManualDnsEdge(front, List.of("www.example.social"), Set.of(), new PlayedNameServers().with("www.example.social", "A", "203.0.113.7", 60)));
        front.figures = figures(30);
        front.lastRequests.put("www.example.social", Duration.ofSeconds(1));
        played.until(status -> !worse(status).isEmpty());
        assertThat(worse(played.status)).singleElement().satisfies(finding -> assertThat(finding.severity).isEqualTo(Severity.Action))
                .satisfies(finding -> assertThat(finding.message).contains("Point DNS of www.example.social back", "you are told to point it there again"));

        front.figures = figures(0);
        var from = played.now;
        played.until(status -> played.now.isAfter(from.plus(Duration.ofHours(1))));
        assertThat(worse(played.status)).as("they still come: nobody has pointed it back").hasSize(1);

        front.lastRequests.put("www.example.social", Duration.ofMinutes(6));
        played.until(status -> worse(status).isEmpty());
        played.until(status -> status.findings.stream().anyMatch(finding -> finding.message.startsWith("Point DNS of www.example.social at")));
        var back = played.now;
        played.until(status -> played.now.isAfter(back.plus(Duration.ofHours(1))));
        assertThat(played.status.phase).isEqualTo("ShiftTraffic");
        assertThat(played.status.findings).anyMatch(finding -> finding.message.startsWith("Point DNS of www.example.social at"));

        front.lastRequests.put("www.example.social", Duration.ofSeconds(1));
        played.until(status -> !"ShiftTraffic".equals(status.phase));
        assertThat(played.status.findings).noneMatch(finding -> finding.message.startsWith("Point DNS"));
    }

    @Test
    void anAbortLeadsNobodyThereAgainAndLeavesNoFinding() {
        var played = played().until(status -> status.findings.stream().anyMatch(finding -> finding.id.startsWith("worse-")));
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(edge.asked).contains("restore").doesNotContain("weight 100");
        assertThat(played.status.findings).noneMatch(finding -> finding.id.startsWith("worse-"));
    }
}
