package dev.mastodonmigration.played;

import dev.mastodonmigration.api.MastodonMigrationStatus.AssetKind;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.Retirement;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** An old host of one app with two add-ons, each of which takes a look to be gone, and one more thing that nobody names. */
public final class PlayedRetirement implements Retirement {
    public static final Asset REDIS = new Asset(AssetKind.RedisAddOn, "id-redis", "example-web", "redis-round-1", "heroku-redis:premium-0", Optional.of(new BigDecimal("15.00")), "");
    public static final Asset POSTGRES = new Asset(AssetKind.PostgresAddOn, "id-postgres", "example-web", "postgresql-round-1", "heroku-postgresql:standard-0", Optional.of(new BigDecimal("50.00")), "");
    public static final Asset APP = new Asset(AssetKind.App, "id-app", "example-web", "example-web", "", Optional.empty(), "");
    private final Trouble trouble;
    private final Supplier<List<String>> writers;
    /** What is left, in the order of its removal. */
    public final List<Asset> left = new ArrayList<>(List.of(REDIS, POSTGRES, APP));
    /** What was asked to be deleted, each time. */
    public final List<Asset> asked = new ArrayList<>();
    public final List<String> obstacles = new ArrayList<>();
    public final List<String> consequences = new ArrayList<>();
    /** What the source's own Postgres URL leads to. */
    public Optional<String> database = Optional.of(POSTGRES.id());
    /** How often it was asked for something. */
    public int calls;

    PlayedRetirement(Trouble trouble, Supplier<List<String>> writers) {
        this.trouble = trouble;
        this.writers = writers;
    }

    @Override
    public List<Asset> assets() {
        calls++;
        trouble.may("retirement.assets");
        return List.copyOf(left);
    }

    @Override
    public Optional<String> database() {
        calls++;
        trouble.may("retirement.database");
        return database;
    }

    @Override
    public List<String> consequences(List<Asset> assets) {
        calls++;
        return List.copyOf(consequences);
    }

    @Override
    public Standing standing(Asset asset) {
        calls++;
        trouble.may("retirement.standing");
        if (!left.contains(asset)) {
            return Standing.GONE;
        }
        if (!asked.contains(asset)) {
            return Standing.THERE;
        }
        left.remove(asset);
        return Standing.GOING;
    }

    @Override
    public List<String> obstacles(List<Asset> assets) {
        calls++;
        trouble.may("retirement.obstacles");
        return List.copyOf(obstacles);
    }

    @Override
    public List<String> writers(List<Asset> removed) {
        calls++;
        trouble.may("retirement.writers");
        return writers.get();
    }

    @Override
    public Provisioned remove(Asset asset) {
        calls++;
        trouble.may("retirement.remove");
        if (!left.contains(asset)) {
            return new Provisioned.Ready("");
        }
        if (!asked.contains(asset)) {
            asked.add(asset);
            trouble.may("retirement.remove, halfway");
            return new Provisioned.Working("deleting " + asset.words());
        }
        left.remove(asset);
        return new Provisioned.Working("deleting " + asset.words());
    }
}
