package dev.mastodonmigration.edge;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
    private static final int LONGEST_LINE = 200;

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

    /** The next line, without its end and what is too long of it; empty at the end of all. */
    Optional<String> line() throws IOException {
        var in = tls.getInputStream();
        var line = new StringBuilder();
        var next = in.read();
        if (next < 0) {
            return Optional.empty();
        }
        for (; next >= 0 && next != '\n'; next = in.read()) {
            if (next >= ' ' && line.length() < LONGEST_LINE) {
                line.append((char) next);
            }
        }
        return Optional.of(line.toString());
    }

    @Override
    public void close() throws IOException {
        plain.close();
    }
}
