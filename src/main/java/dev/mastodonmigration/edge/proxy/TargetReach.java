package dev.mastodonmigration.edge.proxy;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Whether this pod reaches the target, to which it sends nobody before the cutover: what keeps it from that, as a NetworkPolicy or a name that it does not find, would show when users are led there, after which
 * nothing goes back.
 */
final class TargetReach {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);
    private static final Duration ANSWER = Duration.ofSeconds(3);
    /** One lost packet is no reason to wait. */
    private static final int IN_A_ROW = 2;
    private static final int SERVER_ERROR = 500;
    private final Vertx vertx;
    private final Traffic traffic;
    private final HttpClient http;
    private final Map<URI, Upstream> upstreams = new LinkedHashMap<>();

    private static final class Upstream {
        private final Routes.Route route;
        private int failures = IN_A_ROW;
        private String why = "it has not answered yet";
        private boolean isAsked;

        Upstream(Routes.Route route) {
            this.route = route;
        }

        void answered(int status) {
            if (status < SERVER_ERROR) {
                failures = 0;
            } else {
                failed("it answers " + status);
            }
        }

        void failed(String newWhy) {
            failures++;
            why = newWhy;
        }
    }

    TargetReach(Vertx vertx, Traffic traffic, List<Routes.Route> target) {
        this.vertx = vertx;
        this.traffic = traffic;
        // Each time over a connection of its own, as users' will be: one that stands would go on to work whatever has become of the way there.
        this.http = vertx.createHttpClient(new HttpClientOptions().setKeepAlive(false).setIdleTimeout((int) ANSWER.toSeconds()));
        target.forEach(route -> upstreams.computeIfAbsent(route.upstream(), first -> new Upstream(route)));
    }

    /** Asks from now on, until the target answers users: then they tell. */
    void start() {
        look();
        vertx.setPeriodic(BETWEEN_LOOKS.toMillis(), tick -> look());
    }

    private void look() {
        if (traffic.state().mode() != EdgeState.Mode.TARGET) {
            upstreams.values().stream().filter(upstream -> !upstream.isAsked).forEach(this::ask);
        }
    }

    private void ask(Upstream upstream) {
        upstream.isAsked = true;
        var route = upstream.route;
        var options = route.options().setMethod(HttpMethod.GET).setURI((route.prefix().endsWith("/") ? route.prefix() : route.prefix() + "/") + "health").setConnectTimeout(ANSWER.toMillis())
                .putHeader("X-Forwarded-Proto", "https");
        // What breaks is told by the answer: the request's own handler only keeps it from being printed besides.
        var answer = http.request(options).compose(request -> request.exceptionHandler(broken -> {}).send()).compose(response -> response.body().map(read -> response.statusCode()));
        answer.timeout(ANSWER.toMillis(), TimeUnit.MILLISECONDS).onSuccess(upstream::answered)
                .onFailure(failure -> upstream.failed(failure instanceof TimeoutException ? "no answer within " + ANSWER.toSeconds() + " s" : String.valueOf(failure.getMessage())))
                .onComplete(either -> upstream.isAsked = false);
    }

    /** What was not reached, each with why; not found yet to be reached is among it. Nothing once the target answers users. */
    List<String> unreached() {
        return traffic.state().mode() == EdgeState.Mode.TARGET ? List.of() : upstreams.entrySet().stream().filter(entry -> entry.getValue().failures >= IN_A_ROW).map(entry -> entry.getKey() + " (" + entry.getValue().why + ")").toList();
    }
}
