package dev.mastodonmigration.target.aws;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Price;
import dev.mastodonmigration.cost.Product;
import dev.mastodonmigration.cost.Unit;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** One entry of AWS's list of prices: a text with JSON in it, of which an answer holds some. */
record PriceListEntry(JsonNode json) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<Unit, String> UNITS = Map.of(Unit.HOUR, "Hrs", Unit.GIB_MONTH, "GB-Mo", Unit.MONTH, "Mo");

    /** @throws AwsException when it is none */
    static PriceListEntry of(String text) {
        try {
            return new PriceListEntry(JSON.readTree(text));
        } catch (JsonProcessingException other) {
            throw unreadable();
        }
    }

    /** Usage types of other regions than us-east-1 have a prefix. */
    boolean isOf(Product product) {
        var usageType = json.at("/product/attributes/usagetype").asText();
        return usageType.equals(product.usageType()) || usageType.endsWith("-" + product.usageType());
    }

    /** On demand, for that unit, and not for nothing. */
    Stream<Price> prices(Unit unit) {
        return json.at("/terms/OnDemand").findValues("priceDimensions").stream().flatMap(dimensions -> dimensions.properties().stream().map(Map.Entry::getValue))
                .filter(dimension -> dimension.path("unit").asText().equals(UNITS.get(unit))).map(dimension -> dimension.path("pricePerUnit").path("USD").asText())
                .map(PriceListEntry::usd).flatMap(Optional::stream).map(usd -> new Price(usd, unit, PriceFrom.PriceListApi, published()));
    }

    private static Optional<BigDecimal> usd(String text) {
        return text.matches("[0-9]+([.][0-9]+)?") ? Optional.of(new BigDecimal(text).stripTrailingZeros()).filter(usd -> usd.signum() > 0) : Optional.empty();
    }

    private LocalDate published() {
        try {
            return LocalDate.parse(json.path("publicationDate").asText().split("T")[0]);
        } catch (DateTimeParseException other) {
            throw unreadable();
        }
    }

    private static AwsException unreadable() {
        return new AwsException("", "AWS's list of prices has an entry that does not read as one.", false);
    }
}
