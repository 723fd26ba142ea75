package dev.mastodonmigration.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.api.MastodonMigrationStatus.Verdict;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CostTest {
    private static final LocalDate DAY = LocalDate.of(2026, 11, 20);

    /** A bill in which a question mark stands for something whose price nobody knows. */
    private static Bill bill(String usd) {
        return new Bill(Stream.of(usd.split(" ")).filter(part -> !part.isEmpty()).map(part -> part.equals("?") ? new Item("the cluster", 1, Optional.empty(), "it is yours")
                : new Item("a thing", 1, Optional.of(new Price(new BigDecimal(part), Unit.MONTH, PriceFrom.HerokuApi, DAY)), "")).toList());
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            165,       62 23,    Saves,       which is 80.00 USD less.
            165,       200,      DoesNotSave, which is 35.00 USD more: the move does not save money.
            165,       165,      DoesNotSave, 'as much as now: the move does not save money.'
            165,       100 ?,    Unknown,     at least 100.00 USD a month. Whether the move saves money is not known.
            165,       200 ?,    DoesNotSave, which is at least 35.00 USD more: the move does not save money.
            165 ?,     100,      Saves,       which is at least 65.00 USD less.
            165 ?,     200,      Unknown,     200.00 USD a month. Whether the move saves money is not known.
            165 ?,     200 ?,    Unknown,     Whether the move saves money is not known.
            165,       ?,        Unknown,     What the target will cost is not known to the operator.
            ?,         100,      Unknown,     What Heroku costs now is not known to the operator.
            ?,         ?,        Unknown,     'Not known: the cluster (it is yours).'
            0,         ?,        Unknown,     What the target will cost is not known to the operator.
            """)
    void whatIsNotKnownIsNeverNothing(String source, String target, Verdict verdict, String words) {
        var cost = new Cost("Heroku", bill(source), bill(target));
        assertThat(cost.verdict()).isEqualTo(verdict);
        assertThat(cost.words()).contains(words).doesNotContain(" 0.00 USD less", "the target will cost 0");
    }

    @Test
    void bothAreToldForAsLongAsBothRun() {
        assertThat(new Cost("Heroku", bill("165"), bill("62 23.50")).words())
                .isEqualTo("For Heroku you pay 165.00 USD a month. The target will cost 85.50 USD a month, which is 79.50 USD less. While both run, that is 250.50 USD a month.");
        assertThat(new Cost("Heroku", bill("165"), bill("?")).words())
                .isEqualTo("For Heroku you pay 165.00 USD a month. What the target will cost is not known to the operator. While both run, that is at least 165.00 USD a month. Not known: the cluster (it is yours).");
    }

    @Test
    void aMonthHas730Hours() {
        assertThat(item(2, "0.0371", Unit.HOUR).monthlyUsd()).contains(new BigDecimal("54.17"));
        assertThat(item(50, "0.137", Unit.GIB_MONTH).monthlyUsd()).contains(new BigDecimal("6.85"));
        assertThat(new Bill(List.of(item(2, "0.0371", Unit.HOUR), item(50, "0.137", Unit.GIB_MONTH))).words()).isEqualTo("61.02 USD");
    }

    @Test
    void oldPricesAreToldAsSuchWithWhyThereAreNoNewerOnes() {
        var old = new Item("RDS instance", 1, Optional.of(new Price(new BigDecimal("0.032"), Unit.HOUR, PriceFrom.Bundled, DAY)), "AWS did not answer. The operator tries again.");
        assertThat(new Cost("Heroku", bill("165"), new Bill(List.of(old))).words())
                .endsWith(" Prices of the operator's own list, of 2026-11-20 or later, were used for RDS instance: AWS did not answer. The operator tries again.");
    }

    private static Item item(int quantity, String usd, Unit unit) {
        return new Item("thing", quantity, Optional.of(new Price(new BigDecimal(usd), unit, PriceFrom.PriceListApi, DAY)), "");
    }
}
