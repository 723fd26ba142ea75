package dev.mastodonmigration.cost;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import java.math.BigDecimal;
import java.time.LocalDate;

/**
 * What one of something costs.
 *
 * @param usd  without tax, traffic, credits and discounts; 0 only where whoever sells it says that it is free
 * @param asOf the day of the list that has it
 */
public record Price(BigDecimal usd, Unit per, PriceFrom from, LocalDate asOf) {}
