package dev.mastodonmigration.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerReport;
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
import org.jboss.logging.Logger;

/**
 * Talks to running workers: how far they are, that their moment has come, what their last words are. One that does not answer is no error: silence is
 * never taken for "in sync", "drained" or "done".
 */
@Singleton
public class WorkerClient {
    private static final Logger LOG = Logger.getLogger(WorkerClient.class);
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final ObjectMapper JSON = new ObjectMapper();
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    public Optional<Progress.Reading> read(String worker, String token) {
        return get(worker, "/progress", token).flatMap(WorkerClient::reading);
    }

    /** Its last words; empty while its task runs, and from one that does not answer. */
    public Optional<WorkerReport> report(String worker, String token) {
        return get(worker, "/report", token).flatMap(WorkerReport::parse);
    }

    /**
     * Asks workers to drain, all at once. One may not hear yet, or not any more: the caller asks until the Job has ended.
     *
     * @return how many heard it
     */
    public int drain(List<String> workers, String token) {
        return post(workers, "/drain", token);
    }

    /** Tells workers that their last words were heard: they end. Those that do not hear it end by themselves soon. */
    public void acknowledge(List<String> workers, String token) {
        post(workers, "/report/acknowledged", token);
    }

    private Optional<String> get(String worker, String path, String token) {
        return answer(request(worker, path, token).build()).filter(answer -> answer.statusCode() == HttpURLConnection.HTTP_OK).map(HttpResponse::body);
    }

    private int post(List<String> workers, String path, String token) {
        return (int) Together.each(workers, worker -> answer(request(worker, path, token).POST(HttpRequest.BodyPublishers.noBody()).build())).stream()
                .flatMap(Optional::stream).filter(answer -> answer.statusCode() == HttpURLConnection.HTTP_ACCEPTED).count();
    }

    private static HttpRequest.Builder request(String worker, String path, String token) {
        return HttpRequest.newBuilder(URI.create(worker + path)).timeout(PATIENCE).header("Authorization", "Bearer " + token);
    }

    private Optional<HttpResponse<String>> answer(HttpRequest request) {
        try {
            return Optional.of(http.send(request, HttpResponse.BodyHandlers.ofString()));
        } catch (IOException notYetOrNoLonger) {
            LOG.debugf("no answer from %s: %s", request.uri(), notYetOrNoLonger.getMessage());
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static Optional<Progress.Reading> reading(String json) {
        try {
            return Optional.of(JSON.readValue(json, Progress.Reading.class));
        } catch (IOException notAReading) {
            LOG.debugf("what a worker says of its progress cannot be read: %s", notAReading.getMessage());
            return Optional.empty();
        }
    }
}
