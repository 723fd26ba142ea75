package dev.mastodonmigration.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.worker.control.Progress;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.jboss.logging.Logger;

/** Asks a running worker how far it is, and to drain. One that does not answer is no error: silence is never taken for "in sync" or "drained". */
@Singleton
public class ProgressReader {
    private static final Logger LOG = Logger.getLogger(ProgressReader.class);
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final ObjectMapper JSON = new ObjectMapper();
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    public Optional<Progress.Reading> read(String worker, String token) {
        var request = HttpRequest.newBuilder(URI.create(worker + "/progress")).timeout(PATIENCE).header("Authorization", "Bearer " + token).build();
        try {
            var response = http.send(request, HttpResponse.BodyHandlers.ofString());
            return response.statusCode() == 200 ? Optional.of(JSON.readValue(response.body(), Progress.Reading.class)) : Optional.empty();
        } catch (IOException notYetOrNoLonger) {
            LOG.debugf("no progress from %s: %s", worker, notYetOrNoLonger.getMessage());
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /**
     * Asks workers to drain, all at once. One may not hear yet, or not any more: the caller asks until the Job has ended.
     *
     * @return how many heard it
     */
    public int drain(List<String> workers, String token) {
        try (var together = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = workers.stream().map(worker -> CompletableFuture.supplyAsync(() -> heard(worker, token), together)).toList();
            return (int) answers.stream().filter(CompletableFuture::join).count();
        }
    }

    private boolean heard(String worker, String token) {
        var request = HttpRequest.newBuilder(URI.create(worker + "/drain")).timeout(PATIENCE).header("Authorization", "Bearer " + token)
                .POST(HttpRequest.BodyPublishers.noBody()).build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == HttpURLConnection.HTTP_ACCEPTED;
        } catch (IOException notYetOrNoLonger) {
            LOG.debugf("%s does not hear: %s", worker, notYetOrNoLonger.getMessage());
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
