package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.EntranceAsked;
import dev.mastodonmigration.api.MastodonMigrationStatus.Shift;
import java.time.Instant;
import java.util.Objects;

/** What status remembers of users who are led to the edge step by step, and back where they fare worse there. */
final class ShiftEntries {
    private final MastodonMigrationStatus status;
    private final Instant now;
    private final long generation;

    /** @param generation of the spec: who edits it has every try again */
    ShiftEntries(MastodonMigrationStatus status, Instant now, long generation) {
        this.status = status;
        this.generation = generation;
        this.now = now;
    }

    void servedWell() {
        judged().badWindows = 0;
    }

    void servedWorse() {
        judged().badWindows++;
    }

    void ledBack(Fact.LedBack back) {
        var shift = judged();
        shift.retreats = Objects.equals(shift.generation, generation) ? shift.retreats + 1 : 1;
        shift.generation = generation;
        shift.badWindows = 0;
        shift.percent = back.percent();
        shift.reason = back.why();
        shift.againAt = back.again().map(Instant::toString).orElse(null);
    }

    /** The edge has not served well since: one more bad window is enough. */
    void ledOn() {
        var shift = judged();
        shift.badWindows = 1;
        shift.percent = null;
        shift.reason = null;
        shift.againAt = null;
    }

    void entranceAsked(Fact.EntranceAsked asked) {
        status.internal.entrance = new EntranceAsked();
        status.internal.entrance.address = asked.address();
        status.internal.entrance.at = now.toString();
    }

    private Shift judged() {
        if (status.internal.shift == null) {
            status.internal.shift = new Shift();
        }
        status.internal.shift.judgedAt = now.toString();
        return status.internal.shift;
    }
}
