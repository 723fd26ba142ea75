package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** Looks on a live source for rows that valid foreign keys would refuse, in tables that are read in a moment; the rehearsal looks at all, in its own copy. */
final class OrphanRows {
    private static final long LARGE_BYTES = 1L << 30;
    private static final Duration BUDGET = Duration.ofSeconds(30);

    private final Connection source;
    private final List<String> blockers;
    private final List<String> notes;

    OrphanRows(Connection source, List<String> blockers, List<String> notes) {
        this.source = source;
        this.blockers = blockers;
        this.notes = notes;
    }

    void run() throws SQLException, Refusal {
        run(BUDGET);
    }

    /** For so long at most. */
    void run(Duration budget) throws SQLException, Refusal {
        var look = new BoundedLook(source, budget, LARGE_BYTES);
        for (var key : ForeignKeys.of(source)) {
            if (key.valid() && ForeignKeys.areReadable(source, key)) {
                look.at(key.name() + " of " + key.table(), key.bytes(), () -> look(key));
            }
        }
        look.unseen().ifPresent(unseen -> notes.add("whether rows break foreign keys " + unseen + ", and such a key is brought NOT VALID"));
    }

    private void look(ForeignKeys.ForeignKey key) throws SQLException {
        var rows = ForeignKeys.orphans(source, key);
        if (rows > 0) {
            (key.partitioned() ? blockers : notes).add(key.words(ForeignKeys.counted(rows)));
        }
    }
}
