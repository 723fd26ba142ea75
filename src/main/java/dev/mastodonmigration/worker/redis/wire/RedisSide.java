package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** The Redis databases of a migration, and the one way to connect to them. */
public enum RedisSide {
    SOURCE(WorkerContext.SOURCE_REDIS_URL, "source Redis"),
    /** Of a Mastodon with {@code SIDEKIQ_REDIS_URL}; its keys go to the same target as all others. */
    SOURCE_OF_SIDEKIQ(WorkerContext.SOURCE_SIDEKIQ_REDIS_URL, "source Redis of Sidekiq"),
    TARGET(WorkerContext.TARGET_REDIS_URL, "target Redis");

    private static final int CONNECT_MILLISECONDS = 10_000;
    /** A DUMP of hundreds of megabytes takes its time; a silent peer should still be noticed. */
    private static final int READ_MILLISECONDS = 60_000;

    /** Jedis sends and receives 8 KiB at a time by default: about forty system calls, and as many wake-ups of the server, for one batch of ours. */
    private static final int BUFFER_BYTES = 64 << 10;

    static {
        System.setProperty("jedis.bufferSize", System.getProperty("jedis.bufferSize", String.valueOf(BUFFER_BYTES)));
    }

    private final String file;
    private final String title;

    RedisSide(String file, String title) {
        this.file = file;
        this.title = title;
    }

    public String file() {
        return file;
    }

    /** What it is, for messages. */
    public String title() {
        return title;
    }

    /** Where the source's Sidekiq has its jobs. */
    public static RedisSide ofSidekiq(WorkerContext context) {
        return context.has(SOURCE_OF_SIDEKIQ.file) ? SOURCE_OF_SIDEKIQ : SOURCE;
    }

    /** Every Redis of the source. */
    public static List<RedisSide> sources(WorkerContext context) {
        return context.has(SOURCE_OF_SIDEKIQ.file) ? List.of(SOURCE, SOURCE_OF_SIDEKIQ) : List.of(SOURCE);
    }

    /** Where the credentials point now, read anew because they rotate. */
    public RedisUrl url(WorkerContext context) throws Refusal, IOException {
        return RedisUrl.of(context.url(file), title);
    }

    /** The side with its address, for messages: "source Redis (host:6379, database 0)". */
    public String name(RedisUrl url) {
        return title + " (" + url.address() + ", database " + url.database() + ")";
    }

    /**
     * Connects, logs in, selects the URL's database, and names the connection so that a successor can find and end it.
     * {@code rediss://} is encrypted; the target's certificate is verified, see {@link RedisTls}.
     *
     * @throws IOException when it cannot be reached or refuses the login: credentials rotate, so trying again may help
     */
    public Jedis open(WorkerContext context) throws Refusal, IOException {
        return connect(context, RedisSide::connected);
    }

    /**
     * Connects as {@link #open} does, with a client of its own kind.
     *
     * @throws IOException as {@link #open}
     */
    public <T> T connect(WorkerContext context, Client<T> client) throws Refusal, IOException {
        var url = url(context);
        try {
            return login(context, url, client);
        } catch (JedisAccessControlException e) {
            throw new IOException(name(url) + " refuses the login (" + Redaction.of(e) + "). Check the user and password in its URL.", e);
        } catch (JedisDataException e) {
            throw new IOException(name(url) + " refuses the connection (" + Redaction.of(e) + "). Check the password and the database number in its URL.", e);
        } catch (JedisConnectionException e) {
            if (this == TARGET && isCausedBy(CertificateException.class, e)) {
                throw new IOException(name(url) + " shows a certificate that is not trusted (" + cause(e)
                        + "). Name its CA in caSecretRef under spec.target.redis, and in its URL the host that it is made out to.", e);
            }
            var reach = this == TARGET ? context.told(WorkerContext.TARGET_REDIS_REACH) : Optional.<String>empty();
            throw new IOException(name(url) + " cannot be reached (" + cause(e) + "). " + reach.orElseGet(() -> advice(url)), e);
        }
    }

    private static String advice(RedisUrl url) {
        return "Check host, port, network rules, and whether the URL should begin with "
                + (url.tls() ? "redis://" : "rediss:// (TLS)") + ".";
    }

    /** Connects and logs in. */
    public interface Client<T> {
        T connect(HostAndPort address, DefaultJedisClientConfig.Builder config);
    }

    /** The name of all our connections: one per migration, so that only our own are ever ended, and none of them counts as another's. */
    public static String connectionName(WorkerContext context) {
        return "mastodon-migration-" + context.migrationUid();
    }

    private <T> T login(WorkerContext context, RedisUrl url, Client<T> client) throws Refusal, IOException {
        var address = new HostAndPort(url.host(), url.port());
        try {
            return client.connect(address, config(context, url, url.user()));
        } catch (JedisDataException e) {
            // Heroku's older URLs carry the user "h", which Redis never knew; redis-rb falls back the same way.
            if (url.user().isEmpty() || url.password().isEmpty()) {
                throw e;
            }
            return client.connect(address, config(context, url, ""));
        }
    }

    private DefaultJedisClientConfig.Builder config(WorkerContext context, RedisUrl url, String user) throws Refusal, IOException {
        var config = DefaultJedisClientConfig.builder()
                .connectionTimeoutMillis(CONNECT_MILLISECONDS)
                .socketTimeoutMillis(READ_MILLISECONDS)
                .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
                // A server may refuse the name, and Jedis takes no notice: only ending a lingering connection needs it, and the marker's epoch fences that one anyway.
                .clientName(connectionName(context))
                .database(url.database());
        if (!url.password().isEmpty()) {
            config.password(url.password());
            if (!user.isEmpty()) {
                config.user(user);
            }
        }
        if (url.tls() && this == TARGET) {
            RedisTls.verified(config, Optional.of(WorkerContext.TARGET_REDIS_CA).filter(context::has).map(context.secrets()::resolve));
        } else if (url.tls()) {
            RedisTls.unverified(config);
        }
        return config;
    }

    private static Jedis connected(HostAndPort address, DefaultJedisClientConfig.Builder config) {
        var jedis = new Jedis(new SplitConnection(address, config.build()));
        try {
            jedis.ping();
            return jedis;
        } catch (JedisException e) {
            jedis.close();
            throw e;
        }
    }

    private static boolean isCausedBy(Class<? extends Throwable> kind, Throwable e) {
        return Stream.iterate(e, Objects::nonNull, Throwable::getCause).anyMatch(kind::isInstance);
    }

    private static String cause(Throwable e) {
        var deepest = e;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return Redaction.of(deepest);
    }
}
