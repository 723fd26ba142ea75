package dev.mastodonmigration.target.aws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Price;
import dev.mastodonmigration.cost.Product;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.LocalDate;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Prices that are shipped with the operator, for where AWS's list cannot be asked: few, each with its date and its source. */
final class BundledPrices {
    private static final String FILE = "prices.json";

    private BundledPrices() {}

    static Optional<Price> of(Product product) {
        return all().filter(entry -> is(entry, "service", product.service()) && is(entry, "region", product.region()) && is(entry, "engine", product.engine())
                        && is(entry, "usageType", product.usageType()) && is(entry, "unit", product.unit().name()))
                .map(entry -> new Price(entry.path("usd").decimalValue(), product.unit(), PriceFrom.Bundled, LocalDate.parse(entry.path("asOf").asText()))).findFirst();
    }

    private static boolean is(JsonNode entry, String field, String value) {
        return entry.path(field).asText().equals(value);
    }

    /** For a test of what is shipped. */
    static Stream<JsonNode> all() {
        return StreamSupport.stream(file().path("prices").spliterator(), false);
    }

    static JsonNode file() {
        try (var in = BundledPrices.class.getResourceAsStream(FILE)) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
