package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedEdge;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What status tells of the edge while the migration goes on. */
class EdgeFiguresPlayedTest {
    private static final SideFigures SERVED = new SideFigures(List.of(2L, 960L, 20L, 10L, 5L), 3, 2, 40, 1, List.of(0L, 0L, 500L, 300L, 197L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 40_000);

    private static EdgeFigures figures(Side side) {
        return new EdgeFigures(side == Side.SOURCE ? "Source" : "Target", 2, 4, 1260, 7, Map.of(side, SERVED), Map.of(side, 16.6321));
    }

    private static PlayedMigration played(PlayedEdge edge) {
        var played = PlayedMigration.of(PlayedSpec.notApproved(PlayedSpec.route53(live())));
        played.edge = Optional.of(edge);
        return played;
    }

    @Test
    void statusTellsHowUsersFareNotMoreOftenThanTwiceAMinute() {
        var edge = new PlayedEdge(call -> {});
        edge.figures = Optional.of(figures(Side.SOURCE));
        var played = played(edge).untilPhase("AwaitCutover");
        var told = played.status.edge;
        assertThat(List.<Object>of(told.state, told.pods, told.held, told.longestHeldSeconds, told.refused)).containsExactly("Source", 2, 4, 1.3, 7L);
        assertThat(List.<Object>of(told.source.requestsPerSecond, told.source.errorPercent, told.source.p95Milliseconds, told.source.rateLimited, told.source.inboxRefusals)).containsExactly(16.6, 0.8, 100L, 2L, 1L);
        assertThat(told.target).as("nobody was led there").isNull();

        var times = new TreeSet<Instant>();
        edge.measurements = 0;
        var from = played.now;
        played.until(status -> {
            times.add(Instant.parse(status.edge.measuredAt));
            return played.now.isAfter(from.plus(Duration.ofMinutes(10)));
        });
        assertThat(times).hasSizeBetween(15, 21);
        assertThat(edge.measurements).isLessThanOrEqualTo(21);
    }

    @Test
    void nothingIsAskedOfItInTheFreezeAndNothingIsLeftOfItInTheEnd() {
        var edge = new PlayedEdge(call -> {});
        edge.figures = Optional.of(figures(Side.SOURCE));
        var played = played(edge).untilPhase("AwaitCutover");
        played.edit(PlayedSpec.soak(PlayedSpec.route53(live()), "1h"));
        played.untilPhase("StandBy");
        edge.measurements = 0;
        played.untilPhase("Housekeeping");
        assertThat(edge.measurements).isZero();
        edge.figures = Optional.of(figures(Side.TARGET));
        played.untilPhase("Soak").until(status -> status.edge.target != null);
        assertThat(played.status.edge.state).isEqualTo("Target");
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.status.edge).isNull();
    }

    @Test
    void whatCannotBeAskedHoldsNothingUpAndWhatIsGoneIsNotTold() {
        var fails = new boolean[1];
        var edge = new PlayedEdge(call -> {
            if (fails[0] && call.equals("edge.measured")) {
                throw new OutsideException("the Kubernetes API does not answer", true);
            }
        });
        edge.figures = Optional.of(figures(Side.SOURCE));
        var played = played(edge).untilPhase("AwaitCutover");
        fails[0] = true;
        var known = played.status.edge.measuredAt;
        var from = played.now;
        played.until(status -> played.now.isAfter(from.plus(Duration.ofMinutes(2))));
        assertThat(played.status.edge.measuredAt).isEqualTo(known);
        assertThat(played.condition("Ready")).doesNotContain("does not answer");

        fails[0] = false;
        edge.figures = Optional.empty();
        played.until(status -> status.edge == null);
    }
}
