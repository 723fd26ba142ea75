package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProgressServerTest {
    /** The operator's patience with a worker. */
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private final Progress progress = new Progress();
    private final DrainSignal drain = new DrainSignal();
    private final FinalReport words = new FinalReport();
    private final HttpClient client = HttpClient.newHttpClient();
    private final List<Socket> slow = new ArrayList<>();
    private ProgressServer server;

    @BeforeEach
    void start() throws IOException {
        server = new ProgressServer("127.0.0.1", 0, "token", progress, drain, words);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        client.close();
        for (var socket : slow) {
            socket.close();
        }
    }

    @Test
    void theBearerOfTheTokenDrainsAsOftenAsItLikes() throws Exception {
        assertThat(drain.await(Duration.ZERO)).isFalse();
        assertThat(ask("POST", "/drain", "token").statusCode()).isEqualTo(202);
        await("the answer comes first").until(drain::isRequested);
        assertThat(ask("POST", "/drain", "token").statusCode()).isEqualTo(202);
        assertThat(drain.await(Duration.ZERO)).isTrue();
    }

    @Test
    void nobodyElseDrainsOrReadsOrAcknowledges() throws Exception {
        words.say(WorkerReport.succeeded("done.", Map.of()));
        assertThat(ask("POST", "/drain", "other").statusCode()).isEqualTo(401);
        assertThat(ask("GET", "/drain", "token").statusCode()).isEqualTo(405);
        assertThat(ask("POST", "/progress", "token").statusCode()).isEqualTo(405);
        assertThat(ask("GET", "/report", "other").statusCode()).isEqualTo(401);
        assertThat(ask("POST", "/report/acknowledged", "other").statusCode()).isEqualTo(401);
        assertThat(ask("GET", "/report/acknowledged", "token").statusCode()).isEqualTo(405);
        assertThat(ask("GET", "/report/other", "token").statusCode()).isEqualTo(404);
        assertThat(drain.isRequested()).isFalse();
        assertThat(hasBeenHeard()).isFalse();
    }

    @Test
    void theLagIsPartOfTheProgress() throws Exception {
        var reading = new Progress.Reading("applying", 1, 2, 3, 4, 5, 6).withLag(7, 8, true);
        progress.set(reading);
        assertThat(new ObjectMapper().readValue(ask("GET", "/progress", "token").body(), Progress.Reading.class)).isEqualTo(reading);
    }

    @Test
    void theReportIsThereOnceTheTaskIsOverAndAsOftenAsItIsAskedFor() throws Exception {
        assertThat(ask("GET", "/report", "token").statusCode()).isEqualTo(204);
        assertThat(ask("POST", "/report/acknowledged", "token").statusCode()).isEqualTo(202);
        assertThat(hasBeenHeard()).as("acknowledged before there was a word").isFalse();

        var report = WorkerReport.succeeded("done.", Map.of("rows", 3L), List.of("odd"));
        words.say(report);
        assertThat(WorkerReport.parse(ask("GET", "/report", "token").body())).contains(report);
        assertThat(WorkerReport.parse(ask("GET", "/report", "token").body())).contains(report);
        assertThat(hasBeenHeard()).isFalse();
        assertThat(ask("POST", "/report/acknowledged", "token").statusCode()).isEqualTo(202);
        assertThat(hasBeenHeard()).isTrue();
    }

    /** Half a request line, half the headers, nothing at all, a body that never comes. */
    @Test
    void halfOpenConnectionsKeepNobodyFromAnAnswerAndAreClosed() throws Exception {
        ask("GET", "/progress", "token");
        for (var i = 0; i < 8; i++) {
            halfOpen("");
            halfOpen("GET /prog");
            halfOpen("GET /progress HTTP/1.1\r\nHost: worker\r\nAuthoriz");
            halfOpen("POST /drain HTTP/1.1\r\nHost: worker\r\nAuthorization: Bearer other\r\nContent-Length: 1000000\r\n\r\nx");
        }
        for (var i = 0; i < 20; i++) {
            assertThat(ask("GET", "/progress", "token", PATIENCE).statusCode()).isEqualTo(200);
        }
        assertThat(ask("POST", "/drain", "token", PATIENCE).statusCode()).isEqualTo(202);
        await("the answer comes first").until(drain::isRequested);

        var half = slow.get(1);
        half.setSoTimeout(100);
        await("the half request to be given up").atMost(Duration.ofSeconds(20)).until(() -> isClosed(half));
    }

    private void halfOpen(String sent) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        slow.add(socket);
        socket.getOutputStream().write(sent.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }

    private static boolean isClosed(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException stillOpen) {
            return false;
        }
    }

    private boolean hasBeenHeard() throws InterruptedException {
        var begun = System.nanoTime();
        words.awaitAcknowledgement(Duration.ofMillis(200));
        return System.nanoTime() - begun < Duration.ofMillis(200).toNanos();
    }

    private HttpResponse<String> ask(String method, String path, String token) throws IOException, InterruptedException {
        return ask(method, path, token, Duration.ofSeconds(10));
    }

    private HttpResponse<String> ask(String method, String path, String token, Duration patience) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).timeout(patience)
                .method(method, BodyPublishers.noBody()).header("Authorization", "Bearer " + token).build(), BodyHandlers.ofString());
    }
}
