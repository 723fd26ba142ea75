package dev.mastodonmigration.probe;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Web and streaming of an instance behind one port, answering strangers as Mastodon does (config/initializers/1_hosts.rb, force_ssl, the controllers, streaming/index.js), but for what a test has it do instead. */
final class StubMastodon implements AutoCloseable {
    static final InstanceNames NAMES = new InstanceNames("example.social", "www.example.social", "streaming.example.social");
    private static final String JSON = "application/json; charset=utf-8";
    private final HttpServer server;
    /** By path. */
    final Map<String, Handler<HttpServerRequest>> instead = new ConcurrentHashMap<>();
    /** Method, host and path with query, in the order in which they came. */
    final List<String> heard = new CopyOnWriteArrayList<>();

    StubMastodon(Vertx vertx, HttpServerOptions options) {
        server = vertx.createHttpServer(options).requestHandler(this::take).listen(0, "127.0.0.1").toCompletionStage().toCompletableFuture().join();
    }

    int port() {
        return server.actualPort();
    }

    private void take(HttpServerRequest request) {
        heard.add(request.method() + " " + request.getHeader("Host") + request.uri());
        instead.getOrDefault(request.path(), this::answer).handle(request);
    }

    private void answer(HttpServerRequest request) {
        if (request.path().startsWith("/api/v1/streaming")) {
            streaming(request);
        } else if (!Set.of("www.example.social", "example.social").contains(request.getHeader("Host"))) {
            send(request, 403, "text/html; charset=UTF-8", "<h1>Blocked hosts: " + request.getHeader("Host") + "</h1>");
        } else if (!"https".equals(request.getHeader("X-Forwarded-Proto"))) {
            request.response().putHeader("Location", "https://" + request.getHeader("Host") + request.uri());
            send(request, 301, "text/html", "");
        } else {
            web(request);
        }
    }

    private static void web(HttpServerRequest request) {
        switch (request.path()) {
            case "/" -> send(request, 200, "text/html; charset=utf-8", "<html><head><script id=\"initial-state\" type=\"application/json\">{}</script></head><body><div id='mastodon'></div></body></html>");
            case "/api/v2/instance" -> send(request, 200, JSON, "{\"domain\":\"example.social\",\"title\":\"Example\"}");
            case "/api/v1/timelines/public" -> send(request, 200, JSON, "[{\"id\":\"1\"}]");
            case "/.well-known/webfinger" -> {
                if ("acct:example.social@example.social".equals(request.getParam("resource"))) {
                    send(request, 200, "application/jrd+json; charset=utf-8", "{\"subject\":\"acct:example.social@example.social\",\"links\":[]}");
                } else {
                    send(request, 404, "text/plain", "");
                }
            }
            default -> send(request, 404, "text/html", "not found");
        }
    }

    private static void streaming(HttpServerRequest request) {
        if (request.path().endsWith("/health")) {
            send(request, 200, "text/plain", "OK");
        } else if ("websocket".equals(request.getHeader("Upgrade")) && "upgrade".equalsIgnoreCase(request.getHeader("Connection"))) {
            request.response().putHeader("Connection", "close").putHeader("X-Error-Message", request.getHeader("Sec-WebSocket-Protocol") == null ? "Missing access token" : "Invalid access token");
            send(request, 401, "text/plain", "");
        } else {
            send(request, 401, "application/json", "{\"error\":\"Missing access token\"}");
        }
    }

    static void send(HttpServerRequest request, int status, String type, String body) {
        request.response().setStatusCode(status).putHeader("Content-Type", type).end(body);
    }

    @Override
    public void close() {
        server.close().toCompletionStage().toCompletableFuture().join();
    }
}
