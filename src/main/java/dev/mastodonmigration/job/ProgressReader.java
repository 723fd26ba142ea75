package dev.mastodonmigration.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.worker.control.Progress;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Asks a running worker how far it is. Only for the admin's eyes: no decision rests on it, so a worker that does not answer is no error. */
@Singleton
public class ProgressReader {
    private static final Logger LOG = Logger.getLogger(ProgressReader.class);
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final ObjectMapper JSON = new ObjectMapper();
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    public Optional<Progress.Reading> read(String url, String token) {
        var request = HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE).header("Authorization", "Bearer " + token).build();
        try {
            var response = http.send(request, HttpResponse.BodyHandlers.ofString());
            return response.statusCode() == 200 ? Optional.of(JSON.readValue(response.body(), Progress.Reading.class)) : Optional.empty();
        } catch (IOException notYetOrNoLonger) {
            LOG.debugf("no progress from %s: %s", url, notYetOrNoLonger.getMessage());
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
