package dev.mastodonmigration.edge;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * A connection as users' browsers will have it: to an address, by the instance's name, for which there must be a certificate.
 *
 * @param plain beneath TLS: whoever closes that ends a read and a write alike, whatever they wait for
 */
record TlsConnection(Socket plain, SSLSocket tls) implements AutoCloseable {
    private static final int CONNECT_MILLIS = 2000;
    /** As servers have it of what they are asked. */
    private static final int LONGEST_LINE = 8 << 10;
    private static final int MOST_HEADERS = 100;
    /** Of a line, because messages are made of it. */
    private static final int KEPT = 200;

    /** @param silenceMillis after which a read gives up */
    static TlsConnection open(SSLSocketFactory factory, String host, int port, String domain, int silenceMillis) throws IOException {
        var plain = new Socket();
        try {
            plain.connect(new InetSocketAddress(InetAddress.getByName(host), port), CONNECT_MILLIS);
            plain.setSoTimeout(silenceMillis);
            var tls = (SSLSocket) factory.createSocket(plain, domain, port, true);
            var parameters = tls.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            tls.setSSLParameters(parameters);
            return new TlsConnection(plain, tls);
        } catch (IOException e) {
            plain.close();
            throw e;
        }
    }

    /**
     * The next line, without its end and what no message has room for; empty at the end of all.
     *
     * @throws ProtocolException where it is longer than any line of a server's
     */
    Optional<String> line() throws IOException {
        var in = tls.getInputStream();
        var line = new StringBuilder();
        var next = in.read();
        if (next < 0) {
            return Optional.empty();
        }
        for (var bytes = 1; next >= 0 && next != '\n'; next = in.read(), bytes++) {
            if (bytes > LONGEST_LINE) {
                throw new ProtocolException("a line of its answer is longer than 8 KiB");
            }
            if (next >= ' ' && line.length() < KEPT) {
                line.append((char) next);
            }
        }
        return Optional.of(line.toString());
    }

    /** Leaves them behind, to the empty line or the end of all. */
    void skipHeaders() throws IOException {
        for (var headers = 0; line().filter(line -> !line.isEmpty()).isPresent(); headers++) {
            if (headers == MOST_HEADERS) {
                throw new ProtocolException("its answer has more than " + MOST_HEADERS + " headers");
            }
        }
    }

    @Override
    public void close() throws IOException {
        plain.close();
    }
}
