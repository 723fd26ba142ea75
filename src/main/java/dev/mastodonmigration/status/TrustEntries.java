package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Trust;
import dev.mastodonmigration.api.MastodonMigrationStatus.TrustingApp;
import dev.mastodonmigration.source.ProxyTrust;
import java.time.Instant;
import java.util.ArrayList;

/** What status remembers of the source's apps whose TRUSTED_PROXY_IP is set for the edge: all that setting it back needs. */
final class TrustEntries {
    private final MastodonMigrationStatus status;
    private final Instant now;
    private final long generation;

    TrustEntries(MastodonMigrationStatus status, Instant now, long generation) {
        this.status = status;
        this.now = now;
        this.generation = generation;
    }

    void intended(Fact.TrustIntended intended) {
        var trust = trust();
        if (trust.apps.isEmpty()) {
            trust.faultBefore = intended.fault().orElse(null);
        }
        intended.apps().forEach(app -> {
            trust.apps.removeIf(known -> known.name.equals(app.app()));
            trust.apps.add(entry(app));
        });
        trust.seenAt = null;
        trust.downSince = null;
        trust.givenUp = null;
    }

    void down() {
        var trust = trust();
        trust.downSince = trust.downSince == null ? now.toString() : trust.downSince;
    }

    void notDown() {
        trust().downSince = null;
    }

    void givenUp(String why) {
        var trust = trust();
        trust.seenAt = null;
        trust.downSince = null;
        trust.givenUp = why;
        trust.generation = generation;
    }

    void seen() {
        var trust = trust();
        trust.seenAt = now.toString();
        trust.downSince = null;
        trust.givenUp = null;
        trust.generation = generation;
    }

    private Trust trust() {
        if (status.internal.trust == null) {
            status.internal.trust = new Trust();
        }
        return status.internal.trust;
    }

    private static TrustingApp entry(ProxyTrust app) {
        var entry = new TrustingApp();
        entry.name = app.app();
        entry.was = app.was().orElse(null);
        entry.set = new ArrayList<>(app.set());
        entry.release = app.release();
        return entry;
    }
}
