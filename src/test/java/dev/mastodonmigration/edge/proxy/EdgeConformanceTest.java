package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.EntranceOverTls;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.edge.proxy.EdgeWithSides.Coming;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What servers and browsers rely on, of which proxies have broken each (research of the edge, §6): through the edge in every state, and whichever side is let go to. */
class EdgeConformanceTest {
    private static final String DOMAIN = EdgeWithSides.DOMAIN;
    /** 99 MB, as nginx counts them. */
    private static final int MANY_BYTES = Math.toIntExact(EntranceOverTls.LARGEST);
    private static final Duration SILENCE = Duration.ofSeconds(6);
    @TempDir
    Path directory;
    private EdgeWithSides edge;

    @BeforeEach
    void start() throws Exception {
        edge = new EdgeWithSides(directory, Duration.ofSeconds(15), SILENCE);
    }

    @AfterEach
    void stop() {
        edge.close();
    }

    @ParameterizedTest
    @EnumSource(Coming.class)
    void theBytesOfAPathArrive(Coming coming) throws Exception {
        var path = "//a%2Fb/@x/../c//%E2%82%AC?y=%20&z=%7E&q=a+b&&=";
        assertThat(edge.through(coming, () -> edge.get(path)).getString("uri")).isEqualTo(path);
    }

    /** As another server signs what it delivers (draft-cavage-http-signatures, which Mastodon sends): over path and query, Host, date and digest. */
    @ParameterizedTest
    @EnumSource(Coming.class)
    void aSignedDeliveryIsStillValid(Coming coming) throws Exception {
        var keys = KeyPairGenerator.getInstance("RSA");
        keys.initialize(2048);
        var key = keys.generateKeyPair();
        var path = "/users/alice%40x/inbox?a=%2F&b";
        var body = "{\"type\": \"Create\",  \"content\": \"é\"}".getBytes(StandardCharsets.UTF_8);
        var digest = "SHA-256=" + Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(body));
        var date = "Mon, 30 Nov 2026 12:00:00 GMT";
        var signature = sign(key, "(request-target): post " + path + "\nhost: " + DOMAIN + "\ndate: " + date + "\ndigest: " + digest);

        var seen = edge.through(coming, () -> edge.post(path, body, "Date: " + date, "Digest: " + digest, "Signature: keyId=\"https://remote.example/users/bob#main-key\",headers=\"(request-target) host date digest\",signature=\"" + signature + "\""));

