package dev.mastodonmigration.mastodon;

import java.net.URI;
import java.util.Locale;

/** Where a Redis URL leads, without its credentials: two URLs may name one Redis with different users. */
record RedisUrl(String host, int port, int database) {
    private static final int DEFAULT_PORT = 6379;

    /** @throws IllegalArgumentException when the host is missing or the database is not a number; the URL itself is never quoted */
    static RedisUrl of(URI url) {
        if (url.getHost() == null) {
            throw new IllegalArgumentException("a Redis URL needs a host: redis://user:password@host:6379");
        }
        var path = url.getPath() == null ? "" : url.getPath().replaceFirst("^/", "");
        return new RedisUrl(url.getHost().toLowerCase(Locale.ROOT), url.getPort() < 0 ? DEFAULT_PORT : url.getPort(), path.isEmpty() ? 0 : Integer.parseInt(path));
    }
}
