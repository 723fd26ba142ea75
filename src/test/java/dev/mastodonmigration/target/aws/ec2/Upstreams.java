package dev.mastodonmigration.target.aws.ec2;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Stand-ins for web and streaming with Mastodon's own rules: a host it knows, HTTPS by the proxy's word, and {@code /health} without either. */
final class Upstreams implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    private final Map<String, Integer> asked = new ConcurrentHashMap<>();
    private HttpServer web;
    private HttpServer streaming;

    void start() {
        web = await(vertx.createHttpServer().requestHandler(this::web).listen(0, "127.0.0.1"));
        streaming = await(vertx.createHttpServer().webSocketHandler(Upstreams::socket).requestHandler(Upstreams::events).listen(0, "127.0.0.1"));
    }

    int webPort() {
        return web.actualPort();
    }

    int streamingPort() {
        return streaming.actualPort();
    }

    int asked(String path) {
        return asked.getOrDefault(path, 0);
    }

    private void web(HttpServerRequest request) {
        asked.merge(request.path(), 1, Integer::sum);
        var answer = request.response();
        if (request.path().equals("/health")) {
            answer.end("OK");
        } else if (!"https".equals(request.getHeader("X-Forwarded-Proto"))) {
            answer.setStatusCode(301).putHeader("Location", "https://" + request.getHeader("Host") + request.uri()).end();
        } else if (!"www.example.social".equals(request.getHeader("Host"))) {
            answer.setStatusCode(403).end();
        } else if (request.path().equals("/packs/missing.js")) {
            answer.setStatusCode(404).putHeader("Cache-Control", "no-cache").end();
        } else {
            if (request.path().startsWith("/api/")) {
                answer.putHeader("Cache-Control", "private, no-store");
            }
            request.body().onSuccess(body -> answer.end("host=" + request.getHeader("Host") + " forwarded-for=" + request.getHeader("X-Forwarded-For") + " size=" + body.length()));
        }
    }

    private static void socket(ServerWebSocket socket) {
        socket.textMessageHandler(text -> socket.writeTextMessage(text + " from " + socket.uri() + " by " + socket.headers().get("X-Forwarded-Proto")));
    }

    /** One event, and the connection stays open, as with server-sent events. */
    private static void events(HttpServerRequest request) {
        request.response().setChunked(true).putHeader("Content-Type", "text/event-stream").write(":thump\n");
    }

    private static <T> T await(io.vertx.core.Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        await(vertx.close());
    }
}
