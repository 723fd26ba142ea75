package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Price;
import dev.mastodonmigration.cost.Unit;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What dynos cost where Heroku's API does not tell: devcenter.heroku.com/articles/dyno-sizes as the price list of awslabs/startups has it, read on {@link #AS_OF};
 * heroku/cli (src/commands/ps/type.ts) has the same figures. Of dynos in Private Spaces these two say different things, so that they are not known.
 */
final class DynoPrices {
    static final LocalDate AS_OF = LocalDate.of(2026, 10, 5);
    private static final Map<String, Integer> USD_A_MONTH = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    static {
        USD_A_MONTH.putAll(Map.of("Eco", 5, "Basic", 7, "Standard-1X", 25, "Standard-2X", 50, "Performance-M", 250, "Performance-L", 500, "Performance-L-RAM", 500, "Performance-XL", 750,
                "Performance-2XL", 1500));
    }

    private DynoPrices() {}

    static Optional<Price> of(String size) {
        return Optional.ofNullable(USD_A_MONTH.get(size)).map(usd -> new Price(BigDecimal.valueOf(usd), Unit.MONTH, PriceFrom.Bundled, AS_OF));
    }
}
