package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the freeze from beginning while the source's platform itself copies its Postgres. Such a pg_dump holds a lock on every table to its end: what a way back takes off the tables would wait behind it, and whatever Mastodon asks
 * would wait behind that.
 */
final class SourceBackups {
    private static final String ORIGIN = "own-backup";
    private final PhaseContext context;

    SourceBackups(PhaseContext context) {
        this.context = context;
    }

    /** Asks, and says what runs; empty where nothing does, or nobody can say. */
    Optional<String> running() {
        var backups = context.source().ownBackups();
        context.findings(ORIGIN, Severity.Warning, backups.unknown().stream().toList());
        return backups.running().isEmpty() ? Optional.empty() : Optional.of(String.join(" ", backups.running()));
    }

    /** Nobody has to look any more. */
    void over() {
        context.findings(ORIGIN, Severity.Warning, List.of());
    }
}
