package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;

/** A source and a target with a migration between them, as a worker sees it: only through the files of its Secret. */
public final class RedisPair implements AutoCloseable {
    public static final String UID = "6f0a2c1e-0000-4000-8000-000000000001";
    public static final String OTHER_UID = "6f0a2c1e-0000-4000-8000-000000000002";

    public final RedisServer sourceServer;
    public final RedisServer targetServer;
    public final Jedis source;
    public final Jedis target;
    public final Progress progress = new Progress();
    private final Path secrets;

    public RedisPair(Path directory, RedisServer sourceServer, RedisServer targetServer) {
        this.sourceServer = sourceServer;
        this.targetServer = targetServer;
        this.source = sourceServer.connect();
        this.target = targetServer.connect();
        this.secrets = directory;
        source(sourceServer.url());
        target(targetServer.url());
    }

    public static RedisPair start(Path directory) {
        return new RedisPair(directory, RedisServer.start(), RedisServer.start());
    }

    public void source(String url) {
        write(WorkerContext.SOURCE_REDIS_URL, url);
    }

    public void target(String url) {
        write(WorkerContext.TARGET_REDIS_URL, url);
    }

    /** As a user of the source that lacks these rights, such as {@code -client|tracking}; until {@link #source} names another. */
    public void sourceAsUserWithout(String... rights) {
        source.aclSetUser("limited", Stream.concat(Stream.of("on", ">secret", "~*", "&*", "+@all"), Stream.of(rights)).toArray(String[]::new));
        source("redis://limited:secret@127.0.0.1:" + sourceServer.port());
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
        try {
            Files.deleteIfExists(secrets.resolve(WorkerContext.SOURCE_SIDEKIQ_REDIS_URL));
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
        return new WorkerContext(uid, uid.equals(UID) ? "mastodon/example-social" : "mastodon/other", epoch, secrets, secrets, 2, progress);
    }

    public void empty() {
        source.flushAll();
        target.flushAll();
    }

    @Override
    public void close() {
        source.close();
        target.close();
        sourceServer.close();
        targetServer.close();
    }
}
