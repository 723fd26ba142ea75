package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.ByHand;
import dev.mastodonmigration.api.MastodonMigrationStatus.NameLed;
import dev.mastodonmigration.edge.DnsSight;
import java.time.Duration;
import java.time.Instant;

/** What status remembers of names that the admin leads to the edge, and of what the world remembers of them. */
final class ByHandEntries {
    private final MastodonMigrationStatus status;
    private final Instant now;

    ByHandEntries(MastodonMigrationStatus status, Instant now) {
        this.status = status;
        this.now = now;
    }

    void comes(Fact.NameComes comes) {
        name(comes.domain()).comeSince = now.toString();
    }

    /** The admin, if one leads users, is told to lead them back: what was seen says nothing of when they come again, but for the TTL of what was there before. */
    void ledBack() {
        if (status.internal.byHand != null) {
            status.internal.byHand.names.forEach(name -> {
                name.comeSince = null;
                name.movedAt = null;
            });
        }
    }

    /** Who asked before the TTL was lowered remembers for as long as it was. */
    void seen(Fact.NameSeen seen) {
        var name = name(seen.domain());
        if (name.ttlSeconds != null && name.movedAt == null && name.ttlSeconds > seen.records().ttl().toSeconds()) {
            remembered(name, Duration.ofSeconds(name.ttlSeconds));
        }
        if (name.records == null || name.movedAt != null) {
            name.records = seen.records().words();
        }
        if (name.movedAt != null || !seen.records().leads().name().equals(name.leads)) {
            name.leads = seen.records().leads().name();
            name.leadsSince = now.toString();
        }
        name.ttlSeconds = seen.records().ttl().toSeconds();
        name.movedAt = null;
        name.silentSince = null;
        if (seen.records().leads() == DnsSight.Leads.SOURCE) {
            name.comeSince = null;
        }
    }

    void moved(Fact.NameMoved moved) {
        var name = name(moved.domain());
        name.movedAt = now.toString();
        name.silentSince = null;
        remembered(name, name.ttlSeconds == null ? moved.unseen() : Duration.ofSeconds(name.ttlSeconds));
    }

    void unknown(Fact.NameUnknown unknown) {
        name(unknown.domain()).silentSince = now.toString();
    }

    private void remembered(NameLed name, Duration longest) {
        var until = now.plus(longest);
        if (name.rememberedUntil == null || until.isAfter(Instant.parse(name.rememberedUntil))) {
            name.rememberedUntil = until.toString();
        }
    }

    private ByHand all() {
        if (status.internal.byHand == null) {
            status.internal.byHand = new ByHand();
        }
        return status.internal.byHand;
    }

    private NameLed name(String domain) {
        return all().names.stream().filter(known -> known.domain.equals(domain)).findFirst().orElseGet(() -> {
            var name = new NameLed();
            name.domain = domain;
            all().names.add(name);
            return name;
        });
    }
}
