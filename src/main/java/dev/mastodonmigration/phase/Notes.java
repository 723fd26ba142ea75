package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.status.Fact;

/** What workers note beside their reports, as findings. */
final class Notes {
    private Notes() {}

    static Fact of(String task, String note) {
        return new Fact.Found(task + "-" + Integer.toHexString(note.hashCode()), Severity.Note, note);
    }
}
