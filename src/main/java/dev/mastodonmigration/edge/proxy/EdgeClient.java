package dev.mastodonmigration.edge.proxy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Asks pods of an edge how they are, and tells them who answers from now on. */
public final class EdgeClient {
    /** The operator's looks are a tenth of a second apart while users wait. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    /** Pods of a newer version tell more. */
    private static final ObjectMapper JSON = new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();

    /** What came of asking one pod. */
    public sealed interface Answer {}

    public record Told(EdgeReport report) implements Answer {}

    /** Nobody listens there: the pod has not begun yet, or has ended. */
    public record NotListening() implements Answer {}

    /** @param why for the admin, without a full stop */
    public record Silent(String why) implements Answer {}

    /** @param pod its control port, as http://10.0.0.7:8081 */
    public CompletableFuture<Answer> ask(String pod, String token) {
        return send(request(pod, token).GET().build());
    }

    /** The answer comes when it is so. */
    public CompletableFuture<Answer> tell(String pod, String token, EdgeState state) {
        return send(request(pod, token).PUT(BodyPublishers.ofString(json(state))).build());
    }

    private static HttpRequest.Builder request(String pod, String token) {
        return HttpRequest.newBuilder(URI.create(pod + "/state")).timeout(PATIENCE).header("Authorization", "Bearer " + token);
    }

    /** As an edge's file has it. */
    public static String json(EdgeState state) {
        try {
            return JSON.writeValueAsString(state);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a state is always JSON", e);
        }
    }

    /** @throws IllegalArgumentException when it is none */
    public static EdgeState state(String json) {
        try {
            return JSON.readValue(json, EdgeState.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no state of an edge: " + e.getOriginalMessage(), e);
        }
    }

    private CompletableFuture<Answer> send(HttpRequest request) {
        return http.sendAsync(request, BodyHandlers.ofString()).handle((answer, failure) -> failure == null ? read(answer) : failed(failure));
    }

    private static Answer read(HttpResponse<String> answer) {
        if (answer.statusCode() != HttpURLConnection.HTTP_OK) {
            return new Silent("it answers " + answer.statusCode() + " " + answer.body());
        }
        try {
            return new Told(report(answer.body()));
        } catch (IOException e) {
            return new Silent("its answer is not understood");
        }
    }

    static EdgeReport report(String json) throws IOException {
        return JSON.readValue(json, EdgeReport.class);
    }

    private static Answer failed(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpConnectTimeoutException) {
                return new Silent("it does not answer within " + PATIENCE.toSeconds() + " s");
            }
            if (cause instanceof ConnectException) {
                return new NotListening();
            }
        }
        return new Silent("it does not answer (" + failure.getMessage() + ")");
    }
}
