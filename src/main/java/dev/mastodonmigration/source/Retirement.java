package dev.mastodonmigration.source;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.AssetKind;
import dev.mastodonmigration.outside.Provisioned;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Optional;

/**
 * What the source's platform bills for, and deletes for good once the instance has left. Every method asks the platform anew, remembers nothing, returns at once, and may throw
 * {@link dev.mastodonmigration.outside.OutsideException}.
 */
public interface Retirement {
    /**
     * One thing that can be deleted.
     *
     * @param id         the platform's own, which no other thing ever gets
     * @param app        that it belongs to; of an app itself
     * @param plan       of an add-on; empty for an app
     * @param monthlyUsd empty where it costs nothing by itself, or nobody knows
     * @param billing    why that is, as "billed by use"; empty otherwise
     */
    record Asset(AssetKind kind, String id, String app, String name, String plan, Optional<BigDecimal> monthlyUsd, String billing) {
        private static final int CENTS = 2;

        /** As status has it. */
        public static Asset of(MastodonMigrationStatus.Asset entry) {
            return new Asset(entry.kind, entry.id, entry.app, entry.name, text(entry.plan), Optional.ofNullable(entry.monthlyUsd).map(usd -> BigDecimal.valueOf(usd).setScale(CENTS, RoundingMode.HALF_UP)),
                    text(entry.billing));
        }

        private static String text(String given) {
            return given == null ? "" : given;
        }

        /** For messages, as "Postgres add-on postgresql-round-12345 of example-web (heroku-postgresql:standard-0, 50.00 USD a month)". */
        public String words() {
            return switch (kind) {
                case App -> "app " + name;
                case RedisAddOn -> "Redis " + addOn();
                case PostgresAddOn -> "Postgres " + addOn();
            };
        }

        private String addOn() {
            return "add-on " + name + " of " + app + " (" + plan + ", " + monthlyUsd.map(usd -> usd.setScale(CENTS, RoundingMode.HALF_UP).toPlainString() + " USD a month").orElse(billing) + ")";
        }
    }

    /** All that could be deleted of what the migration moved, in the order in which it is: the least reversible last. */
    List<Asset> assets();

    /** Id of the add-on that the source's own Postgres URL leads to now; empty where that is none. */
    Optional<String> database();

    /** Why they must not be deleted, in a sentence each that says what to do: others use them, or something would go with them that is not among them. */
    List<String> obstacles(List<Asset> assets);

    /** What else goes with them, a sentence each. */
    List<String> consequences(List<Asset> assets);

    /** Whether something is still there. */
    enum Standing { THERE, GOING, GONE }

    /** What became of it; changes nothing. */
    Standing standing(Asset asset);

    /** What may write again to what is to be deleted, in a sentence each that says what to do: the write gate is gone by then. Of {@code removed}, which the migration has deleted, nothing is asked. */
    List<String> writers(List<Asset> removed);

    /**
     * Deletes it for good: one look and at most one change. Ready when it is gone, whoever deleted it.
     *
     * @throws dev.mastodonmigration.outside.OutsideException also when something stands in the way by now
     */
    Provisioned remove(Asset asset);
}
