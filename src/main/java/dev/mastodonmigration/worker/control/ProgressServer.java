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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Serves {@code GET /progress}, {@code POST /drain}, {@code GET /report} and {@code POST /report/acknowledged} on the pod's address to the bearer
 * of the migration's token, and nothing else. One client that is slow, or sends half a request, keeps nobody else from an answer.
 */
final class ProgressServer implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int REQUESTS_AT_A_TIME = 64;

    static {
        // Seconds in which a whole request must have come; the JDK's default is no limit (JDK: sun.net.httpserver.ServerConfig).
        System.setProperty("sun.net.httpserver.maxReqTime", System.getProperty("sun.net.httpserver.maxReqTime", "5"));
    }

    private final HttpServer server;
    /** Threads of the platform: on Java 21 this server reads a request inside a monitor, where a virtual thread would hold the only core's carrier. */
    private final ExecutorService threads = new ThreadPoolExecutor(0, REQUESTS_AT_A_TIME, 10, TimeUnit.SECONDS, new SynchronousQueue<>(),
            Thread.ofPlatform().daemon().name("progress-", 0).factory());

    ProgressServer(String address, int port, String token, Progress progress, DrainSignal drain, FinalReport words) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByName(address), port), 0);
        server.setExecutor(threads);
        serve("/progress", "GET", token, exchange -> answer(exchange, JSON.writeValueAsBytes(progress.read())));
        serve("/drain", "POST", token, exchange -> acceptThen(exchange, drain::request));
        serve("/report", "GET", token, exchange -> {
            if (words.words().isPresent()) {
                answer(exchange, words.words().get().toJson().getBytes(StandardCharsets.UTF_8));
            } else {
                exchange.sendResponseHeaders(204, -1);
            }
        });
        serve("/report/acknowledged", "POST", token, exchange -> acceptThen(exchange, words::acknowledge));
        server.start();
    }

    /** The answer first: a task that ends at once takes this server with it, and the operator would take the worker for deaf. */
    private static void acceptThen(HttpExchange exchange, Runnable act) throws IOException {
        try {
            exchange.sendResponseHeaders(202, -1);
        } finally {
            act.run();
        }
    }

    private void serve(String path, String method, String token, HttpHandler handler) {
        server.createContext(path, exchange -> {
            try (exchange) {
                if (!isAuthorised(exchange, token)) {
                    exchange.sendResponseHeaders(401, -1);
                } else if (!exchange.getRequestURI().getPath().equals(path)) {
                    exchange.sendResponseHeaders(404, -1);
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
        threads.shutdownNow();
    }
}
