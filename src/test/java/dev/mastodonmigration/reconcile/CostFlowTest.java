package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus.Verdict;
import dev.mastodonmigration.itinerary.Specs;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Through the real Heroku adapter, the real API server's schema, and an operator that is restarted at each look. */
class CostFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    @Test
    void whatHerokuCostsIsToldAndTheTargetThatIsTheAdminsIsNotKnown() {
        flow.heroku.app("example-web").addOn("heroku-postgresql", "standard-0", 50);
        flow.apply(Specs.valid());
        flow.until(status -> "Rehearse".equals(status.phase));
        var cost = flow.status().cost;
        assertThat(cost.source.monthlyUsd).isEqualTo(200.0);
        assertThat(cost.target.monthlyUsd).isNull();
        assertThat(cost.target.unknown).containsExactly("the target's Postgres", "the target's Redis", "web, streaming and Sidekiq in your cluster");
        assertThat(cost.verdict).isEqualTo(Verdict.Unknown);
        assertThat(cost.summary).contains("For Heroku apps example-web, example-streaming you pay 200.00 USD a month. What the target will cost is not known to the operator.",
                "While both run, that is at least 200.00 USD a month.", "the target's Postgres (it is yours)");
        assertThat(flow.events()).as("nothing that the admin could do about it").noneMatch(event -> event.contains("you pay"));
    }
}
