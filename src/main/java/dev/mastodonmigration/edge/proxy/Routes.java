package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.Edge.Side;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where requests go, by domain and path.
 *
 * @param source while the source answers
 * @param target while the target does
 */
public record Routes(List<Route> source, List<Route> target) {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    /**
     * @param domain   of the instance, as requests name it
     * @param prefix   with which the path begins
     * @param upstream scheme, host and perhaps port. Over https its certificate must be the domain's, and the domain is asked for: Heroku's router knows apps by it, and answers 421 or 495 otherwise
     *                 (research of Heroku's error codes H31 and KJRAJJW5)
     */
    public record Route(String domain, String prefix, URI upstream) {
        private boolean matches(String host, String path) {
            return domain.equalsIgnoreCase(host) && path.startsWith(prefix);
        }

        RequestOptions options() {
            var tls = upstream.getScheme().toLowerCase(Locale.ROOT).equals("https");
            var port = upstream.getPort() >= 0 ? upstream.getPort() : tls ? HTTPS : HTTP;
            return new RequestOptions().setServer(SocketAddress.inetSocketAddress(port, upstream.getHost())).setHost(domain).setPort(tls ? HTTPS : HTTP).setSsl(tls);
        }
    }

    /** Whether it is one of the instance's. */
    boolean knows(String domain) {
        return Stream.concat(source.stream(), target.stream()).anyMatch(route -> route.domain().equalsIgnoreCase(domain));
    }

    /** That with the longest prefix; empty where nobody serves that domain. */
    Optional<RequestOptions> find(Side side, String host, String path) {
        return (side == Side.SOURCE ? source : target).stream().filter(route -> route.matches(host, path)).max(Comparator.comparingInt(route -> route.prefix().length())).map(Route::options);
    }
}
