package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Finding;
import java.time.Instant;

/** What the admin must know or do, until it is settled. The time moves only when the finding is new. */
final class FindingEntries {
    private final MastodonMigrationStatus status;
    private final Instant now;

    FindingEntries(MastodonMigrationStatus status, Instant now) {
        this.status = status;
        this.now = now;
    }

    void found(Fact.Found found) {
        var known = status.findings.stream().filter(finding -> finding.id.equals(found.id())).findFirst();
        var finding = known.orElseGet(Finding::new);
        finding.id = found.id();
        finding.severity = found.severity();
        finding.message = found.message();
        if (known.isEmpty()) {
            finding.since = now.toString();
            status.findings.add(finding);
        }
    }

    void settled(Fact.Settled settled) {
        status.findings.removeIf(finding -> finding.id.equals(settled.id()));
    }
}
