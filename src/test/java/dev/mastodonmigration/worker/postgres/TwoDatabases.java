package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.embedded.MastodonSchema;
import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A seeded Mastodon-shaped source and an empty target, and the context of a worker that moves one to the other. */
public final class TwoDatabases {
    public static final String OWNER = "app";
    public static final String TARGET_OWNER = "target_app";
    public static final int STATUSES = 1500;
    private static final AtomicInteger COUNTER = new AtomicInteger();
    private static final Set<String> SEEDED = ConcurrentHashMap.newKeySet();

    public final PostgresServer sourceServer;
    public final PostgresServer targetServer;
    public final String source;
    public final String target;
    public final String uid;
    private final Path home;

    private TwoDatabases(PostgresServer sourceServer, PostgresServer targetServer, String source, String target, String uid) {
        this.sourceServer = sourceServer;
        this.targetServer = targetServer;
        this.source = source;
        this.target = target;
        this.uid = uid;
        try {
            home = Files.createTempDirectory(SharedPostgres.home(), target);
            Files.createDirectory(home.resolve("secrets"));
            Files.createDirectory(home.resolve("scratch"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A seeded source, copied from one template per server, and an empty target. */
    public static TwoDatabases between(int sourceMajor, int targetMajor) throws SQLException {
        var number = COUNTER.incrementAndGet();
        var world = new TwoDatabases(SharedPostgres.of(sourceMajor), SharedPostgres.of(targetMajor), "source" + number, "target" + number,
                String.format("%08x-aaaa-bbbb", number));
        world.copyTemplate("seeded", sourceMajor, (owner, superuser) -> {
            MastodonSchema.create(owner, superuser);
            MastodonSchema.seed(owner, STATUSES, 7);
        });
        return world.told();
    }

    /** A source that these statements have made once per server, and an empty target: for tests that make many of the same. */
    public static TwoDatabases like(int major, String template, String... statements) throws SQLException {
        var number = COUNTER.incrementAndGet();
        var world = new TwoDatabases(SharedPostgres.of(major), SharedPostgres.of(major), "source" + number, "target" + number,
                String.format("%08x-aaaa-bbbb", number));
        world.copyTemplate(template, major, (owner, superuser) -> Query.run(owner, statements));
        return world.told();
    }

    @FunctionalInterface
    private interface Seed {
        void fill(Connection owner, Connection superuser) throws SQLException;
    }

    private void copyTemplate(String template, int major, Seed seed) throws SQLException {
        synchronized (SEEDED) {
            if (SEEDED.add(template + " " + major)) {
                sourceServer.createDatabase(template, OWNER);
                try (var owner = sourceServer.connect(template, OWNER); var superuser = sourceServer.superuser(template)) {
                    seed.fill(owner, superuser);
                }
            }
        }
        try (var superuser = sourceServer.superuser("postgres")) {
            Query.run(superuser, "CREATE DATABASE " + source + " TEMPLATE " + template + " OWNER " + OWNER);
        }
        targetServer.createDatabase(target, TARGET_OWNER);
    }

    /** An empty source, for tests that bring their own tables, and an empty target. */
    public static TwoDatabases empty(int major) throws SQLException {
        return empty(SharedPostgres.of(major), SharedPostgres.of(major));
    }

    public static TwoDatabases empty(PostgresServer from, PostgresServer to) throws SQLException {
        var number = COUNTER.incrementAndGet();
        var world = new TwoDatabases(from, to, "source" + number, "target" + number, String.format("%08x-aaaa-bbbb", number));
        from.createDatabase(world.source, OWNER);
        to.createDatabase(world.target, TARGET_OWNER);
        return world.told();
    }

    /** The same source with a copy of the target as it is now, marker and all. */
    public TwoDatabases withCopyOfTarget() throws SQLException {
        var copy = new TwoDatabases(sourceServer, targetServer, source, "target" + COUNTER.incrementAndGet(), uid);
        try (var superuser = targetServer.superuser("postgres")) {
            Query.run(superuser, "CREATE DATABASE " + copy.target + " TEMPLATE " + target + " OWNER " + TARGET_OWNER);
        }
        return copy.told();
    }

    /** Copies of both as they are now, markers and all; nobody may be connected to them. */
    public TwoDatabases copy() throws SQLException {
        var number = COUNTER.incrementAndGet();
        var copy = new TwoDatabases(sourceServer, targetServer, "source" + number, "target" + number, uid);
        try (var from = sourceServer.superuser("postgres"); var to = targetServer.superuser("postgres")) {
            Query.run(from, "CREATE DATABASE " + copy.source + " TEMPLATE " + source + " OWNER " + OWNER);
            Query.run(to, "CREATE DATABASE " + copy.target + " TEMPLATE " + target + " OWNER " + TARGET_OWNER);
        }
        return copy.told();
    }

    private TwoDatabases told() {
        return secret(WorkerContext.SOURCE_POSTGRES_URL, sourceServer.url(source, OWNER)).secret(WorkerContext.TARGET_POSTGRES_URL,
                targetServer.url(target, TARGET_OWNER));
    }

    public TwoDatabases secret(String file, String value) {
        try {
            // At once, as the kubelet changes mounted Secrets: a worker that reads at that moment finds the one or the other.
            Files.move(Files.writeString(home.resolve(file), value + "\n"), home.resolve("secrets").resolve(file), StandardCopyOption.ATOMIC_MOVE);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As where that half does not move. */
    public TwoDatabases without(String file) {
        try {
            Files.delete(home.resolve("secrets").resolve(file));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public WorkerContext context() {
        return context(uid, 1);
    }

    public WorkerContext context(String migrationUid, long epoch) {
        return new WorkerContext(migrationUid, "mastodon/" + migrationUid, epoch, home.resolve("secrets"), home.resolve("scratch"), 2, new Progress());
    }

    public Path home() {
        return home;
    }

    public WorkerReport run(WorkerTask task) throws Exception {
        return task.run(context());
    }

    /** Takes the source and closes it for writing. */
    WorkerReport closeSource() throws Exception {
        run(new MarkSource());
        return run(new CloseSource());
    }

    /** Up to a loaded target behind both gates. */
    public TwoDatabases copied() throws Exception {
        run(new TargetClaim());
        closeSource();
        run(new CopyPostgres());
        return this;
    }

    /** For tests that make many. */
    public void drop() throws SQLException {
        try (var from = sourceServer.superuser("postgres"); var to = targetServer.superuser("postgres")) {
            Query.run(from, "DROP DATABASE " + source + " WITH (FORCE)");
            Query.run(to, "DROP DATABASE " + target + " WITH (FORCE)");
        }
    }

    public Connection source() throws SQLException {
        return sourceServer.connect(source, OWNER);
    }

    public Connection target() throws SQLException {
        return targetServer.connect(target, TARGET_OWNER);
    }

    public void onSource(String... statements) throws SQLException {
        try (var connection = source()) {
            Query.run(connection, statements);
        }
    }

    public void onTarget(String... statements) throws SQLException {
        try (var connection = target()) {
            Query.run(connection, statements);
        }
    }

    /** Changes the target although it is closed, as only a superuser could: for sabotage. */
    public void sabotage(String... statements) throws SQLException {
        try (var connection = targetServer.superuser(target)) {
            Query.run(connection, "SET mastodon_migration.session = 'sabotage'", "UPDATE mastodon_migration.marker SET session = 'sabotage'");
            Query.run(connection, statements);
            Query.run(connection, "UPDATE mastodon_migration.marker SET session = NULL");
        }
    }
}
