package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.worker.control.Refusal;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/**
 * A Redis URL as Heroku and Mastodon write it: {@code redis[s]://[user]:password@host:port[/database]}.
 *
 * @param user empty for the default user
 */
public record RedisUrl(boolean tls, String host, int port, String user, String password, int database) {
    private static final int DEFAULT_PORT = 6379;

    /** @throws Refusal when it is not a Redis URL; the URL itself is never quoted */
    public static RedisUrl of(URI url, String title) throws Refusal {
        if (!"redis".equals(url.getScheme()) && !"rediss".equals(url.getScheme()) || url.getHost() == null) {
            throw new Refusal("The URL of the " + title + " must look like redis://:password@host:6379/0, or rediss://… for TLS.");
        }
        var path = url.getPath() == null ? "" : url.getPath().replaceFirst("^/", "");
        if (!path.matches("\\d{0,4}")) {
            throw new Refusal("The URL of the " + title + " must end with a database number, as /0, or with nothing after the port.");
        }
        var login = url.getRawUserInfo() == null ? "" : url.getRawUserInfo();
        var colon = login.indexOf(':');
        return new RedisUrl("rediss".equals(url.getScheme()), url.getHost(), url.getPort() < 0 ? DEFAULT_PORT : url.getPort(),
                decode(colon < 0 ? "" : login.substring(0, colon)), decode(login.substring(colon + 1)), path.isEmpty() ? 0 : Integer.parseInt(path));
    }

    private static String decode(String part) {
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    String address() {
        return host + ":" + port;
    }

    @Override
    public String toString() {
        return (tls ? "rediss" : "redis") + "://" + address() + "/" + database;
    }
}
