package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.postgres.Side;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/** What keeps a worker's threads from their work, in words for the admin, until a piece of work succeeds again: nobody reads a pod's log while it runs. */
final class Trouble {
    private static final String DISK_FULL = "53100";
    private static final String TOO_MANY_CONNECTIONS = "53300";
    private static final String REFUSED_LOGIN = "28";
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Duration LONG = Duration.ofSeconds(5);
    private static final Duration TOLD = Duration.ofSeconds(30);
    private static final int LONGEST = 300;

    private record Met(String words, long at) {}

    private final Side written;
    private final AtomicReference<Met> last = new AtomicReference<>(new Met("", 0));

    /** @param written whose disk fills up with what the workers bring */
    Trouble(Side written) {
        this.written = written;
    }

    void meet(Exception e) {
        last.set(new Met(words(e), System.nanoTime()));
    }

    void waitFor(String words) {
        last.set(new Met("waiting: " + words, System.nanoTime()));
    }

    void pass() {
        last.set(new Met("", 0));
    }

    /** The reading, or with the trouble for its stage. */
    Progress.Reading told(Progress.Reading reading) {
        var met = last.get();
        var isOver = met.words().isEmpty() || reading.inSync() || System.nanoTime() - met.at() > TOLD.toNanos();
        return isOver ? reading : stage(reading, met.words());
    }

    /** Whoever is in trouble does not know any more whether it is in sync. */
    static Progress.Reading stage(Progress.Reading reading, String words) {
        return reading.withLag(reading.lagChanges(), reading.lagSeconds(), false).withStage(words);
    }

    /** How long to leave the server alone: what only the admin or the app can change does not change in a moment. */
    static Duration pause(Exception e) {
        return isDiskFull(e) || isRefusedLogin(e) ? LONG : SHORT;
    }

    String words(Exception e) {
        if (isDiskFull(e)) {
            return "waiting: the " + written + " has no disk space left; enlarge its storage, then this goes on by itself";
        }
        if (isOutOfConnections(e)) {
            return "waiting: a server has no connection left for this worker; close other sessions, or lower strategy.parallelism";
        }
        var text = Redaction.of(e);
        return "trying again: " + text.substring(0, Math.min(text.length(), LONGEST));
    }

    /** A server that has no connection left, or that lets this user in no more: limits are lowered and passwords rotate for minutes, and go back by themselves. */
    static boolean isRefusedLogin(Exception e) {
        return isOutOfConnections(e) || e instanceof SQLException sql && sql.getSQLState() != null && sql.getSQLState().startsWith(REFUSED_LOGIN);
    }

    private static boolean isDiskFull(Exception e) {
        return e instanceof SQLException sql && DISK_FULL.equals(sql.getSQLState());
    }

    private static boolean isOutOfConnections(Exception e) {
        return e instanceof SQLException sql && TOO_MANY_CONNECTIONS.equals(sql.getSQLState());
    }
}
