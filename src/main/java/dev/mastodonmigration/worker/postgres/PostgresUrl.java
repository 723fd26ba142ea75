package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A database's address as Heroku, Rails and libpq write it, taken apart once for both JDBC and libpq, which disagree about its form.
 *
 * @param parameters the query, decoded; of these only the {@code ssl…} ones are used, see {@link PostgresTls}
 */
public record PostgresUrl(String host, int port, String database, String user, String password, Map<String, String> parameters) {
    private static final int DEFAULT_PORT = 5432;
    private static final List<String> SSL_MODES = List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /** Reads {@code postgres://user:password@host:port/database?sslmode=…}, each part percent-encoded. */
    public static PostgresUrl parse(String label, URI uri) throws Refusal {
        if (!("postgres".equals(uri.getScheme()) || "postgresql".equals(uri.getScheme())) || uri.getRawAuthority() == null) {
            throw new Refusal(label + " is not of the form postgres://user:password@host:port/database");
        }
        // Not URI.getHost: it is null for names with an underscore, which Docker and Kubernetes allow.
        var authority = uri.getRawAuthority();
        var at = authority.lastIndexOf('@');
        var credentials = at < 0 ? "" : authority.substring(0, at);
        var server = authority.substring(at + 1);
        var colon = server.lastIndexOf(':');
        var hasPort = colon > server.lastIndexOf(']');
        var host = decode(hasPort ? server.substring(0, colon) : server).replaceAll("^\\[|]$", "");
        var split = credentials.indexOf(':');
        var user = decode(split < 0 ? credentials : credentials.substring(0, split));
        var path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceFirst("^/", "");
        if (host.isEmpty() || user.isEmpty()) {
            throw new Refusal(label + " lacks a " + (host.isEmpty() ? "host" : "user") + ": it has the form postgres://user:password@host:port/database");
        }
        var parameters = parameters(uri.getRawQuery());
        // libpq's own default: Heroku and RDS speak TLS, a database on loopback need not.
        parameters.put("sslmode", sslMode(label, parameters.getOrDefault("sslmode", "prefer")));
        return new PostgresUrl(host, port(label, hasPort ? server.substring(colon + 1) : ""), path.isEmpty() ? user : decode(path), user,
                split < 0 ? "" : decode(credentials.substring(split + 1)), parameters);
    }

    private static int port(String label, String text) throws Refusal {
        try {
            return text.isEmpty() ? DEFAULT_PORT : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new Refusal(label + " has a port that is not a number");
        }
    }

    private static Map<String, String> parameters(String query) {
        var found = new TreeMap<String, String>();
        for (var pair : query == null ? new String[0] : query.split("&")) {
            var equals = pair.indexOf('=');
            if (equals > 0) {
                found.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
            }
        }
        return found;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    public PostgresUrl withDatabase(String name) {
        return new PostgresUrl(host, port, name, user, password, parameters);
    }

    private static String sslMode(String label, String given) throws Refusal {
        // What node-pg calls encryption without verification, and neither libpq nor JDBC knows.
        var mode = "no-verify".equals(given) ? "require" : given;
        if (!SSL_MODES.contains(mode)) {
            throw new Refusal(label + " has sslmode=" + mode + ". Use one of " + SSL_MODES + ".");
        }
        return mode;
    }

    public String sslMode() {
        return parameters.get("sslmode");
    }

    /** For messages: never the password. */
    @Override
    public String toString() {
        return user + "@" + host + ":" + port + "/" + database;
    }
}
