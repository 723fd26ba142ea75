package dev.mastodonmigration.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The people on the instance: they write at a steady rate to whichever side serves, tell the ledger what was acknowledged, and measure
 * how long nobody answered them.
 */
public final class Users implements AutoCloseable {
    /** What users met. {@code outage}: from the first failed write after the old host's last answer to the target's first. */
    public record Measured(long requests, long refused, Optional<Duration> outage, Optional<String> lastFailure, Duration longest) {}

    /** How requests come to the instance. */
    interface Way {
        /** Empty when nobody serves. */
        Optional<Visit> visit();
    }

    /** Serves one request. */
    interface Visit {
        /** @return who has answered; any exception is an answer other than success */
        World.Side serve(WebProcess.Request request) throws SQLException, InterruptedException;
    }

    /** To Heroku's router while it serves, and to the target's load balancer otherwise: what users do whose DNS follows at once. */
    static Way directly(LiveInstance instance) {
        return () -> instance.herokuWeb().map(web -> visit(web, World.Side.SOURCE)).or(() -> instance.targetWeb().map(web -> visit(web, World.Side.TARGET)));
    }

    private static Visit visit(WebProcess web, World.Side side) {
        return request -> {
            web.serve(request);
            return side;
        };
    }

    /** Over HTTP, to where DNS of that domain leads. */
    static Way over(SiteHttp http, String domain) {
        return () -> Optional.of(request -> http.write(domain, request));
    }

    private static final int MOST_FAILURES = 20;
    private final Way way;
    private final Ledger ledger;
    private final ScheduledExecutorService threads;
    private final long periodMicros;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicReference<String> lastFailure = new AtomicReference<>();
    private final AtomicReference<Throwable> broken = new AtomicReference<>();
    private final ReentrantReadWriteLock active = new ReentrantReadWriteLock(true);
    private final List<String> failures = new ArrayList<>();
    private Instant firstFailure;
    private Duration outage;
    private Duration longest = Duration.ZERO;
    private volatile boolean paused;

    private Users(Way way, Ledger ledger, int clients, int requestsPerSecond) {
        this.way = way;
        this.ledger = ledger;
        this.threads = Executors.newScheduledThreadPool(clients, Thread.ofPlatform().daemon().name("user-", 0).factory());
        this.periodMicros = TimeUnit.SECONDS.toMicros(1) * clients / requestsPerSecond;
    }

    /**
     * Sets users to work.
     *
     * @param way            how their requests come to it
     * @param source         the source's database, to learn which accounts and tags there are
     * @param clients        users at the same time
     * @param requestsPerSecond of all users together
     * @param seed           makes the same users do the same
     */
    static Users start(Way way, Ledger ledger, Connection source, int clients, int requestsPerSecond, long seed) throws SQLException {
        var accounts = ids(source, "SELECT id FROM accounts WHERE domain IS NULL ORDER BY id LIMIT " + (clients + 10));
        var tags = ids(source, "SELECT id FROM tags ORDER BY id LIMIT 10");
        var all = new ArrayList<UserClient>();
        for (var i = 0; i < clients; i++) {
            all.add(new UserClient("u" + i, accounts.get(i), accounts.subList(clients, accounts.size()), tags, seed + i));
        }
        var users = new Users(way, ledger, clients, requestsPerSecond);
        for (var i = 0; i < clients; i++) {
            var client = all.get(i);
            users.threads.scheduleWithFixedDelay(() -> users.act(client), i * users.periodMicros / clients, users.periodMicros, TimeUnit.MICROSECONDS);
        }
        return users;
    }

    private static List<Long> ids(Connection connection, String query) throws SQLException {
        var ids = new ArrayList<Long>();
        try (var statement = connection.createStatement(); var rows = statement.executeQuery(query)) {
            while (rows.next()) {
                ids.add(rows.getLong(1));
            }
        }
        return ids;
    }

    private void act(UserClient client) {
        active.readLock().lock();
        try {
            if (!paused) {
                request(client);
            }
        } catch (RuntimeException e) {
            broken.compareAndSet(null, e);
        } finally {
            active.readLock().unlock();
        }
    }

    private void request(UserClient client) {
        var begun = Instant.now();
        var visit = way.visit();
        requests.incrementAndGet();
        if (visit.isEmpty()) {
            failed(begun, "503: nobody serves");
            return;
        }
        var intent = client.next();
        ledger.intend(intent.writes());
        World.Side side;
        try {
            side = visit.get().serve(intent.request());
        } catch (SQLException | JedisException | WebProcess.Unavailable | SiteHttp.Failed | IllegalStateException e) {
            intent.onUnknown().run();
            failed(begun, e.getMessage());
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        ledger.acknowledge(intent.writes());
        intent.onAcknowledged().run();
        answered(begun, side == World.Side.SOURCE);
    }

    private synchronized void failed(Instant begun, String why) {
        refused.incrementAndGet();
        if (failures.size() < MOST_FAILURES) {
            failures.add("begun " + begun + ", ended " + Instant.now() + ": " + why);
        }
        lastFailure.set(why);
        if (firstFailure == null) {
            firstFailure = begun;
        }
    }

    private synchronized void answered(Instant begun, boolean byOldHost) {
        var took = Duration.between(begun, Instant.now());
        longest = took.compareTo(longest) > 0 ? took : longest;
        if (firstFailure == null || !begun.isAfter(firstFailure)) {
            return;
        }
        if (!byOldHost && outage == null) {
            outage = Duration.between(firstFailure, Instant.now());
        }
        firstFailure = null;
    }

    /** Somebody who listens to streaming there, and tells as failed what is not answered. */
    Users listening(SiteHttp http, String domain) {
        threads.scheduleWithFixedDelay(() -> {
            requests.incrementAndGet();
            var begun = Instant.now();
            try {
                http.read(domain, SiteHttp.STREAMING);
            } catch (SiteHttp.Failed e) {
                failed(begun, domain + ": " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, 0, periodMicros, TimeUnit.MICROSECONDS);
        return this;
    }

    /** What users met so far. */
    public synchronized Measured measured() {
        return new Measured(requests.get(), refused.get(), Optional.ofNullable(outage), Optional.ofNullable(lastFailure.get()), longest);
    }

    /** The first ones, each with its times. */
    public synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    /** What broke the users themselves: never anything, in a sound test. */
    public Optional<Throwable> broken() {
        return Optional.ofNullable(broken.get());
    }

    /** No more requests, and none in flight when this returns. */
    public void pause() {
        active.writeLock().lock();
        paused = true;
        active.writeLock().unlock();
    }

    public void resume() {
        paused = false;
    }

    @Override
    public void close() {
        pause();
        threads.shutdownNow();
    }
}
