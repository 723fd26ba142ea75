package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten moves to the target and ten back, while users read, post and listen: whoever asks is answered, never by two sides at a time, and what is posted arrives once and whole. */
@Tag("thorough")
class EdgeSoakTest {
    private static final int MOVES = 10;
    private static final int USERS = 12;
    private static final int BROWSERS = 3;
    private static final int ANSWERS_BETWEEN = 100;
    @TempDir
    Path directory;
    private EdgeWithSides edge;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Map<String, AtomicInteger> answers = new ConcurrentHashMap<>(Map.of("source", new AtomicInteger(), "target", new AtomicInteger()));
    /** Digests of bodies by the id of their post: as they were sent, and as they came to either side. */
    private final Map<String, List<String>> sent = new ConcurrentHashMap<>();
    private final Map<String, List<String>> received = new ConcurrentHashMap<>();
    /** The one that may be asked; empty from the moment that the other's last request has ended until the edge is told whose turn it is. */
    private volatile Optional<Side> turn = Optional.of(Side.SOURCE);
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    @BeforeEach
    void start() throws Exception {
        edge = new EdgeWithSides(directory, Duration.ofSeconds(15), EdgeProxy.SILENCE);
        edge.source().onArrival(() -> arrived(Side.SOURCE));
        edge.target().onArrival(() -> arrived(Side.TARGET));
        List.of(edge.source(), edge.target()).forEach(side -> side.onReceipt((id, digest) -> note(received, id, digest)));
    }

    @AfterEach
    void stop() {
        edge.close();
    }

    private void arrived(Side side) {
        if (!turn.equals(Optional.of(side))) {
            failures.add("a request reached " + side + " when it was the turn of " + turn);
        }
    }

    private static void note(Map<String, List<String>> digests, String id, String digest) {
        digests.computeIfAbsent(id, first -> new CopyOnWriteArrayList<>()).add(digest);
    }

    @Test
    void noRequestIsLostAndNoTwoSidesAnswerAtATime() throws Exception {
        var users = new ArrayList<CompletableFuture<Integer>>();
        for (var i = 0; i < USERS; i++) {
            var number = i;
            users.add(EdgeWithSides.later(() -> use(number)));
        }
        for (var i = 0; i < BROWSERS; i++) {
            users.add(EdgeWithSides.later(this::listen));
        }
        for (var i = 0; i < MOVES; i++) {
            move(Side.SOURCE, Mode.TARGET);
            move(Side.TARGET, Mode.SOURCE);
        }
        end.complete(null);
        for (var user : users) {
            assertThat(user.get(30, TimeUnit.SECONDS)).as("what each has done").isGreaterThan(MOVES);
        }
        assertThat(failures).isEmpty();
        assertThat(sent).as("posts").hasSizeGreaterThan(MOVES * ANSWERS_BETWEEN / 2);
        assertThat(received).as("each of them once, with the body that was sent").isEqualTo(sent);
        assertThat(edge.report().getLong("refused")).isZero();
    }

    /** As the operator does it. */
    private void move(Side from, Mode to) throws Exception {
        var before = answers.get(from.name().toLowerCase(Locale.ROOT)).get();
        Awaitility.await("answers of " + from).atMost(Duration.ofSeconds(60)).until(() -> answers.get(from.name().toLowerCase(Locale.ROOT)).get() >= before + ANSWERS_BETWEEN || !failures.isEmpty());
        Awaitility.await("browsers that listen to " + from).atMost(Duration.ofSeconds(60)).until(() -> edge.report().getJsonObject("lasting").getInteger(from.name()) == BROWSERS || !failures.isEmpty());
        assertThat(edge.change(Mode.HOLD).statusCode()).isEqualTo(200);
        Awaitility.await("the last requests of " + from).until(() -> edge.report().getJsonObject("underWay").getInteger(from.name()) == 0);
        turn = Optional.empty();
        Awaitility.await("users who wait").until(() -> edge.report().getInteger("held") > 0 || !failures.isEmpty());
        turn = to.side();
        assertThat(edge.change(to).statusCode()).isEqualTo(200);
    }

    /** On a connection that is kept, as load balancers keep theirs. */
    private int use(int number) throws IOException, NoSuchAlgorithmException {
        var random = new Random(number);
        var done = 0;
        try (var socket = edge.connect()) {
            while (!end.isDone()) {
                var path = random.nextInt(4) == 0 ? "/later/" + random.nextInt(150) : "/users/u" + number + "/" + done;
                var isPost = random.nextBoolean();
                var body = new byte[isPost ? random.nextInt(20_000) : 0];
                random.nextBytes(body);
                var head = (isPost ? "POST " : "GET ") + path + " HTTP/1.1\r\nHost: " + EdgeWithSides.DOMAIN + "\r\nContent-Length: " + body.length + "\r\n";
                if (isPost) {
                    var id = number + "-" + done;
                    note(sent, id, HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body)));
                    head += SideServer.ID + ": " + id + "\r\n";
                }
                socket.getOutputStream().write((head + "\r\n").getBytes(StandardCharsets.UTF_8));
                socket.getOutputStream().write(body);
                var answer = answer(socket);
                if (!answer.startsWith("HTTP/1.1 200") || !answer.contains("\"uri\":\"" + path + "\"")) {
                    failures.add(path + " is answered by " + answer);
                    return done;
                }
                answers.get(answer.contains("\"side\":\"source\"") ? "source" : "target").incrementAndGet();
                done++;
            }
        }
        return done;
    }

    private static String answer(Socket socket) throws IOException {
        var head = head(socket.getInputStream());
        var length = head.toLowerCase(Locale.ROOT).lines().filter(line -> line.startsWith("content-length:")).map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst();
        return head + new String(socket.getInputStream().readNBytes(length.map(Integer::parseInt).orElse(0)), StandardCharsets.UTF_8);
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            var next = in.read();
            if (next < 0) {
                return "the end of the connection, after \"" + head + "\"";
            }
            head.append((char) next);
        }
        return head.toString();
    }

    /** Opens its websocket again whenever it is closed. */
    private int listen() throws InterruptedException {
        var opened = 0;
        while (!end.isDone()) {
            try (var browser = edge.listening().open()) {
                opened++;
                var heard = browser.hear();
                if (!heard.startsWith("hello from ") && !browser.closed().isDone()) {
                    failures.add("a websocket heard \"" + heard + "\"");
                }
                CompletableFuture.anyOf(browser.closed(), end).join();
            }
        }
        return opened;
    }
}
