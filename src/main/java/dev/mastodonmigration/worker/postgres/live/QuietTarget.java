package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.OurTriggers;
import dev.mastodonmigration.worker.postgres.SuspendedEffects;
import dev.mastodonmigration.worker.postgres.TableLock;
import java.sql.SQLException;
import java.util.List;

/** Sees to it that on a target which was adopted, and so has foreign keys and triggers, they are taken out before anything is brought there, and stay out until it is finished. */
final class QuietTarget {
    private final LiveSessions sessions;
    private final StatusMessage status;
    private final boolean hasEffects;
    /** One who reads is waited for little, and then for ten times as long not at all; nobody is expected to bring anything back meanwhile. */
    private final Ticker looking = new Ticker(TableLock.BETWEEN_LOCKS);
    private boolean isReached;

    private QuietTarget(LiveSessions sessions, StatusMessage status, boolean hasEffects) {
        this.sessions = sessions;
        this.status = status;
        this.hasEffects = hasEffects;
    }

    /** @param status told who is waited for */
    static QuietTarget of(LiveSessions sessions, StatusMessage status) throws SQLException {
        return new QuietTarget(sessions, status, Ledger.isAdopted(sessions.target()) && !Ledger.isFinished(sessions.target()));
    }

    /** Whether rows can be brought to it: does what it can towards that, one table at a time. */
    boolean isReached() throws SQLException, Refusal {
        if (hasEffects && looking.isDue()) {
            isReached = suspend(SuspendedEffects.left(sessions.target()));
        }
        return isReached || !hasEffects;
    }

    private boolean suspend(List<String> tables) throws SQLException, Refusal {
        var target = sessions.target();
        for (var table : tables) {
            if (!SuspendedEffects.trySuspend(target, table, () -> Ledger.requireHeld(sessions))) {
                status.waitingFor("somebody uses table " + table + " of the " + sessions.direction().written() + " or one that it refers to, whose foreign keys have to go before changes are brought there; until then the "
                        + sessions.direction().read() + " keeps them. " + OurTriggers.holders(target, List.of(table)));
                return false;
            }
        }
        return true;
    }
}
