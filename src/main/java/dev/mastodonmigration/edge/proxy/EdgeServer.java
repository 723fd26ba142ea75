package dev.mastodonmigration.edge.proxy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.edge.FrontProbe;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;

/**
 * The two ports of an edge: users' requests, and those of the operator. {@code GET /state} answers with an {@link EdgeReport}; {@code PUT /state} takes an {@link EdgeState}, and is answered with the report once it
 * is so. Both to the bearer of the migration's token. {@code GET /ready} and {@code GET /live} are the kubelet's, {@code GET /metrics} is Prometheus': it tells counts and nothing of any user, and who scrapes must not
 * need the token, which governs the edge. On the users' port as well whoever stands in front may ask whether it is ready, and the operator
 * by way of that what it lets through.
 */
final class EdgeServer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_LINE = 16 << 10;
    private static final int LONGEST_HEADERS = 64 << 10;
    private static final int SWITCHING = 101;
    private static final int LARGEST_STATE = 4 << 10;
    private static final String READY = "/ready";
    private static final Set<String> HEALTH = Set.of("/", FrontProbe.WEB, FrontProbe.STREAMING);
    private static final Set<HttpMethod> LOOKS = Set.of(HttpMethod.GET, HttpMethod.HEAD);
    private final Traffic traffic;
    private final TargetReach reach;
    private final EdgeProxy proxy;
    private final EntranceAnswers entrance;
    private final String token;
    private final HttpServer users;
    private final HttpServer control;
    private boolean ready;
    private boolean leaving;

    EdgeServer(Vertx vertx, Traffic traffic, EdgeProxy proxy, TargetReach reach, String token) {
        this.traffic = traffic;
        this.reach = reach;
        this.proxy = proxy;
        this.entrance = new EntranceAnswers(vertx, token);
        this.token = token;
        users = vertx.createHttpServer(new HttpServerOptions().setMaxInitialLineLength(LONGEST_LINE).setMaxHeaderSize(LONGEST_HEADERS).setHandle100ContinueAutomatically(true)).requestHandler(request -> {
            request.response().headersEndHandler(head -> closing(request));
            if (isHealthCheck(request)) {
                request.response().setStatusCode(ready ? 200 : 503).end(ready ? "ok\n" : "not ready\n");
            } else if (!entrance.answers(request)) {
                proxy.handle(request);
            }
        });
        control = vertx.createHttpServer().requestHandler(this::command);
    }

    /**
     * Load balancers outside of the cluster ask each pod themselves, by its address: for the path of its readiness probe, or, where that has another port, or an annotation of the admin's does not say otherwise, for
     * "/" (GKE's Ingress; AWS' load balancer controller). Those of web and streaming, to which the same Services lead when the edge has gone, are answered likewise, so that they can be asked for all the time. A pod that answers with 503 then has no users sent to it.
     */
    private boolean isHealthCheck(HttpServerRequest request) {
        return LOOKS.contains(request.method()) && (READY.equals(request.path()) || HEALTH.contains(request.path()) && proxy.isAskedByAddress(request));
    }

    /** Of a pod that is about to end: whoever keeps connections opens the next one to another pod, so that none is closed under a request. */
    private void closing(HttpServerRequest request) {
        if (leaving && request.response().getStatusCode() != SWITCHING) {
            request.response().headers().set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
    }

    /** @param ports of users and of control; 0 for free ones */
    Future<EdgeServer> listen(String address, int usersPort, int controlPort) {
        return users.listen(usersPort, address).compose(listening -> control.listen(controlPort, address)).map(this);
    }

    int usersPort() {
        return users.actualPort();
    }

    int controlPort() {
        return control.actualPort();
    }

    private void command(HttpServerRequest request) {
        if (request.path().equals(READY)) {
            request.response().setStatusCode(ready ? 200 : 503).end();
        } else if (request.path().equals("/live")) {
            request.response().end();
        } else if (request.path().equals("/metrics")) {
            request.response().putHeader(HttpHeaders.CONTENT_TYPE, MetricsText.CONTENT_TYPE).end(MetricsText.of(traffic.report()));
        } else if (!request.path().equals("/state")) {
            request.response().setStatusCode(404).end();
        } else if (!isAuthorised(request)) {
            request.response().setStatusCode(401).end();
        } else if (request.method() == HttpMethod.GET) {
            tell(request, 200);
        } else if (request.method() == HttpMethod.PUT) {
            change(request);
        } else {
            request.response().setStatusCode(405).end();
        }
    }

    private boolean isAuthorised(HttpServerRequest request) {
        var given = request.getHeader(HttpHeaders.AUTHORIZATION);
        return given != null && MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), ("Bearer " + token).getBytes(StandardCharsets.UTF_8));
    }

    private void change(HttpServerRequest request) {
        request.body().onSuccess(body -> {
            try {
                if (body.length() > LARGEST_STATE) {
                    throw new StateRefused("that is no state");
                }
                traffic.change(JSON.readValue(body.getBytes(), EdgeState.class));
                tell(request, 200);
            } catch (StateRefused refused) {
                request.response().setStatusCode(409).end(refused.getMessage());
            } catch (java.io.IOException unreadable) {
                request.response().setStatusCode(400).end("not a state, as {\"mode\":\"HOLD\",\"generation\":2}");
            }
        });
    }

    private void tell(HttpServerRequest request, int status) {
        try {
            request.response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                    .end(JSON.writeValueAsString(traffic.report().withUnreached(reach.unreached())));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Requests may come from now on. */
    void ready() {
        ready = true;
    }

    /** No longer ready; who comes nevertheless is served. */
    void leave() {
        ready = false;
        leaving = true;
    }
}
