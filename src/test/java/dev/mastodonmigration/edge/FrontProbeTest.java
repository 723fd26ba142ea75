package dev.mastodonmigration.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A front is asked as users will ask it, before DNS leads them there. */
class FrontProbeTest {
    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final FrontAddress HERE = new FrontAddress.Fixed(List.of("127.0.0.1"));
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    @TempDir
    Path directory;
    private volatile String status = "HTTP/1.1 200 OK";
    private SSLServerSocket server;
    private SSLContext context;

    @BeforeEach
    void serve() throws Exception {
        var store = directory.resolve("store.p12");
        var made = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", "web", "-keyalg", "EC", "-dname", "CN=web", "-ext", "san=dns:www.example.social",
                "-validity", "2", "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", new String(PASSWORD)).inheritIO().start();
        assertThat(made.waitFor()).isZero();
        context = trusting(store);
        server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try (var socket = server.accept()) {
                    var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
                    heard.add(in.readLine() + " " + in.readLine());
                    socket.getOutputStream().write((status + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                } catch (IOException refusedOrClosed) {
                    // What the client makes of it is what is looked at.
                }
            }
        });
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static SSLContext trusting(Path path) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(path)) {
            store.load(in, PASSWORD);
        }
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        var authorities = KeyStore.getInstance("PKCS12");
        authorities.load(null, null);
        authorities.setCertificateEntry("web", store.getCertificate("web"));
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private FrontProbe probe(SSLSocketFactory tls) {
        return new FrontProbe.OverTls(tls, server.getLocalPort());
    }

    @Test
    void itIsAskedByTheNameOfTheInstanceAtTheAddressOfTheFront() {
        assertThat(probe(context.getSocketFactory()).fault(HERE, "www.example.social", FrontProbe.WEB)).isEmpty();
        assertThat(heard.poll()).isEqualTo("GET /health HTTP/1.1 Host: www.example.social");
    }

    @Test
    void aCertificateOfAnotherNameOrOfAnAuthorityThatNobodyKnowsIsNone() {
        assertThat(probe(context.getSocketFactory()).fault(HERE, "streaming.example.social", FrontProbe.STREAMING)).hasValueSatisfying(fault -> assertThat(fault).startsWith("127.0.0.1 has no valid certificate for streaming.example.social"));
        assertThat(probe((SSLSocketFactory) SSLSocketFactory.getDefault()).fault(HERE, "www.example.social", FrontProbe.WEB)).hasValueSatisfying(fault -> assertThat(fault).contains("has no valid certificate"));
    }

    @Test
    void whatDoesNotServeIsSaid() {
        status = "HTTP/1.1 503 Service Unavailable";
        assertThat(probe(context.getSocketFactory()).fault(HERE, "www.example.social", FrontProbe.WEB)).hasValue("127.0.0.1 answers \"HTTP/1.1 503 Service Unavailable\" to https://www.example.social/health");
    }

    @Test
    void anAnswerWithoutAnEndIsNone() {
        status = "HTTP/1.1 200 " + "x".repeat(9 << 10);
        assertThat(probe(context.getSocketFactory()).fault(HERE, "www.example.social", FrontProbe.WEB)).hasValueSatisfying(fault -> assertThat(fault).startsWith("127.0.0.1 does not answer for www.example.social").contains("a line of its answer is longer than 8 KiB"));
    }

    @Test
    void aPageMayLeadElsewhereAndNothingElseMay() {
        status = "HTTP/1.1 302 Found";
        assertThat(probe(context.getSocketFactory()).fault(HERE, "www.example.social", FrontProbe.PAGE)).isEmpty();
        assertThat(probe(context.getSocketFactory()).fault(HERE, "www.example.social", FrontProbe.INSTANCE)).isPresent();
        status = "HTTP/1.1 500 Internal Server Error";
        assertThat(probe(context.getSocketFactory()).fault(HERE, "www.example.social", FrontProbe.PAGE)).isPresent();
    }

    @Test
    void eachAddressMustServe() throws IOException {
        var two = new FrontAddress.Fixed(List.of("127.0.0.1", "127.0.0.9"));
        assertThat(probe(context.getSocketFactory()).fault(two, "www.example.social", FrontProbe.WEB)).hasValueSatisfying(fault -> assertThat(fault).startsWith("127.0.0.9 does not answer for www.example.social"));
        int left;
        try (var nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            left = nobody.getLocalPort();
        }
        assertThat(new FrontProbe.OverTls(context.getSocketFactory(), left).fault(HERE, "www.example.social", FrontProbe.WEB)).hasValueSatisfying(fault -> assertThat(fault).contains("does not answer"));
    }
}
