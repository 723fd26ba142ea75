package dev.mastodonmigration.source.heroku;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/** Where a database is, as a config var may say it. */
final class DatabaseAddress {
    private static final int REDIS_PORT = 6379;
    private static final int POSTGRES_PORT = 5432;

    private DatabaseAddress() {}

    /** Of a value that is a URL with a host. */
    static Optional<URI> uri(String value) {
        try {
            return Optional.of(URI.create(value.strip())).filter(url -> url.getHost() != null);
        } catch (IllegalArgumentException isNone) {
            return Optional.empty();
        }
    }

    /** Host and port. */
    static String server(URI url) {
        return host(url) + ":" + (url.getPort() < 0 ? isRedis(url) ? REDIS_PORT : POSTGRES_PORT : url.getPort());
    }

    /** With the database: several customers' may be on one server. */
    static String database(URI url) {
        return server(url) + url.getPath();
    }

    /**
     * Whether that value of a config var may lead to the database at that address. A pool has a port of its own, a URL may name a host in its query, and what is no URL that can be read, such as a host name, or a connection string of
     * another driver, is taken for one that does where it has the host in it.
     */
    static boolean mayBeIn(String value, URI address) {
        return uri(value).map(url -> isAt(url, address) || names(value.replace(url.getRawAuthority(), ""), address)).orElseGet(() -> names(value, address));
    }

    private static boolean isAt(URI url, URI address) {
        return isRedis(address) ? server(url).equals(server(address)) : host(url).equals(host(address)) && url.getPath().equals(address.getPath());
    }

    private static boolean names(String text, URI address) {
        return text.toLowerCase(Locale.ROOT).contains(host(address));
    }

    private static boolean isRedis(URI url) {
        return String.valueOf(url.getScheme()).startsWith("redis");
    }

    private static String host(URI url) {
        return url.getHost().toLowerCase(Locale.ROOT);
    }
}
