package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Notices that changes may have gone by unlogged (lease over, log full, failover of the source), and mends it: once the capture writes again and all
 * older transactions have ended, every position is set to a new reading and every range is to be proved again.
 */
final class Gaps {
    private final LiveSessions sessions;
    private Optional<String> horizon = Optional.empty();
    private boolean open;

    Gaps(LiveSessions sessions) {
        this.sessions = sessions;
    }

    /** Whether all changes up to the source's current snapshot are logged; to be asked within the reading, because skipping comes before committing. */
    boolean areClosed(Connection source) throws SQLException {
        var gaps = Capture.gaps(source);
        var identity = SourceGuard.identity(source);
        open = !Query.isTrue(sessions.target(), "SELECT gaps = ? AND identity = ? FROM mastodon_migration.live", gaps, identity);
        return !open;
    }

    boolean areClosed() {
        return !open;
    }

    /** After the reading: does the next step towards no gap. */
    void close() throws SQLException, Refusal {
        if (!open) {
            return;
        }
        var source = sessions.source();
        var target = sessions.target();
        if (horizon.isEmpty()) {
            Query.update(target, "UPDATE mastodon_migration.live SET in_sync = false, gap = ?", why(source));
            if (Capture.isFull(source) && !Capture.emptyLogs(source)) {
                return;
            }
            Capture.renew(source, Capture.LEASE);
            horizon = Optional.of(Query.string(source, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"));
        }
        if (Query.isTrue(source, "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= ?::text::xid8", horizon.get())) {
            restart(source, target);
            horizon = Optional.empty();
        }
    }

    private String why(Connection source) throws SQLException {
        if (!SourceGuard.isOneThatIsFollowed(source, sessions.target())) {
            return "another server took the source's place, as after a failover, and may lack changes that were seen before";
        }
        return Capture.isFull(source) ? Capture.whyFull(source)
                : "nobody prolonged the capture on the source, so that some changes were not logged";
    }

    private void restart(Connection source, Connection target) throws SQLException {
        var gaps = Capture.gaps(source);
        var identity = SourceGuard.identity(source);
        var base = Query.string(source, "SELECT pg_current_snapshot()::text");
        target.setAutoCommit(false);
        try {
            if (Ledger.stage(target) == Ledger.Stage.COPYING) {
                // Indexes cannot be built on what may hold two states of the source: the copy begins anew.
                Query.update(target, "DELETE FROM mastodon_migration.live");
            } else {
                Query.update(target, "UPDATE mastodon_migration.live_tree SET position = ?", base);
                Query.update(target, "UPDATE mastodon_migration.live_range SET proved = false, token = token + 1, until = NULL");
                Query.update(target, "UPDATE mastodon_migration.live SET gaps = ?, identity = ?", gaps, identity);
            }
            target.commit();
        } finally {
            LiveSessions.end(target);
        }
    }
}
