package dev.mastodonmigration.edge.proxy;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonObject;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** One side's servers, in one: it tells what it was asked, so that a test can hold that against what was sent. */
final class SideServer implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final String name;
    private final HttpServer server;
    /** Answers of {@code /slow} that were not given yet. */
    private final Queue<HttpServerRequest> waiting = new ConcurrentLinkedQueue<>();

    SideServer(String name, HttpServerOptions options) {
        this.name = name;
        server = vertx.createHttpServer(options.setHost("127.0.0.1").setPort(0)).requestHandler(this::answer).webSocketHandler(this::talk);
        server.listen().toCompletionStage().toCompletableFuture().join();
    }

    int port() {
        return server.actualPort();
    }

    /** How many requests for {@code /slow} wait here. */
    int waiting() {
        return waiting.size();
    }

    void answerSlowOnes() {
        for (var request = waiting.poll(); request != null; request = waiting.poll()) {
            describe(request);
        }
    }

    private void answer(HttpServerRequest request) {
        var path = request.path();
        if (path.startsWith("/status/")) {
            request.response().setStatusCode(Integer.parseInt(path.substring("/status/".length()))).end("words of the router");
        } else if (path.equals("/cut")) {
            request.connection().close();
        } else if (path.equals("/slow")) {
            request.pause();
            waiting.add(request);
        } else if (path.equals("/events")) {
            request.response().setChunked(true).putHeader("Content-Type", "text/event-stream").write("event: first from " + name + "\n\n");
        } else if (path.startsWith("/bytes/")) {
            bytes(request, Long.parseLong(path.substring("/bytes/".length())));
        } else {
            describe(request);
        }
    }

    /** As many as asked for, in pieces, as fast as they are taken. */
    private static void bytes(HttpServerRequest request, long left) {
        var response = request.response().setChunked(true);
        send(response, Buffer.buffer(new byte[1 << 16]), left);
    }

    private static void send(io.vertx.core.http.HttpServerResponse response, Buffer piece, long left) {
        var rest = left;
        while (rest > 0 && !response.writeQueueFull()) {
            response.write(piece.slice(0, (int) Math.min(rest, piece.length())));
            rest -= Math.min(rest, piece.length());
        }
        if (rest == 0) {
            response.end();
        } else {
            var more = rest;
            response.drainHandler(drained -> send(response, piece, more));
        }
    }

    private void describe(HttpServerRequest request) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            request.handler(piece -> digest.update(piece.getBytes())).endHandler(ended -> {
                var headers = new JsonObject();
                request.headers().names().forEach(header -> headers.put(header.toLowerCase(java.util.Locale.ROOT), String.join(" | ", request.headers().getAll(header))));
                request.response().putHeader("Content-Type", "application/json").end(new JsonObject().put("side", name).put("method", request.method().name()).put("uri", request.uri())
                        .put("body", HexFormat.of().formatHex(digest.digest())).put("headers", headers).toBuffer());
            });
            request.resume();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void talk(ServerWebSocket socket) {
        socket.writeTextMessage("hello from " + name + " at " + socket.uri());
        socket.textMessageHandler(words -> socket.writeTextMessage("you said " + words));
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
