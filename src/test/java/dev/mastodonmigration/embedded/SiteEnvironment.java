package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;

/** Where a process of the instance finds its data, from its environment alone, in either of the two forms that Mastodon reads. */
record SiteEnvironment(String host, int port, String database, String user, String password, String sslMode, Optional<String> rootCertificate, URI redis, URI sidekiqRedis, Optional<SSLSocketFactory> redisTrust) {
    private static final int DEFAULT_PORT = 5432;

    /** As on Heroku: DATABASE_URL, REDIS_URL or the add-on's REDISCLOUD_URL, and SIDEKIQ_REDIS_URL where Sidekiq has a Redis of its own. */
    static SiteEnvironment ofConfigVars(Map<String, String> config) {
        var database = URI.create(required(config, "DATABASE_URL"));
        var credentials = database.getRawUserInfo().split(":", 2);
        var redis = Optional.ofNullable(config.get("REDIS_URL")).orElseGet(() -> required(config, "REDISCLOUD_URL"));
        return new SiteEnvironment(database.getHost(), database.getPort() < 0 ? DEFAULT_PORT : database.getPort(), decode(database.getRawPath().substring(1)),
                decode(credentials[0]), decode(credentials[1]), "prefer", Optional.empty(), URI.create(redis), sidekiqRedis(config, redis), Optional.empty());
    }

    /** As on the target: DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASS, DB_SSLMODE, REDIS_URL and SIDEKIQ_REDIS_URL, if somebody left it there. */
    static SiteEnvironment ofEnvSecret(Map<String, String> env) {
        return new SiteEnvironment(required(env, "DB_HOST"), Integer.parseInt(env.getOrDefault("DB_PORT", String.valueOf(DEFAULT_PORT))),
                required(env, "DB_NAME"), required(env, "DB_USER"), required(env, "DB_PASS"), env.getOrDefault("DB_SSLMODE", "prefer"), Optional.ofNullable(env.get("PGSSLROOTCERT")),
                URI.create(required(env, "REDIS_URL")), sidekiqRedis(env, required(env, "REDIS_URL")), Optional.ofNullable(env.get("SSL_CERT_FILE")).map(SiteEnvironment::trusting));
    }

    private static URI sidekiqRedis(Map<String, String> values, String redis) {
        return URI.create(values.getOrDefault("SIDEKIQ_REDIS_URL", redis));
    }

    /** Opens a connection as the process of that name, as Rails does: short to give up, and no statement without end. */
    Connection connect(String process) throws SQLException {
        var properties = new Properties();
        properties.putAll(Map.of("user", user, "password", password, "sslmode", sslMode, "ApplicationName", process,
                "connectTimeout", "5", "loginTimeout", "15", "socketTimeout", "15"));
        rootCertificate.ifPresent(file -> properties.put("sslrootcert", file));
        return DriverManager.getConnection("jdbc:postgresql://" + host + ":" + port + "/" + database, properties);
    }

    Jedis connectRedis() {
        return connect(redis);
    }

    /** Where jobs are: the same server, unless Sidekiq has its own. */
    Jedis connectSidekiqRedis() {
        return connect(sidekiqRedis);
    }

    /** Over TLS it verifies, as the Ruby driver does: by the file that SSL_CERT_FILE names, or by what the system trusts. */
    private Jedis connect(URI server) {
        var config = DefaultJedisClientConfig.builder().timeoutMillis(5000);
        if ("rediss".equals(server.getScheme())) {
            var parameters = new SSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            config.sslParameters(parameters);
            redisTrust.ifPresent(config::sslSocketFactory);
        }
        return new Jedis(server, config.build());
    }

    private static SSLSocketFactory trusting(String file) {
        try (var pem = Files.newInputStream(Path.of(file))) {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("ca-" + store.size(), certificate);
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("SSL_CERT_FILE: " + file, e);
        }
    }

    /** What an error message may show. */
    List<String> places() {
        return List.of(host + ":" + port + "/" + database, redis.getHost() + ":" + redis.getPort());
    }

    @Override
    public String toString() {
        return String.join(" and ", places());
    }

    private static String required(Map<String, String> values, String name) {
        return Optional.ofNullable(values.get(name)).orElseThrow(() -> new NoSuchElementException("the process has no " + name + " in its environment"));
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
