package dev.mastodonmigration.edge.proxy;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** Ends TLS in front of an edge, as an Ingress controller, well or badly. */
final class EntranceStub implements AutoCloseable {
    private static final String LOOPBACK = "127.0.0.1";
    private static final long LIMIT = 1 << 20;
    private static final long SHORT_SILENCE_MILLIS = 900;
    private static final String LONG = "x".repeat(9 << 10);
    private static final Pattern LENGTH = Pattern.compile("Content-Length: (\\d+)");
    private final Vertx vertx = Vertx.vertx();
    private final int edge;
    private final Path certificate;
    private final int port;
    final AtomicLong bytes = new AtomicLong();
    volatile Manner manner = Manner.PASSES;

    enum Manner { PASSES, REFUSES_LARGE_BODIES, BREAKS_LARGE_BODIES_OFF, BUFFERS, CUTS_WHAT_IS_SILENT, KNOWS_NO_UPGRADE, LEADS_ELSEWHERE, LEADS_TO_A_LONG_PAGE, HAS_A_LONG_LINE, HAS_MANY_HEADERS }

    /** @param directory with key.pem and certificate.pem */
    EntranceStub(Path directory, int edge) {
        this.edge = edge;
        this.certificate = directory.resolve("certificate.pem");
        port = vertx.createNetServer(new NetServerOptions().setSsl(true).setKeyCertOptions(new PemKeyCertOptions().addKeyPath(directory.resolve("key.pem").toString()).addCertPath(certificate.toString())))
                .connectHandler(this::begin).listen(0, LOOPBACK).toCompletionStage().toCompletableFuture().join().actualPort();
    }

    int port() {
        return port;
    }

    /** Trusts this one alone. */
    SSLSocketFactory trusting() throws GeneralSecurityException, IOException {
        var authorities = KeyStore.getInstance("PKCS12");
        authorities.load(null, null);
        try (var in = Files.newInputStream(certificate)) {
            authorities.setCertificateEntry("entrance", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    /** A head comes in one piece. */
    private void begin(NetSocket user) {
        user.handler(head -> {
            bytes.addAndGet(head.length());
            var text = head.toString(StandardCharsets.US_ASCII);
            var length = LENGTH.matcher(text);
            var isLarge = length.find() && Long.parseLong(length.group(1)) > LIMIT;
            if (manner == Manner.LEADS_ELSEWHERE) {
                answer(user, "200 OK");
            } else if (manner == Manner.LEADS_TO_A_LONG_PAGE) {
                begin(user, "\r\n" + LONG);
            } else if (manner == Manner.HAS_A_LONG_LINE) {
                begin(user, "X-Long: " + LONG);
            } else if (manner == Manner.HAS_MANY_HEADERS) {
                begin(user, "X-Header: another\r\n".repeat(200));
            } else if (manner == Manner.REFUSES_LARGE_BODIES && isLarge) {
                answer(user, "413 Content Too Large");
            } else if (manner == Manner.BREAKS_LARGE_BODIES_OFF && isLarge) {
                user.close();
            } else if (manner == Manner.KNOWS_NO_UPGRADE && text.contains("Upgrade: websocket")) {
                answer(user, "400 Bad Request");
            } else {
                user.pause();
                vertx.createNetClient().connect(edge, LOOPBACK).onSuccess(behind -> join(user, head, behind)).onFailure(gone -> user.close());
            }
        });
    }

    private static void answer(NetSocket user, String status) {
        user.write("HTTP/1.1 " + status + "\r\nContent-Length: 3\r\n\r\nno\n").onComplete(written -> user.close());
    }

    /** An answer without an end, which whoever asks is to break off. */
    private static void begin(NetSocket user, String answer) {
        user.handler(body -> {}).write("HTTP/1.1 200 OK\r\n" + answer);
    }

    private void join(NetSocket user, Buffer head, NetSocket behind) {
        var isEvents = head.toString(StandardCharsets.US_ASCII).contains("text/event-stream");
        user.closeHandler(gone -> behind.close());
        behind.closeHandler(gone -> user.close());
        behind.write(head);
        if (manner == Manner.BUFFERS && isEvents) {
            behind.handler(kept -> {});
        } else {
            behind.pipeTo(user);
        }
        if (manner == Manner.CUTS_WHAT_IS_SILENT && isEvents) {
            vertx.setTimer(SHORT_SILENCE_MILLIS, silent -> user.close());
        }
        user.pipeTo(behind);
        user.resume();
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
