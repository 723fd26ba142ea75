package dev.mastodonmigration.edge;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;

/**
 * Asks a front for the instance as users will once DNS leads them there, before it does: over TLS, by the instance's name. A certificate that is missing then is
 * missing for everybody at once.
 */
@FunctionalInterface
public interface FrontProbe {
    /** Mastodon answers this path whatever the Host (config/initializers/1_hosts.rb, production.rb). */
    String WEB = "/health";
    /** These ask Postgres and Redis, as users' requests do. A page may be a redirect: of an instance with one user it is. */
    String PAGE = "/";
    String INSTANCE = "/api/v2/instance";
    String STREAMING = "/api/v1/streaming/health";

    /** Why it would not serve that path of that name; empty when it does. */
    Optional<String> fault(FrontAddress front, String domain, String path);

    /** Over TLS, as the system's certificate authorities have it. */
    static FrontProbe overTls() {
        return new OverTls((SSLSocketFactory) SSLSocketFactory.getDefault(), 443);
    }

    /** @param port of TLS */
    record OverTls(SSLSocketFactory tls, int port) implements FrontProbe {
        private static final int ANSWER_MILLIS = 5000;

        @Override
        public Optional<String> fault(FrontAddress front, String domain, String path) {
            return hosts(front).stream().flatMap(host -> faultAt(host, domain, path).stream()).findFirst();
        }

        private static List<String> hosts(FrontAddress front) {
            return switch (front) {
                case FrontAddress.Named named -> List.of(named.name());
                case FrontAddress.Fixed fixed -> fixed.addresses();
            };
        }

        private Optional<String> faultAt(String host, String domain, String path) {
            try (var connection = TlsConnection.open(tls, host, port, domain, ANSWER_MILLIS)) {
                connection.tls().getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: " + domain + "\r\nConnection: close\r\nUser-Agent: mastodon-migration-operator\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                var status = connection.line().orElse("");
                return status.matches("HTTP/1\\.[01] " + (path.equals(PAGE) ? "[23]\\d\\d" : "200") + "\\b.*") ? Optional.empty()
                        : Optional.of(host + " answers \"" + status + "\" to https://" + domain + path);
            } catch (SSLException e) {
                return Optional.of(host + " has no valid certificate for " + domain + " (" + e.getMessage() + ")");
            } catch (IOException e) {
                return Optional.of(host + " does not answer for " + domain + " (" + e + ")");
            }
        }
    }
}
