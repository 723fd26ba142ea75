package dev.mastodonmigration.mastodon;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The parts of a Postgres URL, decoded: Mastodon is given parts, because its streaming server ignores DB_SSLMODE beside a URL (streaming/database.js). */
record PostgresUrl(String host, int port, String database, String user, String password, Optional<String> sslMode) {
    private static final int DEFAULT_PORT = 5432;

    /** @throws IllegalArgumentException when host, database or user is missing; the URL itself is never quoted */
    static PostgresUrl of(URI url) {
        var database = url.getRawPath() == null ? "" : decode(url.getRawPath().replaceFirst("^/", ""));
        var userInfo = url.getRawUserInfo() == null ? "" : url.getRawUserInfo();
        var colon = userInfo.indexOf(':');
        var user = decode(colon < 0 ? userInfo : userInfo.substring(0, colon));
        var password = colon < 0 ? "" : decode(userInfo.substring(colon + 1));
        if (url.getHost() == null || database.isEmpty() || user.isEmpty()) {
            throw new IllegalArgumentException("a Postgres URL needs user, host and database: postgres://user:password@host:5432/database");
        }
        return new PostgresUrl(url.getHost().replaceAll("^\\[|]$", ""), url.getPort() < 0 ? DEFAULT_PORT : url.getPort(), database, user, password,
                parameter(url, "sslmode"));
    }

    private static Optional<String> parameter(URI url, String name) {
        return url.getRawQuery() == null ? Optional.empty() : Arrays.stream(url.getRawQuery().split("&"))
                .filter(pair -> pair.startsWith(name + "="))
                .map(pair -> decode(pair.substring(name.length() + 1)))
                .filter(value -> !value.isBlank())
                .reduce((first, last) -> last);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** The record's own text would show the password. */
    @Override
    public String toString() {
        return host + ":" + port + "/" + database;
    }
}
