package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Notices that changes may have gone by unlogged (lease over, log full), or that one side is not the one that it was (failover, restored backup), and repairs it: once the capture writes
 * again and all older transactions have ended, every position is set to a new reading and every range is to be proved again.
 */
final class Gaps {
    private final LiveSessions sessions;
    private Optional<Horizon> horizon = Optional.empty();
    private boolean open;

    Gaps(LiveSessions sessions) {
        this.sessions = sessions;
    }

    /** Whether all changes up to the source's current snapshot are logged; to be asked within the reading, because skipping comes before committing. */
    boolean areClosed(Connection source) throws SQLException {
        open = !isWhole(source, sessions.target());
        return !open;
    }

    boolean areClosed() {
        return !open;
    }

    static boolean isWhole(Connection source, Connection target) throws SQLException {
        return Query.isTrue(target, "SELECT gaps = ? AND identity = ? FROM mastodon_migration.live", Capture.gaps(source), SourceIdentity.of(source)) && Ledger.mark(target).isOn(source);
    }

    /**
     * After the reading: does the next step towards no gap.
     *
     * @throws Refusal when the target has its foreign keys and triggers already: repairing a row there would change others
     */
    void close() throws SQLException, Refusal {
        if (!open) {
            return;
        }
        var source = sessions.source();
        var target = sessions.target();
        if (horizon.isEmpty()) {
            beTheOneThatFollows(source, target);
            var why = why(source);
            Query.update(target, "UPDATE mastodon_migration.live SET in_sync = false, gap = ?", why);
            if (Ledger.isFinished(target)) {
                throw new Refusal("When the " + sessions.direction().written() + " was finished already, " + why + ". It has its foreign keys and triggers by now and cannot be repaired without side effects, so it"
                        + " was not opened. " + capitalised(sessions.direction().otherwise()) + ".");
            }
            if (Capture.isFull(source) && !Capture.emptyLogs(source)) {
                return;
            }
            horizon = Optional.of(Horizon.now(source));
        }
        if (!horizon.get().isPassed(source)) {
            // An older transaction may take hours, and whoever writes unlogged meanwhile has to be waited for anew.
            Capture.prolong(source, Capture.LEASE);
        } else {
            var base = Horizon.Base.now(source);
            if (horizon.get().holds(base) && CaptureRun.followedBy(target).equals(CaptureRun.in(base.identity()))) {
                restart(base, target);
            }
            horizon = Optional.empty();
        }
    }

    /** The log is pruned for one who follows it. When the source has gone back to a time before this one began to, it goes on with its own. */
    private void beTheOneThatFollows(Connection source, Connection target) throws SQLException, Refusal {
        var ours = CaptureRun.followedBy(target);
        var now = CaptureRun.now(source);
        if (ours.isEndedBy(now)) {
            throw new Refusal("Another copy follows the changes of the " + sessions.direction().read() + " by now, and they are kept for one alone: what was pruned for the other would be missing here. Nothing"
                    + " further was brought over. Find out which of the two is wanted, and start that one anew.");
        }
        if (!ours.equals(now)) {
            ours.resume(source);
        }
    }

    private static String capitalised(String words) {
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }

    private String why(Connection source) throws SQLException {
        var read = sessions.direction().read();
        if (!SourceIdentity.isOneThatIsFollowed(source, sessions.target())) {
            return "another server took the " + read + "'s place, as after a failover, and may lack changes that were seen before";
        }
        var mark = Ledger.mark(sessions.target());
        if (!mark.isOn(source)) {
            return mark.isForgottenOn(source) ? "the " + sessions.direction().written() + " went back to an earlier state, as after a failover or with a restored backup, and lacks changes that it had before"
                    : "another server took the " + read + "'s place, or the " + read + " went back to an earlier state, as after a failover, and may lack changes that were seen before";
        }
        return Capture.isFull(source) ? Capture.whyFull(source)
                : "nobody prolonged the capture on the " + read + ", so that some changes were not logged";
    }

    private static void restart(Horizon.Base base, Connection target) throws SQLException {
        target.setAutoCommit(false);
        try {
            if (Ledger.stage(target) == Ledger.Stage.COPYING) {
                // Indexes cannot be built on what may hold two states of the source: the copy begins anew.
                Query.update(target, "DELETE FROM mastodon_migration.live");
            } else {
                Query.update(target, "UPDATE mastodon_migration.live_tree SET position = ?", base.position());
                Query.update(target, "UPDATE mastodon_migration.live_range SET proved = false, token = token + 1, until = NULL");
                Query.update(target, "UPDATE mastodon_migration.live SET gaps = ?, identity = ?", base.gaps(), base.identity());
                Ledger.reached(target, base.mark());
            }
            target.commit();
        } finally {
            LiveSessions.end(target);
        }
    }
}
