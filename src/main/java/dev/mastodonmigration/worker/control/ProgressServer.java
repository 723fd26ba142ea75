package dev.mastodonmigration.worker.control;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Serves {@code GET /progress} and {@code POST /drain} on the pod's address to the bearer of the migration's token, and nothing else. */
final class ProgressServer implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final HttpServer server;

    ProgressServer(String address, int port, String token, Progress progress, DrainSignal drain) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByName(address), port), 0);
        serve("/progress", "GET", token, exchange -> answer(exchange, JSON.writeValueAsBytes(progress.read())));
        serve("/drain", "POST", token, exchange -> {
            // The answer first: a task that ends at once takes this server with it, and the operator would take the worker for deaf.
            try {
                exchange.sendResponseHeaders(202, -1);
            } finally {
                drain.request();
            }
        });
        server.start();
    }

    private void serve(String path, String method, String token, HttpHandler handler) {
        server.createContext(path, exchange -> {
            try (exchange) {
                if (!isAuthorised(exchange, token)) {
                    exchange.sendResponseHeaders(401, -1);
                } else if (!exchange.getRequestMethod().equals(method)) {
                    exchange.sendResponseHeaders(405, -1);
                } else {
                    handler.handle(exchange);
                }
            }
        });
    }

    private static boolean isAuthorised(HttpExchange exchange, String token) {
        var given = exchange.getRequestHeaders().getFirst("Authorization");
        return given != null && MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), ("Bearer " + token).getBytes(StandardCharsets.UTF_8));
    }

    private static void answer(HttpExchange exchange, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
