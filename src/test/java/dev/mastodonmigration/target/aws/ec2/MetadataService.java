package dev.mastodonmigration.target.aws.ec2;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** An instance's metadata service that insists on tokens (IMDSv2), as our launch template does. */
final class MetadataService implements AutoCloseable {
    static final String INSTANCE = "i-0123456789abcdef0";
    private static final String TOKEN = "token-of-the-metadata-service";
    private static final String ROLE = "mastodon";
    private static final String CREDENTIALS = """
            {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIATEST", "SecretAccessKey": "secret-of-the-role", "Token": "session-of-the-role",
             "LastUpdated": "2026-11-29T00:00:00Z", "Expiration": "2096-11-29T00:00:00Z"}
            """;
    final AtomicInteger refused = new AtomicInteger();
    private final HttpServer server;
    private final String instance;

    private MetadataService(HttpServer server, String instance) {
        this.server = server;
        this.instance = instance;
    }

    /** @param instance that asks */
    static MetadataService start(String instance) {
        try {
            var started = new MetadataService(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0), instance);
            started.server.createContext("/latest/", started::handle);
            started.server.start();
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var headers = exchange.getRequestHeaders();
            var path = exchange.getRequestURI().getPath();
            if (exchange.getRequestMethod().equals("PUT") && path.equals("/latest/api/token") && headers.containsKey("X-aws-ec2-metadata-token-ttl-seconds")) {
                answer(exchange, 200, TOKEN);
            } else if (!TOKEN.equals(headers.getFirst("X-aws-ec2-metadata-token"))) {
                refused.incrementAndGet();
                answer(exchange, 401, "");
            } else {
                var found = Map.of("/latest/meta-data/instance-id", instance, "/latest/meta-data/iam/security-credentials/", ROLE,
                        "/latest/meta-data/iam/security-credentials/" + ROLE, CREDENTIALS).get(path);
                answer(exchange, found == null ? 404 : 200, found == null ? "" : found);
            }
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
