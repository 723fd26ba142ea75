package dev.mastodonmigration.bench;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** Streaming and its users: each socket is sent a post every second. */
final class Websockets implements AutoCloseable {
    private static final int EVERY_MILLISECONDS = 1000;
    /** A new post as streaming sends it is about as long. */
    private static final String POST = "{\"event\":\"update\",\"payload\":\"" + "m".repeat(3000) + "\"}";
    private static final int POSTS_EACH = 10;
    private final Vertx vertx = Vertx.vertx();
    private final AtomicInteger enough = new AtomicInteger();
    private final HttpServer server = vertx.createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0)).webSocketHandler(this::stream);
    private final WebSocketClient client = vertx.createWebSocketClient(new WebSocketClientOptions().setMaxConnections(Integer.MAX_VALUE));

    Websockets() {
        server.listen().toCompletionStage().toCompletableFuture().join();
    }

    private void stream(ServerWebSocket socket) {
        var timer = vertx.setPeriodic(EVERY_MILLISECONDS, tick -> socket.writeTextMessage(POST));
        socket.closeHandler(closed -> vertx.cancelTimer(timer));
    }

    int port() {
        return server.actualPort();
    }

    /** Opens them one after the other, and waits until each has had its posts. @return how many are open then */
    int open(int port, String domain, int sockets) {
        var there = new AtomicInteger();
        var options = new WebSocketConnectOptions().setHost("127.0.0.1").setPort(port).setURI("/api/v1/streaming?stream=user").putHeader("Host", domain);
        var opened = Future.<Void>succeededFuture();
        for (var i = 0; i < sockets; i++) {
            opened = opened.compose(before -> client.connect(options)).map(socket -> {
                var posts = new AtomicInteger();
                there.incrementAndGet();
                socket.closeHandler(closed -> there.decrementAndGet());
                socket.textMessageHandler(post -> {
                    if (posts.incrementAndGet() == POSTS_EACH) {
                        enough.incrementAndGet();
                    }
                });
                return null;
            });
        }
        opened.toCompletionStage().toCompletableFuture().join();
        Awaitility.await("posts on every websocket").atMost(Duration.ofSeconds(120)).until(() -> enough.get() >= sockets || there.get() < sockets);
        return there.get();
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
