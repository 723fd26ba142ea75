package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.embedded.FreePort;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.awaitility.Awaitility;

/** One side's servers, in one: it tells what it was asked, so that a test can hold that against what was sent. */
final class SideServer implements AutoCloseable {
    static final int LIMIT = 5;
    /** Header. */
    static final String ID = "X-Id";
    private static final String LOOPBACK = "127.0.0.1";
    private static final String EDGE = LOOPBACK;
    private static final int FULL_MILLISECONDS = 500;
    private final Vertx vertx = Vertx.vertx();
    private final String name;
    private final HttpServerOptions options;
    private final int port;
    private HttpServer server;
    /** Where it was, while it is gone: nobody takes connections from its queue. */
    private ServerSocket gone;
    private final List<Socket> queued = new ArrayList<>();
    /** Answers of {@code /slow} that were not given yet. */
    private final Queue<HttpServerRequest> waiting = new ConcurrentLinkedQueue<>();
    /** How often each user, by address, has asked for {@code /limited}. */
    private final Map<String, Integer> asked = new ConcurrentHashMap<>();
    private final AtomicLong written = new AtomicLong();
    private volatile Runnable arrival = () -> {};
    private volatile BiConsumer<String, String> receipt = (id, digest) -> {};
    private volatile Optional<Duration> kept = Optional.empty();
    /** When the last answer on each connection had ended, by {@link System#nanoTime}. */
    private final Map<HttpConnection, Long> answered = new ConcurrentHashMap<>();

    SideServer(String name, HttpServerOptions options) {
        this.name = name;
        // None that a connection could take as its own while the server is gone.
        port = FreePort.find();
        this.options = options.setHost(LOOPBACK).setPort(port);
        server = listen(options);
    }

    private HttpServer listen(HttpServerOptions at) {
        return vertx.createHttpServer(at).requestHandler(this::answer).listen().toCompletionStage().toCompletableFuture().join();
    }

    int port() {
        return port;
    }

    /** As a machine whose cable is drawn: whoever connects hears nothing, because Linux drops what asks for a connection while the queue for them is full. */
    void disappear() throws IOException {
        server.close().toCompletionStage().toCompletableFuture().join();
        // Java leaves a port that its selector watched when that looks the next time.
        gone = Awaitility.await().ignoreExceptionsInstanceOf(BindException.class).until(() -> new ServerSocket(port, 1, InetAddress.getByName(LOOPBACK)), Objects::nonNull);
        while (true) {
            var socket = new Socket();
            queued.add(socket);
            try {
                socket.connect(gone.getLocalSocketAddress(), FULL_MILLISECONDS);
            } catch (SocketTimeoutException full) {
                return;
            }
        }
    }

    /** And the cable is back. */
    void reappear() throws IOException {
        for (var socket : queued) {
            socket.close();
        }
        gone.close();
        server = listen(options);
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

    /** @param newArrival called with each request and each websocket, before it is answered */
    void onArrival(Runnable newArrival) {
        arrival = newArrival;
    }

    /** @param newReceipt told of each request that has {@link #ID} and came whole: that, and the body's digest */
    void onReceipt(BiConsumer<String, String> newReceipt) {
        receipt = newReceipt;
    }

    /** What comes on a connection that was idle for longer finds it closed: as on the way to a server that has just done so. */
    void keepsConnectionsFor(Duration newKept) {
        kept = Optional.of(newKept);
    }

    private boolean isTooLate(HttpServerRequest request) {
        var last = Optional.ofNullable(answered.get(request.connection()));
        request.response().bodyEndHandler(ended -> answered.put(request.connection(), System.nanoTime()));
        return last.isPresent() && kept.filter(longest -> System.nanoTime() - last.get() > longest.toNanos()).isPresent();
    }

    /** Bytes of {@code /bytes/} that were sent. */
    long written() {
        return written.get();
    }

    private void answer(HttpServerRequest request) {
        if (isTooLate(request)) {
            request.connection().close();
            return;
        }
        arrival.run();
        var path = request.path();
        if (path.startsWith("/status/")) {
            request.response().setStatusCode(Integer.parseInt(path.split("/")[2])).end("words of the router");
        } else if (path.equals("/cut")) {
            request.connection().close();
        } else if (Tunnel.isAskedFor(request)) {
            request.toWebSocket().onSuccess(this::talk);
        } else if (path.equals("/once")) {
            request.response().putHeader("Connection", "close").endHandler(ended -> request.connection().close());
            describe(request);
        } else if (path.startsWith("/later/")) {
            request.pause();
            vertx.setTimer(Math.max(1, Long.parseLong(path.substring("/later/".length()))), due -> describe(request));
        } else if (path.equals("/limited")) {
            limited(request);
        } else if (path.equals("/broken")) {
            request.response().setChunked(true).write("the first half of").onComplete(sent -> request.connection().close());
        } else if (path.equals("/slow")) {
            request.pause();
            waiting.add(request);
        } else if (path.equals("/events") || path.equals("/api/v1/streaming/user")) {
            request.response().setChunked(true).putHeader("Content-Type", "text/event-stream").write("event: first from " + name + "\n\n");
        } else if (path.startsWith("/bytes/")) {
            bytes(request, Long.parseLong(path.substring("/bytes/".length())));
        } else {
            describe(request);
        }
    }

    /** As Mastodon's limit for each address: who asks is the last of those named that is no proxy of ours (Rails' TRUSTED_PROXY_IP), which only the edge is here. */
    private void limited(HttpServerRequest request) {
        var user = List.of(request.getHeader("X-Forwarded-For").split(", ")).reversed().stream().filter(address -> !address.equals(EDGE)).findFirst().orElse(EDGE);
        request.response().setStatusCode(asked.merge(user, 1, Integer::sum) > LIMIT ? 429 : 200).end(user);
    }

    /** As many as asked for, in pieces, as fast as they are taken. */
    private void bytes(HttpServerRequest request, long left) {
        var response = request.response().setChunked(true);
        send(response, Buffer.buffer(new byte[1 << 16]), left);
    }

    /** One after the other: over TLS Vert.x does not count what is not encrypted yet, so that its queue is never full. */
    private void send(HttpServerResponse response, Buffer piece, long left) {
        if (left == 0) {
            response.end();
            return;
        }
        var length = (int) Math.min(left, piece.length());
        response.write(piece.slice(0, length)).onSuccess(sent -> {
            written.addAndGet(length);
            send(response, piece, left - length);
        });
    }

    private void describe(HttpServerRequest request) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            request.handler(piece -> digest.update(piece.getBytes())).endHandler(ended -> {
                var body = HexFormat.of().formatHex(digest.digest());
                Optional.ofNullable(request.getHeader(ID)).ifPresent(id -> receipt.accept(id, body));
                var headers = new JsonObject();
                request.headers().names().forEach(header -> headers.put(header.toLowerCase(Locale.ROOT), String.join(" | ", request.headers().getAll(header))));
                request.response().putHeader("Content-Type", "application/json").end(new JsonObject().put("side", name).put("method", request.method().name()).put("uri", request.uri())
                        .put("body", body).put("headers", headers).toBuffer());
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
        try {
            for (var socket : queued) {
                socket.close();
            }
            if (gone != null) {
                gone.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
