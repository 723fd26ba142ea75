package dev.mastodonmigration.status;

import dev.mastodonmigration.api.BackupPlace;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Asset;
import dev.mastodonmigration.api.MastodonMigrationStatus.AssetState;
import dev.mastodonmigration.api.MastodonMigrationStatus.Backup;
import dev.mastodonmigration.api.MastodonMigrationStatus.Retirement;
import dev.mastodonmigration.api.MastodonMigrationStatus.Stragglers;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What status says of the end of the old host. */
final class RetirementEntries {
    private final MastodonMigrationStatus status;
    private final Instant now;

    RetirementEntries(MastodonMigrationStatus status, Instant now) {
        this.status = status;
        this.now = now;
    }

    private Retirement retirement() {
        status.retirement = status.retirement == null ? new Retirement() : status.retirement;
        return status.retirement;
    }

    void backupMade(Fact.BackupMade made) {
        var backup = new Backup();
        switch (made.place()) {
            case BackupPlace.Volume(var claim) -> backup.persistentVolumeClaim = claim;
            case BackupPlace.Bucket(var url) -> backup.bucket = url;
        }
        backup.addOn = made.addOn().orElse(null);
        backup.finishedAt = now.toString();
        backup.tables = made.tables();
        backup.rows = made.rows();
        backup.bytes = made.bytes();
        backup.message = made.message();
        retirement().backup = backup;
    }

    void backupChecked() {
        var backup = retirement().backup;
        backup.checkedAt = now.toString();
        backup.checks = backup.checks == null ? 1 : backup.checks + 1;
    }

    /** @param generation of the spec by which it was planned */
    void planned(Fact.RemovalsPlanned planned, long generation) {
        var retirement = retirement();
        retirement.listedAt = now.toString();
        retirement.generation = generation;
        retirement.obstacles = List.copyOf(planned.obstacles());
        retirement.consequences = List.copyOf(planned.consequences());
        retirement.assets.removeIf(asset -> asset.state == AssetState.Planned);
        planned.assets().stream().filter(asset -> find(asset).isEmpty()).forEach(asset -> {
            var entry = new Asset();
            entry.kind = asset.kind();
            entry.id = asset.id();
            entry.app = asset.app();
            entry.name = asset.name();
            entry.plan = asset.plan();
            entry.monthlyUsd = asset.monthlyUsd().map(BigDecimal::doubleValue).orElse(null);
            entry.billing = asset.billing();
            entry.state = AssetState.Planned;
            retirement.assets.add(entry);
        });
    }

    void begun(Fact.RemovalBegun begun) {
        find(begun.asset()).orElseThrow().state = AssetState.Removing;
    }

    void withdrawn(Fact.RemovalWithdrawn withdrawn) {
        find(withdrawn.asset()).orElseThrow().state = AssetState.Planned;
    }

    void removed(Fact.Removed removed) {
        var entry = find(removed.asset()).orElseThrow();
        entry.state = AssetState.Removed;
        entry.removedAt = now.toString();
    }

    /** One that was seen once counts also when newer lines have pushed it out of the log. */
    void stragglersAsked(Fact.StragglersAsked asked) {
        var stragglers = stragglers();
        stragglers.unreadSince = null;
        asked.arrivals().filter(seen -> stragglers.lastAt == null || seen.last().isAfter(Instant.parse(stragglers.lastAt))).ifPresent(seen -> {
            stragglers.lastAt = seen.last().toString();
            stragglers.host = seen.host();
            stragglers.count = seen.count();
            stragglers.firstAt = seen.first().toString();
        });
    }

    void stragglersUnread() {
        var stragglers = stragglers();
        stragglers.unreadSince = stragglers.unreadSince == null ? now.toString() : stragglers.unreadSince;
    }

    private Stragglers stragglers() {
        var retirement = retirement();
        retirement.stragglers = retirement.stragglers == null ? new Stragglers() : retirement.stragglers;
        retirement.stragglers.askedAt = now.toString();
        return retirement.stragglers;
    }

    private Optional<Asset> find(dev.mastodonmigration.source.Retirement.Asset asset) {
        return retirement().assets.stream().filter(entry -> entry.id.equals(asset.id())).findFirst();
    }
}
