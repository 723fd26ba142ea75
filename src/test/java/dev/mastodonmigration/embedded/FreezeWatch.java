package dev.mastodonmigration.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Sees with its own eyes when the source was stopped and when the target took writes: it asks Heroku and both databases again and again, and the operator
 * not at all. A freeze that is given up is forgotten.
 */
final class FreezeWatch implements AutoCloseable {
    private static final long MILLISECONDS_BETWEEN_LOOKS = 20;
    /** Triggers of the gate that refuse: those of an open one let everything pass until they are taken off. */
    private static final String REFUSING = " FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid WHERE g.tgname = 'mastodon_migration_gate' AND p.prosrc LIKE '%RAISE EXCEPTION%'";
    private static final String OPEN_TABLES = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' "
            + "AND NOT EXISTS (SELECT" + REFUSING + " AND g.tgrelid = c.oid)";
    private static final String CLOSED_TABLES = "SELECT count(*)" + REFUSING;

    /** How a database is reached. */
    interface Database {
        Connection connect() throws SQLException;
    }

    /** Asks one database by a connection that is kept as long as it lives: closing the source ends sessions that are older. */
    private static final class Look {
        private final Database database;
        private Optional<Connection> kept = Optional.empty();

        Look(Database database) {
            this.database = database;
        }

        boolean isZero(String count) {
            try {
                if (kept.isEmpty()) {
                    kept = Optional.of(database.connect());
                }
                try (var statement = kept.get().createStatement(); var rows = statement.executeQuery(count)) {
                    return rows.next() && rows.getLong(1) == 0;
                }
            } catch (SQLException notNow) {
                close();
                return false;
            }
        }

        void close() {
            try {
                if (kept.isPresent()) {
                    kept.get().close();
                }
            } catch (SQLException alreadyBroken) {
                // It is opened anew in any case.
            }
            kept = Optional.empty();
        }
    }

    /**
     * What was seen.
     *
     * @param stopped   maintenance was on
     * @param scaled    every formation was 0
     * @param gone      the last dyno was gone
     * @param gateUp    no table of the source took writes any more
     * @param writable  the target's tables did
     */
    record Seen(Instant stopped, Instant scaled, Instant gone, Instant gateUp, Instant writable) {
        Duration freeze() {
            return Duration.between(stopped, writable);
        }

        Duration longestDynoStop() {
            return Duration.between(scaled, gone);
        }

        Duration stoppedToWritable() {
            return Duration.between(gone.isAfter(gateUp) ? gone : gateUp, writable);
        }
    }

    private final HerokuStub heroku;
    private final Look source;
    private final Look target;
    private final Thread thread = Thread.ofPlatform().daemon().name("freeze-watch").unstarted(this::run);
    private volatile boolean closed;
    private volatile Optional<Seen> seen = Optional.empty();

    private FreezeWatch(HerokuStub heroku, Database source, Database target) {
        this.heroku = heroku;
        this.source = new Look(source);
        this.target = new Look(target);
    }

    static FreezeWatch start(HerokuStub heroku, Database source, Database target) {
        var watch = new FreezeWatch(heroku, source, target);
        watch.thread.start();
        return watch;
    }

    /** Empty before a freeze has ended with a target that takes writes. */
    Optional<Seen> seen() {
        return seen;
    }

    private void run() {
        try {
            while (!closed && seen.isEmpty()) {
                if (heroku.app(World.WEB_APP).maintenance()) {
                    watch();
                }
                pause();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            source.close();
            target.close();
        }
    }

    private void watch() throws InterruptedException {
        var stopped = Instant.now();
        var scaled = Optional.<Instant>empty();
        var gone = Optional.<Instant>empty();
        var gateUp = Optional.<Instant>empty();
        while (!closed && heroku.app(World.WEB_APP).maintenance()) {
            scaled = scaled.or(() -> when(() -> apps().allMatch(app -> app.formation().values().stream().allMatch(quantity -> quantity == 0))));
            gone = scaled.isEmpty() ? gone : gone.or(() -> when(() -> apps().allMatch(app -> app.dynos().isEmpty())));
            gateUp = gateUp.or(() -> when(() -> source.isZero(OPEN_TABLES)));
            if (gone.isPresent() && gateUp.isPresent() && target.isZero(CLOSED_TABLES)) {
                seen = Optional.of(new Seen(stopped, scaled.orElseThrow(), gone.get(), gateUp.get(), Instant.now()));
                return;
            }
            pause();
        }
    }

    private Stream<HerokuStubApp> apps() {
        return Stream.of(heroku.app(World.WEB_APP), heroku.app(World.STREAMING_APP));
    }

    private static Optional<Instant> when(BooleanSupplier happened) {
        return happened.getAsBoolean() ? Optional.of(Instant.now()) : Optional.empty();
    }

    private static void pause() throws InterruptedException {
        Thread.sleep(MILLISECONDS_BETWEEN_LOOKS);
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
