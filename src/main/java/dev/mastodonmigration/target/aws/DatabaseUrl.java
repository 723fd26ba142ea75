package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.OutsideException;
import java.util.List;
import java.util.Optional;

/** The URL of a database, from our Secret alone: in the freeze nothing waits for AWS. */
record DatabaseUrl(MastodonMigration migration, DatabaseSecret secret) {
    String read() {
        if (isUndone() && !wasProvisioned()) {
            throw new NotCreatedException("The " + secret.what() + " of " + secret.field() + " was never ready, so nothing was copied there.");
        }
        return secret.find().filter(values -> values.containsKey(DatabaseSecret.HOST)).map(secret::url).orElseThrow(this::missing);
    }

    /**
     * Before Provision has ended, and once its undoing has forgotten the address, there is none to look at. In between its absence is a loss: a worker that was given
     * no target would take it that this database does not move, and skip its work.
     */
    private OutsideException missing() {
        return provisioned() ? new OutsideException("Secret " + secret.name() + " no longer says where the " + secret.what() + " is and how to log in. Put it back from a backup; without one, "
                + secret.repair() + ".", false)
                : new NotCreatedException("The " + secret.what() + " of " + secret.field() + " is not ready yet.");
    }

    private boolean provisioned() {
        return wasProvisioned() && !isUndone();
    }

    /** Then it may have been claimed and filled: the worker that resets it looks at its marker first, and refuses one that was opened. */
    private boolean wasProvisioned() {
        return phases().stream().anyMatch(DatabaseUrl::isProvisioned);
    }

    private boolean isUndone() {
        return phases().stream().anyMatch(record -> PhaseRun.undo(PhaseId.Provision).name().equals(record.name));
    }

    private List<PhaseRecord> phases() {
        return Optional.ofNullable(migration.getStatus()).map(status -> status.phases).orElse(List.of());
    }

    private static boolean isProvisioned(PhaseRecord record) {
        return PhaseRun.of(PhaseId.Provision).name().equals(record.name) && record.state == PhaseState.Succeeded;
    }
}
