package dev.mastodonmigration.bench;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.util.Arrays;

/** Sends requests at a fixed rate, whether or not those before were answered, and measures each from when it was due: one that is late because another was slow is late to its user too. */
final class PacedRequests implements AutoCloseable {
    private static final double PERCENTILE = 0.99;
    private static final int CONNECTIONS = 64;
    private static final int OK = 200;
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client = vertx.createHttpClient(new HttpClientOptions(), new PoolOptions().setHttp1MaxSize(CONNECTIONS));
    private final String domain;
    private final long betweenNanos;

    PacedRequests(String domain, int requestsPerSecond) {
        this.domain = domain;
        betweenNanos = 1_000_000_000L / requestsPerSecond;
    }

    /** @throws java.util.concurrent.CompletionException where one of them fails */
    double p99Milliseconds(int port, int requests) {
        var run = new Run(new RequestOptions().setHost("127.0.0.1").setPort(port).setMethod(HttpMethod.GET).setURI("/api/v1/timelines/public?limit=20").putHeader("Host", domain), requests);
        vertx.runOnContext(now -> run.begin());
        run.done.future().toCompletionStage().toCompletableFuture().join();
        return percentile(run.nanoseconds);
    }

    static double percentile(long[] nanoseconds) {
        var sorted = nanoseconds.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.ceil(sorted.length * PERCENTILE) - 1] / 1e6;
    }

    /** All of it on the event loop. */
    private final class Run {
        private final RequestOptions request;
        private final long[] nanoseconds;
        private final Promise<Void> done = Promise.promise();
        private long started;
        private int sent;
        private int answered;

        Run(RequestOptions request, int requests) {
            this.request = request;
            nanoseconds = new long[requests];
        }

        void begin() {
            started = System.nanoTime();
            vertx.setPeriodic(1, timer -> {
                while (sent < nanoseconds.length && System.nanoTime() >= due(sent)) {
                    send(sent++);
                }
                if (sent == nanoseconds.length || done.future().isComplete()) {
                    vertx.cancelTimer(timer);
                }
            });
        }

        private long due(int number) {
            return started + number * betweenNanos;
        }

        private void send(int number) {
            client.request(request).compose(asked -> asked.send()).compose(answer -> answer.statusCode() == OK ? answer.body() : Future.failedFuture("answered " + answer.statusCode())).onSuccess(body -> {
                nanoseconds[number] = System.nanoTime() - due(number);
                if (++answered == nanoseconds.length) {
                    done.complete();
                }
            }).onFailure(done::tryFail);
        }
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
