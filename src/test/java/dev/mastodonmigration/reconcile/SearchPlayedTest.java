package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.outside.OutsideException;
import org.junit.jupiter.api.Test;

/** The search index, which is filled on the target and holds nothing up. */
class SearchPlayedTest {
    private static PlayedMigration soaking() {
        var played = PlayedMigration.of(PlayedSpec.soak(live(), "1h"));
        played.compute.searches = true;
        played.until(status -> {
            assertThat(played.compute.search != Building.GONE && status.downtime.targetWritableAt == null).as("never before the target takes writes").isFalse();
            return status.phase.equals("Soak");
        });
        return played;
    }

    @Test
    void itIsBegunInHousekeepingSaidInSoakAndRemovedWhenItHasEndedWell() {
        var played = soaking();
        assertThat(played.compute.search).isEqualTo(Building.WAITING);
        played.compute.search = Building.BUILDING;
        played.until(status -> status.phases.getLast().message.contains("the search index is being filled: kubectl logs -f job/search"));
        played.compute.search = Building.ENDED;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.compute.search).isEqualTo(Building.GONE);
        assertThat(played.status.findings).noneMatch(finding -> finding.id.startsWith("search-index"));
    }

    @Test
    void oneThatFailsIsToldWithWhatToDoAndStaysToBeReadAndHoldsNothingUp() {
        for (var failure : new Building[] {Building.FAILED, Building.TIMED_OUT}) {
            var played = soaking();
            played.compute.search = failure;
            played.untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(played.status.findings).filteredOn(finding -> finding.id.startsWith("search-index")).singleElement()
                    .satisfies(finding -> assertThat(finding.severity + " " + finding.message).startsWith("Action The search index was not filled").contains("job/search", "Run tootctl search deploy in a web pod"));
            assertThat(played.compute.search).isEqualTo(failure);
        }
    }

    @Test
    void oneThatStillRunsHoldsNothingUpEither() {
        var played = soaking();
        played.compute.search = Building.BUILDING;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.compute.search).isEqualTo(Building.BUILDING);
    }

    @Test
    void whatStandsInItsPlaceIsToldAndHoldsNothingUp() {
        var played = new PlayedMigration(PlayedSpec.soak(live(), "1h"), call -> {
            if (call.equals("compute.startSearch")) {
                throw new OutsideException("Job mastodon/example-social-search is not this migration's.", false);
            }
        }).untilPhase("Soak");
        assertThat(played.status.findings).anySatisfy(finding -> assertThat(finding.message).startsWith("The search index is not filled: Job mastodon/example-social-search is not this migration's. Run tootctl"));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }
}
