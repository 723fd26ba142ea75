package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Retry;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Tells permanent errors from transient ones: a right that is missing, an object that is not there, something that this server does not do, a login that is refused. One alone proves nothing,
 * because another worker may be beginning anew just then, and Secrets rotate; the very same one, again and again for a while, does.
 */
final class PostgresErrors implements Retry.Errors {
    private static final String DISK_FULL = "53100";
    private static final String TOO_MANY_CONNECTIONS = "53300";
    private static final String REFUSED_LOGIN = "28";
    /** Of pg_dump and psql there are only words. */
    private static final Pattern REFUSED_PROGRAM = Pattern.compile("(pg_dump|psql) failed.*ERROR: +(permission denied|must be )");
    /** A rotated Secret is in a pod within two minutes, and a provider's repairs lock a user out for ten. */
    private static final int LOGINS_TAKE = 15;
    /** A piece of work that failed is taken up again when its claim has run out. */
    private static final Duration FORGOTTEN = WorkQueue.VALID.multipliedBy(2);
    private static final int LONGEST = 300;

    private record Seen(long first, long last) {}

    private final Direction direction;
    private final Duration limit;
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();

    /** @param limit how long the same error may come again; refused logins fifteen times as long */
    PostgresErrors(Direction direction, Duration limit) {
        this.direction = direction;
        this.limit = limit;
    }

    @Override
    public boolean mayPass(Exception e) {
        return e instanceof SQLException || e instanceof IOException;
    }

    @Override
    public Optional<String> lasting(Exception e, long now) {
        var patience = e instanceof SQLException sql ? patience(sql) : REFUSED_PROGRAM.matcher(String.valueOf(e.getMessage())).find() ? Optional.of(limit) : Optional.<Duration>empty();
        if (patience.isEmpty()) {
            return Optional.empty();
        }
        var words = Redaction.of(e);
        var met = seen.merge(words, new Seen(now, now), (before, again) -> now - before.last() > FORGOTTEN.toNanos() ? again : new Seen(before.first(), now));
        return now - met.first() <= patience.get().toNanos() ? Optional.empty() : Optional.of("A database refuses what a live copy needs, and waiting does not change that: " + words
                + ". Correct it there, " + direction.afterRefusal() + ".");
    }

    private Optional<Duration> patience(SQLException e) {
        return switch (e.getSQLState() == null ? "" : e.getSQLState().substring(0, Math.min(2, e.getSQLState().length()))) {
            case "42", "0A" -> Optional.of(limit);
            case REFUSED_LOGIN -> Optional.of(limit.multipliedBy(LOGINS_TAKE));
            default -> Optional.empty();
        };
    }

    /** A refused login says nothing of the work: it passes by itself, or {@link #lasting} ends it. */
    @Override
    public boolean isWaitedFor(Exception e) {
        return isRefusedLogin(e);
    }

    /** For the admin: what is tried again, or waited for. */
    String words(Exception e) {
        if (isDiskFull(e)) {
            return "waiting: the " + direction.written() + " has no disk space left; enlarge its storage, then this goes on by itself";
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
