package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProgressServerTest {
    private final Progress progress = new Progress();
    private final DrainSignal drain = new DrainSignal();
    private ProgressServer server;

    @BeforeEach
    void start() throws IOException {
        server = new ProgressServer("127.0.0.1", 0, "token", progress, drain);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void theBearerOfTheTokenDrainsAsOftenAsItLikes() throws Exception {
        assertThat(drain.await(Duration.ZERO)).isFalse();
        assertThat(ask("POST", "/drain", "token").statusCode()).isEqualTo(202);
        assertThat(drain.isRequested()).isTrue();
        assertThat(ask("POST", "/drain", "token").statusCode()).isEqualTo(202);
        assertThat(drain.await(Duration.ZERO)).isTrue();
    }

    @Test
    void nobodyElseDrains() throws Exception {
        assertThat(ask("POST", "/drain", "other").statusCode()).isEqualTo(401);
        assertThat(ask("GET", "/drain", "token").statusCode()).isEqualTo(405);
        assertThat(ask("POST", "/progress", "token").statusCode()).isEqualTo(405);
        assertThat(drain.isRequested()).isFalse();
    }

    @Test
    void theLagIsPartOfTheProgress() throws Exception {
        var reading = new Progress.Reading("applying", 1, 2, 3, 4, 5, 6).withLag(7, 8, true);
        progress.set(reading);
        assertThat(new ObjectMapper().readValue(ask("GET", "/progress", "token").body(), Progress.Reading.class)).isEqualTo(reading);
    }

    private HttpResponse<String> ask(String method, String path, String token) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                    .method(method, BodyPublishers.noBody()).header("Authorization", "Bearer " + token).build(), BodyHandlers.ofString());
        }
    }
}
