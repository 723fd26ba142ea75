package dev.mastodonmigration.edge;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Asks a front for the instance as users will once DNS leads them there, before it does: over TLS, by the instance's name. A certificate that is missing then is
 * missing for everybody at once.
 */
@FunctionalInterface
public interface FrontProbe {
    /** Mastodon answers this path whatever the Host (config/initializers/1_hosts.rb, production.rb). */
    String WEB = "/health";
    String STREAMING = "/api/v1/streaming/health";

    /** Why it would not serve that path of that name; empty when it does. */
    Optional<String> fault(FrontAddress front, String domain, String path);

    /** Over TLS, as the system's certificate authorities have it. */
    static FrontProbe overTls() {
        return new OverTls((SSLSocketFactory) SSLSocketFactory.getDefault(), 443);
    }

    /** @param port of TLS */
    record OverTls(SSLSocketFactory tls, int port) implements FrontProbe {
        private static final int CONNECT_MILLIS = 2000;
        private static final int ANSWER_MILLIS = 5000;
        private static final int LONGEST_LINE = 200;

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
            try (var plain = new Socket()) {
                plain.connect(new InetSocketAddress(InetAddress.getByName(host), port), CONNECT_MILLIS);
                plain.setSoTimeout(ANSWER_MILLIS);
                try (var socket = (SSLSocket) tls.createSocket(plain, domain, port, true)) {
                    socket.setSSLParameters(verifying(socket.getSSLParameters()));
                    socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: " + domain + "\r\nConnection: close\r\nUser-Agent: mastodon-migration-operator\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                    var status = firstLine(socket);
                    return status.matches("HTTP/1\\.[01] 200\\b.*") ? Optional.empty()
                            : Optional.of(host + " answers \"" + status + "\" to https://" + domain + path);
                }
            } catch (SSLException e) {
                return Optional.of(host + " has no valid certificate for " + domain + " (" + e.getMessage() + ")");
            } catch (IOException e) {
                return Optional.of(host + " does not answer for " + domain + " (" + e + ")");
            }
        }

        private static SSLParameters verifying(SSLParameters parameters) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            return parameters;
        }

        private static String firstLine(SSLSocket socket) throws IOException {
            var line = new StringBuilder();
            for (int next = socket.getInputStream().read(); next >= ' ' && line.length() < LONGEST_LINE; next = socket.getInputStream().read()) {
                line.append((char) next);
            }
            return line.toString();
        }
    }
}
