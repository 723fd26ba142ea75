package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.edge.proxy.Routes.Route;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What users and other servers see through the edge: a source over TLS, as Heroku's router, and a target without. */
class EdgeProxyTest {
    private static final String DOMAIN = "example.social";
    private static final String TOKEN = "the-token";
    private static final int MANY_BYTES = 99_000_000;
    @TempDir
    Path directory;
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private SideServer source;
    private SideServer target;
    private EdgeServer edge;
    private Traffic traffic;
    private long generation = 1;

    @BeforeEach
    void start() throws Exception {
        var key = directory.resolve("key.pem").toString();
        var certificate = directory.resolve("certificate.pem").toString();
        assertThat(new ProcessBuilder("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + DOMAIN, "-addext", "subjectAltName=DNS:" + DOMAIN,
                "-keyout", key, "-out", certificate).redirectErrorStream(true).redirectOutput(directory.resolve("openssl.log").toFile()).start().waitFor()).isZero();
        source = new SideServer("source", new HttpServerOptions().setSsl(true).setKeyCertOptions(new PemKeyCertOptions().addKeyPath(key).addCertPath(certificate)));
        target = new SideServer("target", new HttpServerOptions());
        traffic = new Traffic(vertx, new EdgeState(Mode.SOURCE, 1), Duration.ofSeconds(2), 10);
        var routes = new Routes(List.of(new Route(DOMAIN, "/", URI.create("https://127.0.0.1:" + source.port())), new Route("elsewhere.example", "/", URI.create("https://127.0.0.1:" + source.port()))),
                List.of(new Route(DOMAIN, "/", URI.create("http://127.0.0.1:" + target.port()))));
        edge = new EdgeServer(vertx, traffic, new EdgeProxy(vertx, traffic, routes, "the-migration", Optional.of(certificate)), TOKEN).listen("127.0.0.1", 0, 0).toCompletionStage().toCompletableFuture().join();
    }

