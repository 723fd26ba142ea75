package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.embedded.FreePort;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EdgeCommandTest {
    private static final String ROUTES = "{\"source\":[{\"domain\":\"example.social\",\"prefix\":\"/\",\"upstream\":\"https://cname.example\"}],\"target\":[]}";
    private static final String SOURCE = "{\"mode\":\"SOURCE\",\"generation\":1}";
    private static final List<String> PODS = List.of("127.0.0.2", "127.0.0.3", "127.0.0.4");
    @TempDir
    Path directory;
    private final List<Vertx> all = new ArrayList<>();

    @AfterEach
    void stop() {
        all.forEach(vertx -> vertx.close().toCompletionStage().toCompletableFuture().join());
    }

    private Map<String, String> environment(String state) throws IOException {
        return new HashMap<>(Map.of("EDGE_ROUTES", ROUTES, "EDGE_ID", "the-migration", "EDGE_TOKEN_FILE", Files.writeString(directory.resolve("token"), "the-token\n").toString(), "EDGE_STATE_FILE",
                Files.writeString(directory.resolve("state"), state).toString(), "EDGE_USERS_PORT", "0"));
    }

    /** One of a pod's kind: an address of its own, and the port that all have. */
    private EdgeCommand started(String address, int controlPort, String state) throws IOException {
        var environment = environment(state);
        environment.putAll(Map.of("EDGE_ADDRESS", address, "EDGE_CONTROL_PORT", String.valueOf(controlPort), "EDGE_PEERS", String.join(",", PODS)));
        var vertx = Vertx.vertx();
        all.add(vertx);
        var edge = new EdgeCommand(EdgeSettings.of(environment));
        vertx.deployVerticle(edge).toCompletionStage().toCompletableFuture().join();
        return edge;
    }

    /** One that serves a source of its own, and ends by that clock. */
    private EdgeCommand inFrontOf(SideServer source, AtomicLong clock) throws IOException {
        var environment = environment(SOURCE);
        environment.putAll(Map.of("EDGE_ADDRESS", PODS.getFirst(), "EDGE_CONTROL_PORT", "0", "EDGE_ROUTES", ROUTES.replace("https://cname.example", "http://127.0.0.1:" + source.port())));
        var vertx = Vertx.vertx();
        all.add(vertx);
        var edge = new EdgeCommand(EdgeSettings.of(environment), clock::get);
        vertx.deployVerticle(edge).toCompletionStage().toCompletableFuture().join();
        return edge;
    }

    private static Socket begun(EdgeCommand edge, String head) throws IOException {
        var socket = new Socket(PODS.getFirst(), edge.server().usersPort());
        socket.setSoTimeout(10_000);
        socket.getOutputStream().write((head.replace("HTTP/1.1", "HTTP/1.1\r\nHost: " + EdgeWithSides.DOMAIN) + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    private static String toItsEnd(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void anUploadOfMinutesIsNotCutByItsPodsEndAndWhatLastsKeepsNoPod() throws Exception {
        var clock = new AtomicLong();
        var source = new SideServer("source", new HttpServerOptions());
        var edge = inFrontOf(source, clock);
        try (source; var upload = begun(edge, "POST /api/v2/media HTTP/1.1\r\nContent-Length: 2"); var events = begun(edge, "GET /events HTTP/1.1");
                var websocket = begun(edge, "GET /api/v1/streaming HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")) {
            upload.getOutputStream().write('a');
            Awaitility.await().untilAsserted(() -> assertThat(edge.traffic().report()).satisfies(report -> {
                assertThat(report.underWay()).containsEntry(Side.SOURCE, 1);
                assertThat(report.lasting()).containsEntry(Side.SOURCE, 2);
            }));
            var ended = edge.finish();
            clock.set(Duration.ofSeconds(6).toNanos());
            assertThat(toItsEnd(events)).as("closed, for another pod to be found").startsWith("HTTP/1.1 200").contains("event: first from source");
            assertThat(toItsEnd(websocket)).startsWith("HTTP/1.1 101").contains("hello from source");

            clock.set(Duration.ofMinutes(5).toNanos());
            try (var another = begun(edge, "GET /events HTTP/1.1")) {
                assertThat(toItsEnd(another)).as("so the pod has looked again").startsWith("HTTP/1.1 200");
            }
            assertThat(ended.isComplete()).isFalse();
            upload.getOutputStream().write('b');
            assertThat(toItsEnd(upload)).startsWith("HTTP/1.1 200").contains("\"side\":\"source\"", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest("ab".getBytes(StandardCharsets.UTF_8))));
            Awaitility.await("its end, at once").until(ended::succeeded);
        }
    }

    @Test
    void anUploadThatNeverEndsEndsWithItsPod() throws Exception {
        var clock = new AtomicLong();
        var source = new SideServer("source", new HttpServerOptions());
        var edge = inFrontOf(source, clock);
        try (source; var upload = begun(edge, "POST /api/v2/media HTTP/1.1\r\nContent-Length: 2")) {
            Awaitility.await().untilAsserted(() -> assertThat(edge.traffic().report().underWay()).containsEntry(Side.SOURCE, 1));
            var ended = edge.finish();
            clock.set(EdgeCommand.longestEnd(Duration.ofSeconds(15)).plusSeconds(1).toNanos());
            Awaitility.await().until(ended::succeeded);
            assertThat(toItsEnd(upload)).isEmpty();
        }
    }

    private static EdgeState state(Mode mode, long generation) {
        return new EdgeState(mode, generation);
    }

    @Test
    void aPodThatIsMadeLaterHasTheStateOfItsPeersBeforeItServes() throws Exception {
        var first = started(PODS.get(0), 0, SOURCE);
        first.traffic().change(state(Mode.HOLD, 2));
        var second = started(PODS.get(1), first.server().controlPort(), SOURCE);
        assertThat(second.traffic().state()).isEqualTo(state(Mode.HOLD, 2));
    }

    @Test
    void aPodThatTheOperatorDidNotReachFollowsThoseThatItDidThroughHold() throws Exception {
        var first = started(PODS.get(0), 0, SOURCE);
        var second = started(PODS.get(1), first.server().controlPort(), SOURCE);
        first.traffic().change(state(Mode.HOLD, 2));
        first.traffic().change(state(Mode.TARGET, 3));
        Awaitility.await().untilAsserted(() -> assertThat(second.traffic().state()).isEqualTo(state(Mode.TARGET, 3)));
    }

    @Test
    void theFirstPodHasNoPeersAndTakesItsFile() throws IOException {
        assertThat(started(PODS.get(2), 0, "{\"mode\":\"TARGET\",\"generation\":7}").traffic().state()).isEqualTo(state(Mode.TARGET, 7));
    }

    @Test
    void whatTheAdminWritesIntoItsFileIsDoneWithoutAnOperator() throws Exception {
        var edge = started(PODS.getFirst(), 0, "{\"mode\":\"HOLD\",\"generation\":7}");
        environment("{\"mode\":\"SOURCE\",\"generation\":1796071229}");
        Awaitility.await().untilAsserted(() -> assertThat(edge.traffic().state()).isEqualTo(state(Mode.SOURCE, 1796071229)));
    }

    @Test
    void whatAPodDoesNotReachOfTheTargetItTellsUntilItDoes() throws Exception {
        var vertx = Vertx.vertx();
        all.add(vertx);
        var asked = new CopyOnWriteArrayList<String>();
        var port = FreePort.find();
        var environment = environment(SOURCE);
        var upstream = "http://127.0.0.1:" + port;
        environment.putAll(Map.of("EDGE_ADDRESS", PODS.getFirst(), "EDGE_CONTROL_PORT", "0", "EDGE_ROUTES", ROUTES.replace("[]", "[{\"domain\":\"example.social\",\"prefix\":\"/\",\"upstream\":\"" + upstream
                + "\"},{\"domain\":\"example.social\",\"prefix\":\"/api/v1/streaming\",\"upstream\":\"http://no-such-name.invalid:4000\"}]")));
        var edge = new EdgeCommand(EdgeSettings.of(environment));
        vertx.deployVerticle(edge).toCompletionStage().toCompletableFuture().join();
        var control = "http://" + PODS.getFirst() + ":" + edge.server().controlPort();
        Awaitility.await().untilAsserted(() -> assertThat(unreached(control)).hasSize(2).first().asString().startsWith(upstream + " (").contains("refused"));

        var connections = new AtomicInteger();
        vertx.createHttpServer().connectionHandler(connection -> connections.incrementAndGet()).requestHandler(request -> {
            asked.add(request.getHeader("Host") + " " + request.path() + " " + request.getHeader("X-Forwarded-Proto"));
            request.response().end();
        }).listen(port, "127.0.0.1").toCompletionStage().toCompletableFuture().join();
        Awaitility.await().untilAsserted(() -> assertThat(unreached(control)).singleElement().asString().startsWith("http://no-such-name.invalid:4000 ("));
        assertThat(asked).contains("example.social /health https");
        Awaitility.await("as users' connections are: new ones").untilAsserted(() -> assertThat(connections.get()).isGreaterThan(1));
    }

    private static List<String> unreached(String control) {
        return new EdgeClient().ask(control, "the-token").join() instanceof EdgeClient.Told told ? told.report().unreached() : List.of();
    }

    @Test
    void whatIsMissingOrWrongIsNamed() throws IOException {
        assertThatThrownBy(() -> EdgeSettings.of(Map.of())).hasMessage("EDGE_ROUTES is not set");
        var wrong = environment("HOLD");
        assertThatThrownBy(() -> EdgeSettings.of(wrong)).hasMessageStartingWith("EDGE_STATE_FILE is not understood");
        wrong.put("EDGE_STATE_FILE", directory.resolve("nowhere").toString());
        assertThatThrownBy(() -> EdgeSettings.of(wrong)).hasMessageContaining("EDGE_STATE_FILE cannot be read").hasMessageContaining("nowhere");
        assertThat(EdgeCommand.run(Map.of("EDGE_ROUTES", "{}"))).isEqualTo(64);
    }
}
