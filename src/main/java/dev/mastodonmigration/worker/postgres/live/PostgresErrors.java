package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Redaction;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Tells errors that waiting does not mend from those that pass: a right that is missing, an object that is not there, something that this server does not do, a
 * login that is refused. One alone proves nothing, because another worker may be beginning anew just then, and Secrets rotate; the very same one, again and again
 * for a while, does.
 */
final class LastingErrors {
    /** Of pg_dump and psql there are only words. */
    private static final Pattern REFUSED_PROGRAM = Pattern.compile("(pg_dump|psql) failed.*ERROR: +(permission denied|must be )");
    /** A rotated Secret is in a pod within two minutes, and a provider's repairs lock a user out for ten. */
    private static final int LOGINS_TAKE = 15;
    /** A piece of work that failed is taken up again when its claim has run out. */
    private static final Duration FORGOTTEN = WorkQueue.VALID.multipliedBy(2);

    private record Seen(long first, long last) {}

    private final Direction direction;
    private final Duration limit;
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();

    /** @param limit how long the same error may come again; refused logins fifteen times as long */
    LastingErrors(Direction direction, Duration limit) {
        this.direction = direction;
        this.limit = limit;
    }

    /**
     * After an error: in words, if it cannot pass by itself.
     *
     * @param now a reading of {@link System#nanoTime}
     */
    Optional<String> met(Exception e, long now) {
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
            case "28" -> Optional.of(limit.multipliedBy(LOGINS_TAKE));
            default -> Optional.empty();
        };
    }
}
