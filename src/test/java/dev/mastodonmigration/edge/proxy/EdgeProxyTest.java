package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
    private static final String DOMAIN = EdgeWithSides.DOMAIN;
    @TempDir
    Path directory;
    private EdgeWithSides edge;

    @BeforeEach
    void start() throws Exception {
        edge = new EdgeWithSides(directory, Duration.ofSeconds(2), EdgeProxy.SILENCE);
    }

    @AfterEach
    void stop() {
        edge.close();
    }

    @Test
    void pathAndQueryArriveByteForByteAndWhoAsksIsToldBehindWhoWasToldBefore() throws IOException {
        var seen = edge.get("//a%2Fb/@x/../c?y=%20&z=%7E", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https", "Signature: keyId=\"a\",headers=\"(request-target) host\"", "Digest: SHA-256=abc", "Date: Mon, 30 Nov 2026 05:00:00 GMT");

        assertThat(seen.getString("uri")).isEqualTo("//a%2Fb/@x/../c?y=%20&z=%7E");
        assertThat(seen.getJsonObject("headers").getMap()).containsEntry("x-forwarded-for", "203.0.113.7, 127.0.0.1").containsEntry("x-forwarded-proto", "https").containsEntry("host", DOMAIN)
                .containsEntry("signature", "keyId=\"a\",headers=\"(request-target) host\"").containsEntry("digest", "SHA-256=abc").containsEntry("date", "Mon, 30 Nov 2026 05:00:00 GMT").containsEntry("x-edge-hop", "the-migration");
        assertThat(edge.get("/").getJsonObject("headers").getMap()).containsEntry("x-forwarded-for", "127.0.0.1").containsEntry("x-forwarded-proto", "https");
    }

    @Test
    void whatIsHeldIsAnsweredByTheNewSideAndWhatWasUnderWayByTheOld() throws Exception {
        var before = EdgeWithSides.later(() -> edge.raw("GET /slow HTTP/1.1\r\nHost: " + DOMAIN));
        Awaitility.await().until(() -> edge.source().waiting() == 1);
        assertThat(new JsonObject(edge.change(Mode.HOLD).body()).getJsonObject("underWay").getInteger("SOURCE")).isEqualTo(1);
        var held = IntStream.range(0, 5).mapToObj(n -> EdgeWithSides.later(() -> edge.raw("GET /held/" + n + " HTTP/1.1\r\nHost: " + DOMAIN))).toList();
        Awaitility.await().until(() -> edge.report().getInteger("held") == 5);
        assertThat(held).noneMatch(CompletableFuture::isDone);

        edge.source().answerSlowOnes();
        assertThat(before.get(5, TimeUnit.SECONDS)).startsWith("HTTP/1.1 200").contains("\"side\":\"source\"");
        Awaitility.await().until(() -> edge.report().getJsonObject("underWay").getInteger("SOURCE") == 0);
        assertThat(edge.change(Mode.TARGET).statusCode()).isEqualTo(200);
        for (var one : held) {
            assertThat(one.get(5, TimeUnit.SECONDS)).startsWith("HTTP/1.1 200").contains("\"side\":\"target\"");
        }
    }

    @Test
    void whoWaitsTooLongIsAskedToComeAgainAndWhoGoesAwayIsForgotten() throws Exception {
        edge.change(Mode.HOLD);
        try (var gone = edge.connect()) {
            gone.getOutputStream().write(("GET / HTTP/1.1\r\nHost: " + DOMAIN + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            Awaitility.await().until(() -> edge.traffic().report().held() == 1);
        }
        assertThat(edge.raw("POST /inbox HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0")).startsWith("HTTP/1.1 503").containsIgnoringCase("retry-after: 30").containsIgnoringCase("cache-control: no-store");
        edge.change(Mode.TARGET);
        assertThat(edge.traffic().report().underWay()).containsEntry(Side.TARGET, 0).containsEntry(Side.SOURCE, 0);
    }

    @Test
    void nobodyIsToldFourHundredsThatTheEdgeOrTheRouterMade() throws IOException {
        for (var path : List.of("/status/421", "/status/495", "/cut")) {
            assertComesAgain(path, edge.raw("POST " + path + " HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0"));
        }
        assertThat(edge.raw("POST /inbox HTTP/1.1\r\nHost: another.example\r\nContent-Length: 0")).startsWith("HTTP/1.1 503");
        assertThat(edge.raw("POST /inbox HTTP/1.1\r\nHost: elsewhere.example\r\nContent-Length: 0")).as("a certificate of another name").startsWith("HTTP/1.1 503");
        assertThat(edge.raw("GET /status/404 HTTP/1.1\r\nHost: " + DOMAIN)).as("the app's own").startsWith("HTTP/1.1 404").contains("words of the router");
        edge.source().close();
        assertThat(edge.raw("POST /inbox HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0")).startsWith("HTTP/1.1 503");
        Awaitility.await().untilAsserted(() -> assertThat(edge.traffic().report().underWay()).containsEntry(Side.SOURCE, 0));
    }

    /** Nor may any cache keep what it is told. */
    @Test
    void norIsABrowserThatAsksForAWebsocket() throws Exception {
        var asked = " HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nHost: ";
        for (var path : List.of("/status/421", "/status/495", "/cut")) {
            assertComesAgain(path, edge.raw("GET " + path + asked + DOMAIN));
        }
        assertThat(edge.traffic().report().measured().total().get(Side.SOURCE).failures()).as("its side's").isEqualTo(3);
        assertComesAgain("a certificate of another name", edge.raw("GET /api/v1/streaming" + asked + "elsewhere.example"));
        assertThat(edge.raw("GET /status/401" + asked + DOMAIN)).as("the app's own").startsWith("HTTP/1.1 401").contains("words of the router");
        edge.source().close();
        assertComesAgain("nobody listens", edge.raw("GET /api/v1/streaming" + asked + DOMAIN));
        edge.change(Mode.HOLD);
        assertComesAgain("held for too long", edge.raw("GET /api/v1/streaming" + asked + DOMAIN));
        Awaitility.await().untilAsserted(() -> assertThat(edge.traffic().report().underWay()).containsEntry(Side.SOURCE, 0));
    }

    private static void assertComesAgain(String what, String answer) {
        assertThat(answer).as(what).startsWith("HTTP/1.1 503").containsIgnoringCase("retry-after: 30").containsIgnoringCase("cache-control: no-store").doesNotContain("words of the router");
    }

    /** As GKE's Ingress and AWS' load balancer controller ask each pod. */
    @Test
    void whoLooksAfterPodsIsToldWhetherThisOneIsReadyAndIsNoUser() throws Exception {
        var looks = List.of("GET /ready HTTP/1.1\r\nHost: " + DOMAIN, "GET /ready HTTP/1.1\r\nHost: another.example", "HEAD /ready HTTP/1.1\r\nHost: 10.0.0.7", "GET / HTTP/1.1\r\nHost: 10.0.0.7:8080", "HEAD / HTTP/1.1\r\nHost: 10.0.0.7",
                "GET / HTTP/1.1\r\nHost: [fd00::7]:8080", "GET / HTTP/1.1\r\nHost: ", "GET / HTTP/1.0",
                "GET /health HTTP/1.1\r\nHost: 10.0.0.7:8080", "GET /api/v1/streaming/health HTTP/1.1\r\nHost: 10.0.0.7");
        assertThat(looks).allSatisfy(look -> assertThat(edge.raw(look)).startsWith("HTTP/1." + look.charAt(look.indexOf("HTTP/1.") + 7) + " 503").doesNotContainIgnoringCase("retry-after"));
        edge.server().ready();
        assertThat(looks).allSatisfy(look -> assertThat(edge.raw(look)).contains(" 200 OK").satisfies(answer -> assertThat(answer.endsWith("ok\n")).isEqualTo(look.startsWith("GET"))));
        edge.server().leave();
        assertThat(looks).allSatisfy(look -> assertThat(edge.raw(look)).contains(" 503 "));
        assertThat(edge.traffic().report()).satisfies(report -> {
            assertThat(report.arrivals()).isEmpty();
            assertThat(report.measured().unserved()).isZero();
        });

        edge.server().ready();
        assertThat(edge.get("/").getString("side")).as("a user's").isEqualTo("source");
        assertThat(edge.get("/health").getString("uri")).as("Mastodon's own").isEqualTo("/health");
        edge.change(Mode.HOLD);
        assertThat(List.of("/health", "/api/v1/streaming/health")).allSatisfy(path -> assertThat(edge.raw("GET " + path + " HTTP/1.1\r\nHost: 10.0.0.7")).as("while users wait").startsWith("HTTP/1.1 200 OK"));
        edge.change(Mode.SOURCE);
        for (var another : List.of("GET / HTTP/1.1\r\nHost: another.example", "GET /@admin HTTP/1.1\r\nHost: 10.0.0.7", "POST / HTTP/1.1\r\nHost: 10.0.0.7\r\nContent-Length: 0")) {
            assertThat(edge.raw(another)).as(another).startsWith("HTTP/1.1 503").containsIgnoringCase("retry-after: 30");
        }
        assertThat(edge.raw("POST /ready HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0")).as("no look").contains("\"uri\":\"/ready\"");
    }

    @Test
    void aRequestThatComesBackIsNotPassedOnAgain() throws IOException {
        assertThat(edge.raw("GET / HTTP/1.1\r\nHost: " + DOMAIN + "\r\nX-Edge-Hop: the-migration")).startsWith("HTTP/1.1 508");
        assertThat(edge.get("/", "X-Edge-Hop: another").getString("side")).isEqualTo("source");
    }

    @Test
    void eventsPassAtOnceAndTheirStreamIsClosedWhenTheSideChanges() throws Exception {
        try (var socket = edge.connect()) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(("GET /events HTTP/1.1\r\nHost: " + DOMAIN + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(lines.lines().filter(line -> line.startsWith("event:")).findFirst()).hasValue("event: first from source");
            assertThat(edge.traffic().report().lasting()).containsEntry(Side.SOURCE, 1);

            edge.change(Mode.HOLD);
            assertThat(lines.lines().filter(line -> line.startsWith("event:"))).as("to its end").isEmpty();
        }
        Awaitility.await().untilAsserted(() -> assertThat(edge.traffic().report().lasting()).containsEntry(Side.SOURCE, 0));
    }

    @Test
    void websocketsTalkInBothDirectionsAndAreClosedWhenTheSideChangesAndWaitLikeOthersWhenTheyComeBack() throws Exception {
        try (var first = edge.listening(); var second = edge.listening()) {
            first.open();
            assertThat(first.hear()).isEqualTo("hello from source at /api/v1/streaming?stream=user");
            first.say("a word");
            assertThat(first.hear()).isEqualTo("you said a word");
            assertThat(edge.traffic().report().lasting()).containsEntry(Side.SOURCE, 1);
            assertThat(edge.traffic().report().underWay()).containsEntry(Side.SOURCE, 0);

            edge.change(Mode.HOLD);
            assertThat(first.closed().get(5, TimeUnit.SECONDS)).isNotNull();
            var opening = EdgeWithSides.later(second::open);
            Awaitility.await().until(() -> edge.traffic().report().held() == 1);
            edge.change(Mode.TARGET);
            opening.get(5, TimeUnit.SECONDS);
            assertThat(second.hear()).isEqualTo("hello from target at /api/v1/streaming?stream=user");
        }
    }

    /** More than there are connections for requests. */
    @Test
    @Tag("thorough")
    void howManyEverListenOthersAreAnswered() throws Exception {
        edge.change(Mode.HOLD);
        edge.change(Mode.TARGET);
        assertThat(edge.listen(1100)).isEqualTo(1100);
        assertThat(edge.get("/another").getString("side")).isEqualTo("target");
    }

    @Test
    void theStateIsTheOperatorsAlone() throws Exception {
        try (var http = HttpClient.newHttpClient()) {
            assertThat(http.send(HttpRequest.newBuilder(edge.control()).build(), BodyHandlers.ofString()).statusCode()).isEqualTo(401);
            assertThat(http.send(HttpRequest.newBuilder(edge.control()).header("Authorization", "Bearer guessed").PUT(BodyPublishers.ofString("{}")).build(), BodyHandlers.ofString()).statusCode()).isEqualTo(401);
        }
        assertThat(edge.control("PUT", "{\"mode\":\"TARGET\",\"generation\":9}")).satisfies(refused -> {
            assertThat(refused.statusCode()).isEqualTo(409);
            assertThat(refused.body()).contains("HOLD alone");
        });
        assertThat(edge.control("PUT", "nonsense").statusCode()).isEqualTo(400);
        assertThat(edge.report().getJsonObject("state").getMap()).containsEntry("mode", "SOURCE");
    }

    @Test
    void aPodThatIsAboutToEndTellsWhoeverKeepsConnectionsToOpenAnother() throws Exception {
        assertThat(headOfOneThatIsKept()).startsWith("HTTP/1.1 200").doesNotContainIgnoringCase("connection: close");
        edge.server().leave();
        assertThat(headOfOneThatIsKept()).startsWith("HTTP/1.1 200").containsIgnoringCase("connection: close");
    }

    private String headOfOneThatIsKept() throws IOException {
        try (var socket = edge.connect()) {
            socket.getOutputStream().write(("GET /a HTTP/1.1\r\nHost: " + DOMAIN + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            var head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) socket.getInputStream().read());
            }
            return head.toString();
        }
    }
}
