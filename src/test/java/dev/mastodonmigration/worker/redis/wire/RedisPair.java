package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.embedded.TemporaryDirectory;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import redis.clients.jedis.Jedis;

/**
 * A source and a target with a migration between them, as a worker sees it: only through the files of its Secret. As a static extension of a test class, the
 * servers live as long as the class, and each test finds them empty; as an extension of an instance, each test has its own.
 */
public final class RedisPair implements AutoCloseable, BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    public static final String UID = "6f0a2c1e-0000-4000-8000-000000000001";
    public static final String OTHER_UID = "6f0a2c1e-0000-4000-8000-000000000002";

    public RedisServer sourceServer;
    public RedisServer targetServer;
    public Jedis source;
    public Jedis target;
    public final Progress progress = new Progress();

    private final Supplier<RedisServer> startsSource;
    private final Supplier<RedisServer> startsTarget;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private TemporaryDirectory secrets;
    private boolean ofOneTest;

    public RedisPair() {
        this(RedisServer::start, RedisServer::start);
    }

    public RedisPair(Supplier<RedisServer> startsSource, Supplier<RedisServer> startsTarget) {
        this.startsSource = startsSource;
        this.startsTarget = startsTarget;
    }

    /** Also anew, after a test has spoilt the servers and closed this. */
    public RedisPair start() {
        secrets = closedLater(TemporaryDirectory.create("redis-pair-"));
        sourceServer = closedLater(startsSource.get());
        targetServer = closedLater(startsTarget.get());
        source = closedLater(sourceServer.connect());
        target = closedLater(targetServer.connect());
        nameBoth();
        return this;
    }

    private <T extends AutoCloseable> T closedLater(T resource) {
        open.push(resource);
        return resource;
    }

    private void nameBoth() {
        source(sourceServer.url());
        target(targetServer.url());
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        start();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (open.isEmpty()) {
            ofOneTest = true;
            start();
        } else {
            source.flushAll();
            target.flushAll();
            nameBoth();
            noSourceOfSidekiq();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        if (ofOneTest) {
            close();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        close();
    }

    /** Whatever started, the last first, also when one of them does not close. */
    @Override
    public void close() throws Exception {
        if (!open.isEmpty()) {
            try {
                open.pop().close();
            } finally {
                close();
            }
        }
    }

    /** The files of a worker's Secret, for one in a process of its own. */
    public Path secrets() {
        return secrets.path();
    }

    public void source(String url) {
        write(WorkerContext.SOURCE_REDIS_URL, url);
    }

    public void target(String url) {
        remove(WorkerContext.TARGET_REDIS_MAJOR);
        write(WorkerContext.TARGET_REDIS_URL, url);
    }

    /** As a user of the source that lacks these rights, such as {@code -client|tracking}; until {@link #source} names another. */
    public void sourceAsUserWithout(String... rights) {
        source.aclSetUser("limited", Stream.concat(Stream.of("on", ">secret", "~*", "&*", "+@all"), Stream.of(rights)).toArray(String[]::new));
        source("redis://limited:secret@127.0.0.1:" + sourceServer.port());
    }

    /** As a user of the target that lacks these rights; until {@link #target} names another. */
    public void targetAsUserWithout(String... rights) {
        target.aclSetUser("limited", Stream.concat(Stream.of("reset", "on", ">secret", "~*", "&*", "+@all"), Stream.of(rights)).toArray(String[]::new));
        target("redis://limited:secret@127.0.0.1:" + targetServer.port());
    }

    /** The operator has still to create it; until {@link #target} names one. @param major of Valkey */
    public void targetIsPlanned(int major) {
        remove(WorkerContext.TARGET_REDIS_URL);
        write(WorkerContext.TARGET_REDIS_MAJOR, String.valueOf(major));
    }

    /** The CA of the target's certificate. */
    public void targetCa(Path certificate) {
        try {
            write(WorkerContext.TARGET_REDIS_CA, Files.readString(certificate));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A Redis of Sidekiq's own. */
    public void sourceOfSidekiq(String url) {
        write(WorkerContext.SOURCE_SIDEKIQ_REDIS_URL, url);
    }

    public void noSourceOfSidekiq() {
        remove(WorkerContext.SOURCE_SIDEKIQ_REDIS_URL);
    }

    private void remove(String file) {
        try {
            Files.deleteIfExists(secrets.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** At once, as Kubernetes does: a worker that runs never reads a part of it. */
    private void write(String file, String text) {
        try {
            var whole = Files.writeString(secrets.resolve(file + ".new"), text);
            Files.move(whole, secrets.resolve(file), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public WorkerContext context() {
        return context(UID, 1);
    }

    public WorkerContext context(String uid, long epoch) {
        return new WorkerContext(uid, uid.equals(UID) ? "mastodon/example-social" : "mastodon/other", epoch, secrets.path(), secrets.path(), 2, progress);
    }
}
