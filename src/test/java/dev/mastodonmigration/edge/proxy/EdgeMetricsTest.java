package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus and the operator are told of how each side serves. */
class EdgeMetricsTest {
    private static final String DOMAIN = EdgeWithSides.DOMAIN;
    /** Of the text format: name, labels with escaped values, number. */
    private static final Pattern SAMPLE = Pattern.compile("([a-z_]+)(\\{[a-z]+=\"[^\"\\\\\\n]*\"(,[a-z]+=\"[^\"\\\\\\n]*\")*})? (\\d+(\\.\\d+)?)");
    @TempDir
    Path directory;
    private EdgeWithSides edge;

    @BeforeEach
    void start() throws Exception {
        edge = new EdgeWithSides(directory, Duration.ofMillis(500), EdgeProxy.SILENCE);
    }

    @AfterEach
    void stop() {
        edge.close();
    }

    private String ask(String method, String path) throws IOException {
        return edge.raw(method + " " + path + " HTTP/1.1\r\nHost: " + DOMAIN + (method.equals("POST") ? "\r\nContent-Length: 0" : ""));
    }

    private SideFigures of(Side side) {
        return edge.traffic().report().measured().total().get(side);
    }

    private HttpResponse<String> scrape() throws IOException, InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + edge.server().controlPort() + "/metrics")).build(), BodyHandlers.ofString());
        }
    }

    private List<String> samples() throws IOException, InterruptedException {
        return scrape().body().lines().filter(line -> !line.startsWith("#")).toList();
    }

    @Test
    void answersAreCountedBySideAndClassOfTheirStatus() throws Exception {
        for (var status : List.of(200, 204, 302, 404, 429, 500)) {
            ask("GET", "/status/" + status);
        }
        assertThat(of(Side.SOURCE).rateLimited()).isEqualTo(1);
        edge.change(Mode.HOLD);
        edge.change(Mode.TARGET);
        ask("GET", "/status/503");
        assertThat(of(Side.SOURCE).answers()).containsExactly(0L, 2L, 1L, 2L, 1L);
        assertThat(of(Side.TARGET).answers()).containsExactly(0L, 0L, 0L, 0L, 1L);
        assertThat(of(Side.SOURCE).failures()).isZero();
        assertThat(samples()).contains("mastodon_edge_rate_limited_total{side=\"source\"} 1", "mastodon_edge_answers_total{side=\"source\",class=\"4xx\"} 2", "mastodon_edge_answers_total{side=\"target\",class=\"5xx\"} 1",
                "mastodon_edge_answer_seconds_count{side=\"source\"} 6", "mastodon_edge_answer_seconds_bucket{side=\"source\",le=\"+Inf\"} 6");
    }

    @Test
    void whatASideDoesNotAnswerOrCannotPlaceIsAFailureOfIts() throws Exception {
        ask("GET", "/cut");
        ask("GET", "/status/421");
        ask("GET", "/status/495");
        assertThat(of(Side.SOURCE).failures()).isEqualTo(3);
        edge.source().close();
        ask("GET", "/");
        edge.raw("GET /api/v1/streaming HTTP/1.1\r\nHost: " + DOMAIN + "\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13");
        assertThat(of(Side.SOURCE).failures()).isEqualTo(5);
        assertThat(of(Side.SOURCE).answers()).containsOnly(0L);
        assertThat(samples()).contains("mastodon_edge_failures_total{side=\"source\"} 5", "mastodon_edge_failures_total{side=\"target\"} 0");
    }

    @Test
    void noSideIsToBlameForUsersWhoGoNorForDomainsThatNobodyServes() throws Exception {
        edge.raw("GET / HTTP/1.1\r\nHost: another.example");
        try (var gone = edge.connect()) {
            gone.getOutputStream().write(("GET /slow HTTP/1.1\r\nHost: " + DOMAIN + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            Awaitility.await().until(() -> edge.source().waiting() == 1);
        }
        Awaitility.await().until(() -> edge.traffic().report().underWay().get(Side.SOURCE) == 0);
        ask("GET", "/");
        assertThat(of(Side.SOURCE).failures()).isZero();
        assertThat(of(Side.SOURCE).requests()).isEqualTo(1);
        assertThat(samples()).contains("mastodon_edge_requests_for_other_hosts_total 1");
    }

    @Test
    void websocketsAreCountedWhenTheyOpen() throws Exception {
        try (var listening = edge.listening().open()) {
            assertThat(listening.hear()).startsWith("hello from source");
            assertThat(of(Side.SOURCE).answers()).containsExactly(1L, 0L, 0L, 0L, 0L);
            assertThat(samples()).contains("mastodon_edge_streams_open{side=\"source\"} 1", "mastodon_edge_requests_under_way{side=\"source\"} 0");
        }
    }

    @Test
    void deliveriesAreCountedWhereTheSendingServerGivesThemUp() {
        assertThat(List.of(202, 401, 408, 429, 500, 503)).noneMatch(status -> isGivenUp("POST", "/inbox", status));
        assertThat(List.of(400, 403, 404, 410, 413, 422, 501)).allMatch(status -> isGivenUp("POST", "/users/alice/inbox", status));
        assertThat(isGivenUp("GET", "/users/alice/inbox", 404)).isFalse();
        assertThat(isGivenUp("POST", "/api/v1/statuses", 422)).isFalse();
        assertThat(of(Side.SOURCE).inboxRefusals()).isEqualTo(7);
        assertThat(of(Side.SOURCE).deliveries()).isEqualTo(13);
        assertThat(of(Side.SOURCE).requests()).as("they are answers too").isEqualTo(15);
    }

    private boolean isGivenUp(String method, String path, int status) {
        try {
            var before = of(Side.SOURCE).inboxRefusals();
            ask(method, "/status/" + status + path);
            return of(Side.SOURCE).inboxRefusals() > before;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void anAnswersTimeIsThatOfItsSideAndNotWhatItWaitedForASide() throws Exception {
        edge.change(Mode.HOLD);
        var held = EdgeWithSides.later(() -> ask("GET", "/later/120"));
        Awaitility.await().until(() -> edge.traffic().report().held() == 1);
        Awaitility.await().until(() -> edge.traffic().report().measured().longestHeldMillis() >= 200);
        edge.change(Mode.TARGET);
        assertThat(held.get(10, TimeUnit.SECONDS)).startsWith("HTTP/1.1 200");

        var target = of(Side.TARGET);
        assertThat(target.latencyMillis()).isGreaterThanOrEqualTo(120);
        assertThat(target.latencies().subList(0, 5)).as("within 100 ms").containsOnly(0L);
        assertThat(target.latencies().stream().mapToLong(Long::longValue).sum()).isEqualTo(1);
        assertThat(edge.traffic().report().measured().longestHeldMillis()).isGreaterThanOrEqualTo(200);
        assertThat(samples()).contains("mastodon_edge_requests_held_total 1", "mastodon_edge_requests_waiting 0", "mastodon_edge_requests_refused_total 0", "mastodon_edge_state{state=\"target\"} 1",
                "mastodon_edge_state{state=\"source\"} 0", "mastodon_edge_state_generation 3");
    }

    @Test
    void whoWaitedTooLongIsRefusedAndNoSideIsToBlame() throws Exception {
        edge.change(Mode.HOLD);
        assertThat(ask("GET", "/")).startsWith("HTTP/1.1 503");
        assertThat(samples()).contains("mastodon_edge_requests_held_total 1", "mastodon_edge_requests_refused_total 1", "mastodon_edge_failures_total{side=\"source\"} 0", "mastodon_edge_failures_total{side=\"target\"} 0");
    }

    @Test
    void prometheusReadsEveryLineWithoutAToken() throws Exception {
        ask("GET", "/");
        var answer = scrape();
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        assertThat(answer.body()).endsWith("\n");
        assertThat(samples()).isNotEmpty().allSatisfy(line -> assertThat(line).matches(SAMPLE));
        var described = answer.body().lines().filter(line -> line.startsWith("# TYPE ")).map(line -> line.split(" ")[2]).toList();
        assertThat(described).doesNotHaveDuplicates();
        assertThat(samples()).allSatisfy(line -> assertThat(described).anyMatch(name -> line.matches(name + "(_bucket|_sum|_count)?[{ ].*")));
    }

    @Test
    void whatWasLatelyIsOfTheLastMinute() {
        var second = TimeUnit.SECONDS.toNanos(1);
        var meters = new Meters(0);
        meters.of(Side.SOURCE).answered(200, 7_000_000);
        assertThat(meters.lately().get(Side.SOURCE).requests()).isEqualTo(1);
        assertThat(meters.latelyMillis(2 * second)).isEqualTo(2000);
        for (var now = 5; now <= 60; now += 5) {
            meters.mark(now * second);
        }
        meters.of(Side.SOURCE).answered(500, 3_000_000_000L);
        meters.of(Side.SOURCE).failed();
        assertThat(meters.lately().get(Side.SOURCE).requests()).as("all of the first minute").isEqualTo(3);
        meters.mark(65 * second);
        assertThat(meters.lately().get(Side.SOURCE)).isEqualTo(new SideFigures(List.of(0L, 0L, 0L, 0L, 1L), 1, 0, 0, 0, List.of(0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 1L, 0L, 0L, 0L), 3000));
        assertThat(meters.latelyMillis(66 * second)).isEqualTo(61_000);
        for (var now = 70; now <= 130; now += 5) {
            meters.mark(now * second);
        }
        assertThat(meters.lately()).isEqualTo(Map.of(Side.SOURCE, SideFigures.NONE, Side.TARGET, SideFigures.NONE));
        assertThat(meters.figures().get(Side.SOURCE).requests()).isEqualTo(3);
    }

    /** While the operator is updated, or back to an older version: what one version tells and the other does not know is nothing. */
    @Test
    void aReportOfAnotherVersionIsUnderstoodAsFarAsItGoes() throws Exception {
        var older = EdgeClient.report("{\"state\":{\"mode\":\"HOLD\",\"generation\":2},\"upMillis\":5,\"measured\":{\"lately\":{\"SOURCE\":{\"answers\":[0,7,0,0,0],\"failures\":1}},\"latelyMillis\":5000}}");
        assertThat(older.arrivals()).isEmpty();
        assertThat(older.underWay()).isEmpty();
        assertThat(older.measured().total()).isEmpty();
        assertThat(older.measured().lately().get(Side.SOURCE).plus(SideFigures.NONE).requests()).isEqualTo(8);
        var newer = EdgeClient.report("{\"state\":{\"mode\":\"HOLD\",\"generation\":2,\"since\":1},\"measured\":{\"lately\":{\"SOURCE\":{\"answers\":[0,7,0,0,0],\"latencies\":[1,2],\"bytes\":9}}}}");
        assertThat(newer.measured().lately().get(Side.SOURCE).plus(SideFigures.NONE).requests()).isEqualTo(7);
        assertThat(newer.state().mode()).isEqualTo(Mode.HOLD);
    }

    @Test
    void sharesAndQuantilesAreOfAllPodsTogether() {
        var quick = new SideFigures(List.of(0L, 95L, 0L, 0L, 0L), 0, 0, 0, 0, List.of(0L, 95L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 600);
        var slow = new SideFigures(List.of(0L, 2L, 0L, 0L, 2L), 1, 0, 0, 0, List.of(0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 4L), 200_000);
        assertThat(quick.p95Millis()).isEqualTo(10);
        assertThat(quick.plus(slow).p95Millis()).isEqualTo(10);
        assertThat(quick.plus(slow).plus(slow).p95Millis()).as("more than the greatest").isEqualTo(30_000);
        assertThat(quick.plus(slow).errorPercent()).isEqualTo(3);
        assertThat(SideFigures.NONE.errorPercent()).isZero();
        assertThat(SideFigures.NONE.p95Millis()).isZero();
        assertThat(quick.plus(slow).since(slow)).isEqualTo(quick);
    }
}