        var headers = seen.getJsonObject("headers");
        assertThat(seen.getString("body")).isEqualTo(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body)));
        assertThat(headers.getString("digest")).isEqualTo(digest);
        assertThat(isValid(key, "(request-target): post " + seen.getString("uri") + "\nhost: " + headers.getString("host") + "\ndate: " + headers.getString("date") + "\ndigest: " + headers.getString("digest"),
                headers.getString("signature").replaceFirst(".*signature=\"", "").replaceFirst("\"$", ""))).isTrue();
    }

    private static String sign(KeyPair key, String text) throws Exception {
        var signing = Signature.getInstance("SHA256withRSA");
        signing.initSign(key.getPrivate());
        signing.update(text.getBytes(StandardCharsets.UTF_8));
        return Base64.getEncoder().encodeToString(signing.sign());
    }

    private static boolean isValid(KeyPair key, String text, String signature) throws Exception {
        var verifying = Signature.getInstance("SHA256withRSA");
        verifying.initVerify(key.getPublic());
        verifying.update(text.getBytes(StandardCharsets.UTF_8));
        return verifying.verify(Base64.getDecoder().decode(signature));
    }

    @Tag("thorough")
    @ParameterizedTest
    @EnumSource(Coming.class)
    void theLargestUploadArrives(Coming coming) throws Exception {
        var bytes = new byte[MANY_BYTES];
        new Random(7).nextBytes(bytes);
        assertThat(edge.through(coming, () -> edge.post("/api/v2/media", bytes)).getString("body")).isEqualTo(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
    }

    @Tag("thorough")
    @ParameterizedTest
    @EnumSource(Coming.class)
    void theLargestFileComesBack(Coming coming) throws Exception {
        assertThat(edge.through(coming, () -> bodyLength("/bytes/" + MANY_BYTES))).isEqualTo(MANY_BYTES);
    }

    /** Without chunks: of HTTP 1.0 the end of the body is the connection's. */
    private long bodyLength(String path) throws IOException {
        try (var socket = edge.connect()) {
            // Kept or not, it ends here.
            ask(socket, path, "HTTP/1.0\r\nConnection: keep-alive");
            return lengthAfterHead(socket);
        }
    }

    private static void ask(Socket socket, String path, String version) throws IOException {
        socket.getOutputStream().write(("GET " + path + " " + version + "\r\nHost: " + DOMAIN + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
    }

    private static long lengthAfterHead(Socket socket) throws IOException {
        var answer = socket.getInputStream().readAllBytes();
        var head = new String(Arrays.copyOf(answer, 4096), StandardCharsets.ISO_8859_1);
        assertThat(head).startsWith("HTTP/1.").contains(" 200 ");
        return answer.length - (head.indexOf("\r\n\r\n") + 4);
    }

    /** From when it was asked for or, where it was held, from when it was let go. */
    @ParameterizedTest
    @EnumSource(Coming.class)
    void theFirstEventComesWithinASecond(Coming coming) throws Exception {
        assertThat(edge.get("/before").getString("side")).as("what is loaded with the first request of all is not counted").isEqualTo("source");
        try (var socket = edge.connect()) {
            var came = edge.through(coming, () -> {
                ask(socket, "/events", "HTTP/1.1");
                var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                assertThat(lines.lines().filter(line -> line.startsWith("event:")).findFirst()).hasValue("event: first from " + edge.nameOf(coming));
                return edge.sinceLetGo();
            });
            assertThat(came).isLessThan(Duration.ofSeconds(1));
        }
    }

    /** They last, and where streaming has no domain of its own they go where pages are asked for. */
    @Test
    void aThousandEventStreamsKeepNoPageWaiting() throws Exception {
        var sockets = new ArrayList<Socket>();
        try {
            for (var i = 0; i <= 1000; i++) {
                var socket = edge.connect();
                sockets.add(socket);
                ask(socket, "/api/v1/streaming/user", "HTTP/1.1");
            }
            for (var socket : sockets) {
                assertThat(socket.getInputStream().read()).isEqualTo('H');
            }
            assertThat(edge.get("/page").getString("side")).isEqualTo("source");
        } finally {
            for (var socket : sockets) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Coming.class)
    void aWebsocketTalksInBothDirections(Coming coming) throws Exception {
        try (var browser = edge.listening()) {
            edge.through(coming, browser::open);
            assertThat(browser.hear()).isEqualTo("hello from " + edge.nameOf(coming) + " at /api/v1/streaming?stream=user");
            browser.say("a word");
            assertThat(browser.hear()).isEqualTo("you said a word");
        }
    }

    /** Over a telephone, byte after byte. */
    @ParameterizedTest
    @EnumSource(Coming.class)
    void whoSendsSlowlyKeepsNobodyWaiting(Coming coming) throws Exception {
        var body = "{\"type\": \"Create\"}".getBytes(StandardCharsets.UTF_8);
        try (var socket = edge.connect()) {
            var answered = new CompletableFuture<Void>();
            var slow = edge.through(coming, () -> {
                var sending = EdgeWithSides.later(() -> sendSlowly(socket, body, answered));
                edge.get("/another");
                assertThat(sending).as("the slow one still sends").isNotDone();
                answered.complete(null);
                return sending;
            });
            assertThat(slow.get(30, TimeUnit.SECONDS).getString("body")).isEqualTo(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body)));
        }
    }

    /** The last byte when it is told to. */
    private static JsonObject sendSlowly(Socket socket, byte[] body, CompletableFuture<Void> last) throws IOException {
        var out = socket.getOutputStream();
        out.write(("POST /inbox HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: " + body.length + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        for (var i = 0; i < body.length - 1; i++) {
            out.write(body[i]);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
        last.join();
        out.write(body[body.length - 1]);
        return EdgeWithSides.seen(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    /** Else each of them would cost the edge as much memory as what it asked for. */
    @Tag("thorough")
    @ParameterizedTest
    @CsvSource({"SOURCE,HTTP/1.1", "HELD_THEN_SOURCE,HTTP/1.1", "HELD_THEN_TARGET,HTTP/1.1", "TARGET,HTTP/1.1", "SOURCE,HTTP/1.0"})
    void ofWhatIsReadSlowlyTheSideKeepsTheRest(Coming coming, String version) throws Exception {
        try (var socket = edge.connect()) {
            var begun = edge.through(coming, () -> {
                ask(socket, "/bytes/" + MANY_BYTES, version);
                return socket.getInputStream().read();
            });
            assertThat(begun).isEqualTo('H');
            var side = edge.side(coming);
            var before = new AtomicLong();
            Awaitility.await("the side sends no more, because nobody reads it").pollInterval(Duration.ofSeconds(1)).until(() -> before.getAndSet(side.written()) == side.written());
            assertThat(side.written()).isLessThan(MANY_BYTES / 2);
            socket.getInputStream().skipNBytes(MANY_BYTES);
        }
    }

    /** A machine that has gone without a word: nothing comes back, and no connection is reset. */
    @Tag("thorough")
    @ParameterizedTest
    @EnumSource(Coming.class)
    void ofASideThatSaysNothingAnyMoreTheSenderIsToldToComeAgain(Coming coming) throws Exception {
        var answer = edge.through(coming, () -> edge.raw("POST /slow HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0"));
        assertThat(answer).startsWith("HTTP/1.1 503").containsIgnoringCase("retry-after: 30");
        assertThat(edge.side(coming).waiting()).isEqualTo(1);
        assertThat(edge.get("/next").getString("side")).isEqualTo(edge.nameOf(coming));
    }

    /** Of a connection that is half open one end never hears: what asks for it is dropped. */
    @ParameterizedTest
    @EnumSource(Coming.class)
    void ofASideThatCannotBeReachedTheSenderIsToldToComeAgainAndOnceItIsBackAllIsWell(Coming coming) throws Exception {
        edge.side(coming).disappear();
        var answer = edge.through(coming, () -> edge.raw("POST /users/alice/inbox HTTP/1.1\r\nHost: " + DOMAIN + "\r\nContent-Length: 0"));
        assertThat(answer).startsWith("HTTP/1.1 503").containsIgnoringCase("retry-after: 30").containsIgnoringCase("no-store");
        edge.side(coming).reappear();
        assertThat(edge.get("/next").getString("side")).isEqualTo(edge.nameOf(coming));
    }

    /** A user must not take the half for the whole, nor wait for the rest for ever. */
    @ParameterizedTest
    @CsvSource({"SOURCE,HTTP/1.1", "HELD_THEN_SOURCE,HTTP/1.1", "HELD_THEN_TARGET,HTTP/1.1", "TARGET,HTTP/1.1", "SOURCE,HTTP/1.0"})
    void anAnswerThatBreaksOffBreaksOffForTheUserToo(Coming coming, String version) throws Exception {
        try (var socket = edge.connect()) {
            var answer = edge.through(coming, () -> {
                ask(socket, "/broken", version);
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            });
            assertThat(answer).startsWith("HTTP/1.").contains(" 200 ", "the first half of").doesNotContain("\r\n0\r\n");
        }
    }

    /** Each connection is closed behind its answer. */
    @ParameterizedTest
    @EnumSource(Coming.class)
    void aSideThatClosesItsConnectionsLosesNoRequest(Coming coming) throws Exception {
        var answers = new ArrayList<JsonObject>();
        answers.add(edge.through(coming, () -> edge.get("/once")));
        for (var i = 0; i < 50; i++) {
            answers.add(edge.get("/once"));
        }
        assertThat(answers).allMatch(seen -> seen.getString("side").equals(edge.nameOf(coming)));
    }

    /** The race that Node's five seconds are known for: a request that is sent as the other end closes. */
    @Tag("thorough")
    @Test
    void noRequestIsSentOnAConnectionThatTheTargetIsAboutToClose() throws Exception {
        edge.close();
        edge = new EdgeWithSides(directory, Duration.ofSeconds(15), SILENCE, new HttpServerOptions().setReadIdleTimeout(5), EdgeProxy.KEEP_ALIVE_SECONDS);
        edge.through(Coming.TARGET, () -> edge.get("/first"));
        var users = new ArrayList<CompletableFuture<JsonObject>>();
        // The edge's are open for four seconds.
        for (var milliseconds = 3600; milliseconds <= 5400; milliseconds += 50) {
            var pause = Duration.ofMillis(milliseconds);
            users.add(EdgeWithSides.later(() -> {
                edge.get("/later/200");
                LockSupport.parkNanos(pause.toNanos());
                return edge.get("/second");
            }));
        }
        for (var user : users) {
            assertThat(user.get(30, TimeUnit.SECONDS).getString("side")).isEqualTo("target");
        }
    }

    /**
     * The same for connections of every age, to either side: each was used last at another moment, and at one moment all users come back, as after a hold, so that none is left out. The times are shorter than
     * the real ones.
     */
    @Tag("thorough")
    @ParameterizedTest
    @EnumSource(Coming.class)
    void noRequestIsSentOnAConnectionThatItsSideIsAboutToClose(Coming coming) throws Exception {
        assertThat(keptFor(Side.SOURCE)).as("Heroku's router").isLessThan(Duration.ofSeconds(89));
        assertThat(keptFor(Side.TARGET)).as("Node").isLessThan(Duration.ofMillis(4500));
        edge.close();
        edge = new EdgeWithSides(directory, Duration.ofSeconds(15), SILENCE, new HttpServerOptions(), Map.of(Side.SOURCE, 1, Side.TARGET, 1));
        edge.side(coming).keepsConnectionsFor(Duration.ofMillis(1500));
        if (coming.answering() == Mode.TARGET) {
            edge.change(Mode.HOLD);
            edge.change(Mode.TARGET);
        }
        var first = new ArrayList<CompletableFuture<JsonObject>>();
        for (var milliseconds = 100; milliseconds <= 1500; milliseconds += 20) {
            var path = "/later/" + milliseconds;
            first.add(EdgeWithSides.later(() -> edge.get(path)));
        }
        for (var user : first) {
            user.get(30, TimeUnit.SECONDS);
        }
        if (coming.isHeld()) {
            edge.change(Mode.HOLD);
        }
        // So old is the youngest then, and the oldest older than what the side keeps.
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(600));
        var second = new ArrayList<CompletableFuture<JsonObject>>();
        first.forEach(before -> second.add(EdgeWithSides.later(() -> edge.get("/second"))));
        if (coming.isHeld()) {
            Awaitility.await("all of them are held").until(() -> edge.report().getInteger("held") == second.size());
            edge.change(coming.answering());
        }
        for (var user : second) {
            assertThat(user.get(30, TimeUnit.SECONDS).getString("side")).isEqualTo(edge.nameOf(coming));
        }
    }

    private static Duration keptFor(Side side) {
        return Duration.ofSeconds(EdgeProxy.KEEP_ALIVE_SECONDS.get(side)).plusMillis(EdgeProxy.CLEANER_MILLISECONDS);
    }

    /** mastodon#1017: behind a proxy that is not named as trusted, or does not say who asks, the whole instance shares one limit. */
    @ParameterizedTest
    @EnumSource(Coming.class)
    void eachUserHasALimitOfHisOwn(Coming coming) throws Exception {
        var request = "GET /limited HTTP/1.1\r\nHost: " + DOMAIN;
        var statuses = new ArrayList<String>();
        statuses.add(status(edge.through(coming, () -> edge.rawOf("127.0.0.2", request))));
        for (var i = 1; i <= SideServer.LIMIT; i++) {
            statuses.add(status(edge.rawOf("127.0.0.2", request)));
        }
        assertThat(statuses.getLast()).isEqualTo("429");
        assertThat(statuses.subList(0, SideServer.LIMIT)).containsOnly("200");
        assertThat(status(edge.rawOf("127.0.0.3", request))).isEqualTo("200");
        assertThat(status(edge.rawOf("127.0.0.2", request + "\r\nX-Forwarded-For: 198.51.100.7"))).as("what he says himself of who he is stands before what the edge says, and counts only behind a trusted proxy").isEqualTo("429");
    }

    private static String status(String answer) {
        return answer.split(" ", 3)[1];
    }
}
