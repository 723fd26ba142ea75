package dev.mastodonmigration.mastodon;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The databases that a Heroku app uses, read as Mastodon itself reads its variables; read anew at each use, because Heroku rotates credentials.
 *
 * @param postgres DATABASE_URL, else DB_HOST and its companions; empty when neither is set or it is not a URL
 * @param redis    REDIS_URL, else REDIS_HOST and its companions, else the add-on's REDISCLOUD_URL; empty when none is set or it is not a URL
 * @param sidekiqRedis SIDEKIQ_REDIS_URL, else SIDEKIQ_REDIS_HOST and its companions; empty when it is the main one, as without these variables
 *                     (lib/mastodon/redis_configuration.rb), or not a URL
 */
public record SourceUrls(Optional<URI> postgres, Optional<URI> redis, Optional<URI> sidekiqRedis) {
    public static SourceUrls of(Map<String, String> webConfig) {
        var redis = value(webConfig, "REDIS_URL").or(() -> redisFromParts(webConfig, "")).or(() -> value(webConfig, "REDISCLOUD_URL")).flatMap(SourceUrls::redisUrl);
        return new SourceUrls(value(webConfig, "DATABASE_URL").or(() -> postgresFromParts(webConfig)).flatMap(SourceUrls::postgresUrl), redis,
                redis(webConfig, "SIDEKIQ_").filter(own -> !redis.map(RedisUrl::of).equals(Optional.of(RedisUrl.of(own)))));
    }

    /** Whether Sidekiq has a Redis of its own that we cannot read the name of: to take the main one instead would forget its jobs. */
    public static boolean namesUnreadableSidekiqRedis(Map<String, String> config) {
        return value(config, "SIDEKIQ_REDIS_URL").or(() -> value(config, "SIDEKIQ_REDIS_HOST")).isPresent() && redis(config, "SIDEKIQ_").isEmpty();
    }

    /** What these variables name, and nothing else; the prefix stands for what uses it. */
    static Optional<URI> redis(Map<String, String> config, String prefix) {
        return value(config, prefix + "REDIS_URL").or(() -> redisFromParts(config, prefix)).flatMap(SourceUrls::redisUrl);
    }

    static Optional<String> value(Map<String, String> config, String name) {
        return Optional.ofNullable(config.get(name)).map(String::strip).filter(value -> !value.isEmpty());
    }

    static Optional<URI> postgresUrl(String text) {
        return parse(text, "postgres", "postgresql");
    }

    static Optional<URI> redisUrl(String text) {
        return parse(text, "redis", "rediss").filter(url -> url.getPath().matches("/?[0-9]{0,4}"));
    }

    static Optional<URI> parse(String url, String... schemes) {
        try {
            var parsed = URI.create(url.strip());
            var known = parsed.getScheme() != null && List.of(schemes).contains(parsed.getScheme()) && parsed.getHost() != null;
            return known ? Optional.of(parsed) : Optional.empty();
        } catch (IllegalArgumentException notAUrl) {
            return Optional.empty();
        }
    }

    private static Optional<String> postgresFromParts(Map<String, String> config) {
        return value(config, "DB_HOST").map(host -> "postgres://" + credentials(value(config, "DB_USER").orElse("mastodon"), value(config, "DB_PASS"))
                + host + ":" + value(config, "DB_PORT").orElse("5432") + "/" + encode(value(config, "DB_NAME").orElse("mastodon_production"))
                + value(config, "DB_SSLMODE").map(mode -> "?sslmode=" + mode).orElse(""));
    }

    private static Optional<String> redisFromParts(Map<String, String> config, String prefix) {
        return value(config, prefix + "REDIS_HOST").map(host -> "redis://"
                + credentials(value(config, prefix + "REDIS_USER").orElse(""), value(config, prefix + "REDIS_PASSWORD")) + host + ":"
                + value(config, prefix + "REDIS_PORT").orElse("6379") + value(config, prefix + "REDIS_DB").map(database -> "/" + database).orElse(""));
    }

    private static String credentials(String user, Optional<String> password) {
        return user.isEmpty() && password.isEmpty() ? "" : encode(user) + password.map(secret -> ":" + encode(secret)).orElse("") + "@";
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The record's own text would show passwords. */
    @Override
    public String toString() {
        return "SourceUrls[postgres=" + postgres.map(URI::getHost) + ", redis=" + redis.map(URI::getHost) + ", sidekiqRedis=" + sidekiqRedis.map(URI::getHost) + "]";
    }
}