    @AfterEach
    void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
        source.close();
        target.close();
        http.close();
    }

    private HttpResponse<String> change(Mode mode) throws Exception {
        return control("PUT", new JsonObject().put("mode", mode.name()).put("generation", ++generation).encode());
    }

    private HttpResponse<String> control(String method, String body) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + edge.controlPort() + "/state")).header("Authorization", "Bearer " + TOKEN).method(method, BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    /** One request as it is sent, and its answer to the end of the connection. */
    private String raw(String head) throws IOException {
        try (var socket = new Socket("127.0.0.1", edge.usersPort())) {
            socket.getOutputStream().write((head + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private JsonObject get(String path, String... headers) throws IOException {
        var answer = raw("GET " + path + " HTTP/1.1\r\nHost: " + DOMAIN + String.join("", List.of(headers).stream().map(header -> "\r\n" + header).toList()));
        assertThat(answer).startsWith("HTTP/1.1 200");
        return new JsonObject(answer.substring(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
    }

    private CompletableFuture<String> later(String path) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return raw("GET " + path + " HTTP/1.1\r\nHost: " + DOMAIN);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }, task -> Thread.ofVirtual().start(task));
    }

    @Test
    void pathAndQueryArriveByteForByteAndWhoAsksIsToldBehindWhoWasToldBefore() throws IOException {
        var seen = get("//a%2Fb/@x/../c?y=%20&z=%7E", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https", "Signature: keyId=\"a\",headers=\"(request-target) host\"", "Digest: SHA-256=abc", "Date: Mon, 30 Nov 2026 05:00:00 GMT");

        assertThat(seen.getString("uri")).isEqualTo("//a%2Fb/@x/../c?y=%20&z=%7E");
        assertThat(seen.getJsonObject("headers").getMap()).containsEntry("x-forwarded-for", "203.0.113.7, 127.0.0.1").containsEntry("x-forwarded-proto", "https").containsEntry("host", DOMAIN)
                .containsEntry("signature", "keyId=\"a\",headers=\"(request-target) host\"").containsEntry("digest", "SHA-256=abc").containsEntry("date", "Mon, 30 Nov 2026 05:00:00 GMT").containsEntry("x-edge-hop", "the-migration");
        assertThat(get("/").getJsonObject("headers").getMap()).containsEntry("x-forwarded-for", "127.0.0.1").containsEntry("x-forwarded-proto", "https");
    }

    @Test
    @Tag("thorough")
    void largeBodiesPassInBothDirections() throws Exception {
        var bytes = new byte[MANY_BYTES];
        new java.util.Random(7).nextBytes(bytes);
        for (var mode : List.of(Mode.SOURCE, Mode.HOLD, Mode.TARGET)) {
            if (mode == Mode.HOLD || mode == Mode.TARGET) {
                change(mode);
            }
            if (mode != Mode.HOLD) {
                var answer = http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + edge.usersPort() + "/api/v2/media")).header("X-Real-Host", DOMAIN).POST(BodyPublishers.ofByteArray(bytes)).build(), BodyHandlers.ofString());
                assertThat(answer.statusCode()).as("the JDK's client sends 127.0.0.1 as Host, which nobody serves").isEqualTo(503);
                var stored = post("/api/v2/media", bytes);
                assertThat(stored.getString("body")).isEqualTo(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
                assertThat(raw("GET /bytes/" + MANY_BYTES + " HTTP/1.1\r\nHost: " + DOMAIN).length()).isGreaterThan(MANY_BYTES);
            }
        }
    }

    private JsonObject post(String path, byte[] body) throws IOException {
        try (var socket = new Socket("127.0.0.1", edge.usersPort())) {
            socket.getOutputStream().write(("POST " + path + " HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: " + body.length + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().write(body);
            var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 200");
            return new JsonObject(answer.substring(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
        }
    }

    @Test
    void whatIsHeldIsAnsweredByTheNewSideAndWhatWasUnderWayByTheOld() throws Exception {
        var before = later("/slow");
        Awaitility.await().until(() -> source.waiting() == 1);
        assertThat(new JsonObject(change(Mode.HOLD).body()).getJsonObject("underWay").getInteger("SOURCE")).isEqualTo(1);
        var held = IntStream.range(0, 5).mapToObj(n -> later("/held/" + n)).toList();
        Awaitility.await().until(() -> new JsonObject(control("GET", "").body()).getInteger("held") == 5);
        assertThat(held).noneMatch(CompletableFuture::isDone);

        source.answerSlowOnes();
        assertThat(before.get(5, TimeUnit.SECONDS)).startsWith("HTTP/1.1 200").contains("\"side\":\"source\"");
        Awaitility.await().until(() -> new JsonObject(control("GET", "").body()).getJsonObject("underWay").getInteger("SOURCE") == 0);
        assertThat(change(Mode.TARGET).statusCode()).isEqualTo(200);
        for (var one : held) {
            assertThat(one.get(5, TimeUnit.SECONDS)).startsWith("HTTP/1.1 200").contains("\"side\":\"target\"");
        }
    }

    @Test
    void whoWaitsTooLongIsAskedToComeAgainAndWhoGoesAwayIsForgotten() throws Exception {
        change(Mode.HOLD);
        try (var gone = new Socket("127.0.0.1", edge.usersPort())) {
            gone.getOutputStream().write(("GET / HTTP/1.1\r\nHost: " + DOMAIN + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            Awaitility.await().until(() -> traffic.report().held() == 1);
        }
        assertThat(raw("POST /inbox HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0")).startsWith("HTTP/1.1 503").containsIgnoringCase("retry-after: 30").containsIgnoringCase("cache-control: no-store");
        change(Mode.TARGET);
        assertThat(traffic.report().underWay()).containsEntry(Side.TARGET, 0).containsEntry(Side.SOURCE, 0);
    }

    @Test
    void nobodyIsToldFourHundredsThatTheEdgeOrTheRouterMade() throws IOException {
        for (var path : List.of("/status/421", "/status/495", "/cut")) {
            assertThat(raw("POST " + path + " HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0")).as(path).startsWith("HTTP/1.1 503").containsIgnoringCase("retry-after: 30").doesNotContain("words of the router");
        }
        assertThat(raw("POST /inbox HTTP/1.1\r\nHost: another.example\r\nContent-Length: 0")).startsWith("HTTP/1.1 503");
        assertThat(raw("POST /inbox HTTP/1.1\r\nHost: elsewhere.example\r\nContent-Length: 0")).as("a certificate of another name").startsWith("HTTP/1.1 503");
        assertThat(raw("GET /status/404 HTTP/1.1\r\nHost: " + DOMAIN)).as("the app's own").startsWith("HTTP/1.1 404").contains("words of the router");
        source.close();
        assertThat(raw("POST /inbox HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0")).startsWith("HTTP/1.1 503");
        Awaitility.await().untilAsserted(() -> assertThat(traffic.report().underWay()).containsEntry(Side.SOURCE, 0));
    }

    @Test
    void aRequestThatComesBackIsNotPassedOnAgain() throws IOException {
        assertThat(raw("GET / HTTP/1.1\r\nHost: " + DOMAIN + "\r\nX-Edge-Hop: the-migration")).startsWith("HTTP/1.1 508");
        assertThat(get("/", "X-Edge-Hop: another").getString("side")).isEqualTo("source");
    }

    @Test
    void eventsPassAtOnceAndTheirStreamIsClosedWhenTheSideChanges() throws Exception {
        try (var socket = new Socket("127.0.0.1", edge.usersPort())) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(("GET /events HTTP/1.1\r\nHost: " + DOMAIN + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(lines.lines().filter(line -> line.startsWith("event:")).findFirst()).hasValue("event: first from source");
            assertThat(traffic.report().lasting()).containsEntry(Side.SOURCE, 1);

            change(Mode.HOLD);
            assertThat(lines.lines().filter(line -> line.startsWith("event:"))).as("to its end").isEmpty();
        }
        Awaitility.await().untilAsserted(() -> assertThat(traffic.report().lasting()).containsEntry(Side.SOURCE, 0));
    }

    @Test
    void websocketsTalkInBothDirectionsAndAreClosedWhenTheSideChangesAndWaitLikeOthersWhenTheyComeBack() throws Exception {
        try (var first = new Listening(); var second = new Listening()) {
            first.open();
            assertThat(first.words.poll(5, TimeUnit.SECONDS)).isEqualTo("hello from source at /api/v1/streaming?stream=user");
            first.socket.writeTextMessage("a word");
            assertThat(first.words.poll(5, TimeUnit.SECONDS)).isEqualTo("you said a word");
            assertThat(traffic.report().lasting()).containsEntry(Side.SOURCE, 1);
            assertThat(traffic.report().underWay()).containsEntry(Side.SOURCE, 0);

            change(Mode.HOLD);
            assertThat(first.closed.get(5, TimeUnit.SECONDS)).isNotNull();
            var opening = CompletableFuture.runAsync(second::open, task -> Thread.ofVirtual().start(task));
            Awaitility.await().until(() -> traffic.report().held() == 1);
            change(Mode.TARGET);
            opening.get(5, TimeUnit.SECONDS);
            assertThat(second.words.poll(5, TimeUnit.SECONDS)).isEqualTo("hello from target at /api/v1/streaming?stream=user");
        }
    }

    /** A client of streaming, as browsers have one. */
    private final class Listening implements AutoCloseable {
        private final BlockingQueue<String> words = new LinkedBlockingQueue<>();
        private final CompletableFuture<String> closed = new CompletableFuture<>();
        private final Vertx own = Vertx.vertx();
        private ClientWebSocket socket;

        void open() {
            socket = own.createWebSocketClient().webSocket();
            socket.textMessageHandler(words::add).closeHandler(gone -> closed.complete("closed"));
            socket.connect(new WebSocketConnectOptions().setHost("127.0.0.1").setPort(edge.usersPort()).addHeader("Host", DOMAIN).setURI("/api/v1/streaming?stream=user")).toCompletionStage().toCompletableFuture().join();
        }

        @Override
        public void close() {
            own.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    @Test
    void theStateIsTheOperatorsAlone() throws Exception {
        var address = URI.create("http://127.0.0.1:" + edge.controlPort() + "/state");
        assertThat(http.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString()).statusCode()).isEqualTo(401);
        assertThat(http.send(HttpRequest.newBuilder(address).header("Authorization", "Bearer guessed").PUT(BodyPublishers.ofString("{}")).build(), BodyHandlers.ofString()).statusCode()).isEqualTo(401);
        assertThat(control("PUT", "{\"mode\":\"TARGET\",\"generation\":9}")).satisfies(refused -> {
            assertThat(refused.statusCode()).isEqualTo(409);
            assertThat(refused.body()).contains("HOLD alone");
        });
        assertThat(control("PUT", "nonsense").statusCode()).isEqualTo(400);
        assertThat(new JsonObject(control("GET", "").body()).getJsonObject("state").getMap()).containsEntry("mode", "SOURCE");
    }

    @Test
    void aPodThatIsAboutToEndTellsWhoeverKeepsConnectionsToOpenAnother() throws Exception {
        assertThat(headOfOneThatIsKept()).startsWith("HTTP/1.1 200").doesNotContainIgnoringCase("connection: close");
        edge.leave();
        assertThat(headOfOneThatIsKept()).startsWith("HTTP/1.1 200").containsIgnoringCase("connection: close");
    }

    private String headOfOneThatIsKept() throws IOException {
        try (var socket = new Socket("127.0.0.1", edge.usersPort())) {
            socket.getOutputStream().write(("GET /a HTTP/1.1\r\nHost: " + DOMAIN + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            var head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) socket.getInputStream().read());
            }
            return head.toString();
        }
    }
}
