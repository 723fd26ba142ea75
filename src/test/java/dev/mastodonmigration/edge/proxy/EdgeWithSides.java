package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.edge.proxy.Routes.Route;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** An edge between a source over TLS, as Heroku's router, and a target without. */
final class EdgeWithSides implements AutoCloseable {
    static final String DOMAIN = "example.social";
    private static final String TOKEN = "the-token";
    private static final String LOOPBACK = "127.0.0.1";
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final SideServer source;
    private final SideServer target;
    private final EdgeServer server;
    private final Traffic traffic;
    private long generation = 1;
    private volatile long letGoNanos;

    /** In which state a user comes, and who answers then: of what is held the target, or the source again where a cutover is broken off. */
    enum Coming {
        SOURCE(Mode.SOURCE), HELD_THEN_SOURCE(Mode.SOURCE), HELD_THEN_TARGET(Mode.TARGET), TARGET(Mode.TARGET);

        private final Mode answering;

        Coming(Mode answering) {
            this.answering = answering;
        }

        Mode answering() {
            return answering;
        }

        boolean isHeld() {
            return this == HELD_THEN_SOURCE || this == HELD_THEN_TARGET;
        }
    }

    EdgeWithSides(Path directory, Duration hold, Duration silence) throws Exception {
        this(directory, hold, silence, new HttpServerOptions(), EdgeProxy.KEEP_ALIVE_SECONDS);
    }

    EdgeWithSides(Path directory, Duration hold, Duration silence, HttpServerOptions ofTarget, Map<Side, Integer> keepAlive) throws Exception {
        var key = directory.resolve("key.pem").toString();
        var certificate = directory.resolve("certificate.pem").toString();
        assertThat(new ProcessBuilder("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + DOMAIN, "-addext", "subjectAltName=DNS:" + DOMAIN,
                "-keyout", key, "-out", certificate).redirectErrorStream(true).redirectOutput(directory.resolve("openssl.log").toFile()).start().waitFor()).isZero();
        source = new SideServer("source", new HttpServerOptions().setSsl(true).setKeyCertOptions(new PemKeyCertOptions().addKeyPath(key).addCertPath(certificate)));
        target = new SideServer("target", ofTarget);
        traffic = new Traffic(vertx, new EdgeState(Mode.SOURCE, 1), hold, 100);
        var routes = new Routes(List.of(new Route(DOMAIN, "/", URI.create("https://127.0.0.1:" + source.port())), new Route("elsewhere.example", "/", URI.create("https://127.0.0.1:" + source.port()))),
                List.of(new Route(DOMAIN, "/", URI.create("http://127.0.0.1:" + target.port()))));
        server = new EdgeServer(vertx, traffic, new EdgeProxy(vertx, traffic, routes, "the-migration", Optional.of(certificate), silence, keepAlive), new TargetReach(vertx, traffic, routes.target()), TOKEN).listen(LOOPBACK, 0, 0).toCompletionStage().toCompletableFuture().join();
    }

    SideServer source() {
        return source;
    }

    SideServer target() {
        return target;
    }

    /** Who answers in the end. */
    SideServer side(Coming coming) {
        return coming.answering() == Mode.SOURCE ? source : target;
    }

    String nameOf(Coming coming) {
        return coming.answering() == Mode.SOURCE ? "source" : "target";
    }

    EdgeServer server() {
        return server;
    }

    Traffic traffic() {
        return traffic;
    }

    /** What a user sees who comes then. */
    <T> T through(Coming coming, Callable<T> user) throws Exception {
        if (coming != Coming.SOURCE) {
            change(Mode.HOLD);
        }
        if (coming == Coming.TARGET) {
            change(Mode.TARGET);
        }
        letGoNanos = System.nanoTime();
        var seen = later(user);
        if (coming.isHeld()) {
            Awaitility.await("a request that is held").until(() -> report().getInteger("held") > 0);
            assertThat(seen).isNotDone();
            letGoNanos = System.nanoTime();
            change(coming.answering());
        }
        return seen.get(60, TimeUnit.SECONDS);
    }

    /** Since the user who came last {@link #through} set out or, where that is later, nobody was held any more. */
    Duration sinceLetGo() {
        return Duration.ofNanos(System.nanoTime() - letGoNanos);
    }

