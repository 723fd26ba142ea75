package dev.mastodonmigration.cost;

import java.util.List;
import java.util.Map;

/**
 * Something that a provider sells, as its list of prices names it.
 *
 * @param service   as "AmazonRDS"
 * @param engine    as "PostgreSQL"
 * @param usageType what it is counted as, as "InstanceUsage:db.t4g.small", without the prefix that stands for a region
 * @param terms     what its entry says of it; where there are several, the first that the list has an entry for counts
 * @param unit      what its price is for
 */
public record Product(String service, String region, String engine, String usageType, List<Map<String, String>> terms, Unit unit) {
    public Product {
        terms = terms.stream().map(Map::copyOf).toList();
    }
}