    static <T> CompletableFuture<T> later(Callable<T> user) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return user.call();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, task -> Thread.ofVirtual().start(task));
    }

    HttpResponse<String> change(Mode mode) throws IOException, InterruptedException {
        return control("PUT", new JsonObject().put("mode", mode.name()).put("generation", ++generation).encode());
    }

    JsonObject report() throws IOException, InterruptedException {
        return new JsonObject(control("GET", "").body());
    }

    HttpResponse<String> control(String method, String body) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(control()).header("Authorization", "Bearer " + TOKEN).method(method, BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    URI control() {
        return URI.create("http://127.0.0.1:" + server.controlPort() + "/state");
    }

    Socket connect() throws IOException {
        return connect(LOOPBACK);
    }

    /** @param user whose address it is */
    Socket connect(String user) throws IOException {
        var socket = new Socket(InetAddress.getByName(LOOPBACK), server.usersPort(), InetAddress.getByName(user), 0);
        socket.setSoTimeout(60_000);
        return socket;
    }

    /** One request as it is sent, and its answer to the end of the connection. */
    String raw(String head) throws IOException {
        return rawOf(LOOPBACK, head);
    }

    String rawOf(String user, String head) throws IOException {
        try (var socket = connect(user)) {
            socket.getOutputStream().write((head + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** What the side saw of it. */
    JsonObject get(String path, String... headers) throws IOException {
        return seen(raw("GET " + path + " HTTP/1.1\r\nHost: " + DOMAIN + String.join("", List.of(headers).stream().map(header -> "\r\n" + header).toList())));
    }

    JsonObject post(String path, byte[] body, String... headers) throws IOException {
        try (var socket = connect()) {
            socket.getOutputStream().write(("POST " + path + " HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: " + body.length + String.join("", List.of(headers).stream().map(header -> "\r\n" + header).toList())
                    + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().write(body);
            return seen(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    static JsonObject seen(String answer) {
        assertThat(answer).startsWith("HTTP/1.1 200");
        return new JsonObject(answer.substring(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
    }

    /** So many open a websocket, one after another. @return how many could */
    int listen(int browsers) {
        var client = vertx.createWebSocketClient(new WebSocketClientOptions().setMaxConnections(browsers));
        var options = new WebSocketConnectOptions().setHost(LOOPBACK).setPort(server.usersPort()).addHeader("Host", DOMAIN).setURI("/api/v1/streaming?stream=user");
        var opened = new AtomicInteger();
        var all = Future.<Void>succeededFuture();
        for (var i = 0; i < browsers; i++) {
            all = all.compose(before -> client.connect(options)).map(socket -> {
                opened.incrementAndGet();
                return null;
            });
        }
        all.toCompletionStage().toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
        return opened.get();
    }

    /** Another client of streaming. */
    Listening listening() {
        return new Listening();
    }

    /** A client of streaming, as browsers have one. */
    final class Listening implements AutoCloseable {
        private final BlockingQueue<String> words = new LinkedBlockingQueue<>();
        private final CompletableFuture<String> closed = new CompletableFuture<>();
        private final Vertx own = Vertx.vertx();
        private ClientWebSocket socket;

        Listening open() {
            socket = own.createWebSocketClient().webSocket();
            socket.textMessageHandler(words::add).closeHandler(gone -> closed.complete("closed"));
            socket.connect(new WebSocketConnectOptions().setHost(LOOPBACK).setPort(server.usersPort()).addHeader("Host", DOMAIN).setURI("/api/v1/streaming?stream=user")).toCompletionStage().toCompletableFuture().join();
            return this;
        }

        void say(String text) {
            socket.writeTextMessage(text);
        }

        /** @return what was heard; empty after five seconds of silence, and where it is closed */
        String hear() throws InterruptedException {
            for (var end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5); words.isEmpty() && !closed.isDone() && System.nanoTime() < end;) {
                Optional.ofNullable(words.poll(50, TimeUnit.MILLISECONDS)).ifPresent(words::add);
            }
            return Optional.ofNullable(words.poll()).orElse("");
        }

        CompletableFuture<String> closed() {
            return closed;
        }

        @Override
        public void close() {
            own.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
        source.close();
        target.close();
        http.close();
    }
}
