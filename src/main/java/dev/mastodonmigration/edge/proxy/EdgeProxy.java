package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.proxy.Traffic.Kind;
import dev.mastodonmigration.edge.proxy.Traffic.Pass;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.httpproxy.Body;
import io.vertx.httpproxy.HttpProxy;
import io.vertx.httpproxy.ProxyContext;
import io.vertx.httpproxy.ProxyInterceptor;
import io.vertx.httpproxy.ProxyOptions;
import io.vertx.httpproxy.ProxyRequest;
import io.vertx.httpproxy.ProxyResponse;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/** Passes requests on to the side whose turn it is, as they came. */
final class EdgeProxy {
    /** Who passed it on: one that comes back is going round in circles. */
    static final String HOP = "X-Edge-Hop";
    private static final String RETRY_AFTER_SECONDS = "30";
    private static final Logger LOG = Logger.getLogger(EdgeProxy.class);
    private static final String FORWARDED_FOR = "X-Forwarded-For";
    private static final String FORWARDED_PROTO = "X-Forwarded-Proto";
    private static final String STREAMING = "/api/v1/streaming";
    private static final String EVENT_STREAM = "text/event-stream";
    private static final Set<String> OF_ONE_CONNECTION = Set.of("connection", "keep-alive", "transfer-encoding");
    private static final int LOOP_DETECTED = 508;
    private static final int UNAVAILABLE = 503;
    /** What Heroku's router says where it does not know the app by name or certificate (its error H31; 495). To the sender of a post it would be the last word. */
    private static final Set<Integer> MISROUTED = Set.of(421, 495);
    private static final String INBOX = "/inbox";
    private static final int CLIENT_ERRORS = 400;
    private static final int SERVER_ERRORS = 500;
    private static final int NOT_IMPLEMENTED = 501;
    /** Of the client errors those after which Mastodon delivers again (app/helpers/json_ld_helper.rb). */
    private static final Set<Integer> TRIED_AGAIN = Set.of(401, 408, 429);
    private static final Duration CONNECT = Duration.ofSeconds(5);
    /** Heroku lets a response be silent for 55 s, streaming pings each 15 to 30 s (streaming/index.js): who is silent for longer is gone. */
    static final Duration SILENCE = Duration.ofSeconds(75);
    /** Shorter than the other end's, so that it is never the other end that closes: Heroku's router has 90 s, Node 5 s. */
    static final Map<Side, Integer> KEEP_ALIVE_SECONDS = Map.of(Side.SOURCE, 60, Side.TARGET, 4);
    /** A connection whose time is over is used until it is looked for. By default that is a second later, just when Node closes it. */
    static final int CLEANER_MILLISECONDS = 100;
    private static final int CONNECTIONS = 1000;
    /** A websocket or an event stream has its connection as long as it lasts: how many there are is the users' to say. */
    private static final int LASTING_CONNECTIONS = 100_000;
    /** As a server's: Mastodon's policies alone are some kilobytes. */
    private static final int LONGEST_HEADERS = 64 << 10;
    /** IPv4, or IPv6 with its brackets or without. */
    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[?[0-9a-f.]*:[0-9a-f.:]*]?");

    private final Traffic traffic;
    private final Routes routes;
    private final String id;
    private final Map<Side, HttpClient> clients = new EnumMap<>(Side.class);
    /** Clients of their own, because those that last would take the connections of all others. */
    private final Map<Side, HttpClient> lasting = new EnumMap<>(Side.class);
    private final HttpProxy proxy;

    /**
     * @param id          the migration's: all edges of it are one
     * @param authorities PEM file of certificate authorities to trust besides none of the system's; empty for the system's
     * @param silence     after which whoever says nothing is taken to be gone
     * @param keepAlive   for how many seconds a connection to a side is kept for the next request
     */
    EdgeProxy(Vertx vertx, Traffic traffic, Routes routes, String id, Optional<String> authorities, Duration silence, Map<Side, Integer> keepAlive) {
        this.traffic = traffic;
        this.routes = routes;
        this.id = id;
        for (var side : Side.values()) {
            clients.put(side, vertx.createHttpClient(options(authorities, silence).setKeepAliveTimeout(keepAlive.get(side)), pool(CONNECTIONS)));
            lasting.put(side, vertx.createHttpClient(options(authorities, silence).setKeepAliveTimeout(keepAlive.get(side)), pool(LASTING_CONNECTIONS)));
        }
        proxy = HttpProxy.reverseProxy(new ProxyOptions().setSupportWebSocket(false), clients.get(Side.SOURCE)).addInterceptor(new Passing()).origin(this::connect);
    }

    private static PoolOptions pool(int connections) {
        return new PoolOptions().setHttp1MaxSize(connections).setCleanerPeriod(CLEANER_MILLISECONDS);
    }

    private static HttpClientOptions options(Optional<String> authorities, Duration silence) {
        var options = new HttpClientOptions().setConnectTimeout((int) CONNECT.toMillis()).setIdleTimeout((int) silence.toSeconds()).setMaxHeaderSize(LONGEST_HEADERS).setVerifyHost(true);
        authorities.ifPresent(file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file)));
        return options;
    }

    void handle(HttpServerRequest request) {
        if (request.headers().contains(HOP, id, true)) {
            request.response().setStatusCode(LOOP_DETECTED).end("What the edge is to pass on to leads back to it.\n");
            return;
        }
        var domain = domain(request);
        if (routes.knows(domain)) {
            traffic.arrived(domain);
        } else {
            traffic.arrivedForNobody();
        }
        forwarded(request);
        if (Tunnel.isAskedFor(request)) {
            request.pause();
            traffic.admit(Kind.WEBSOCKET).onComplete(admitted -> {
                if (admitted.failed()) {
                    unavailable(request, admitted.cause());
                } else {
                    ending(request, admitted.result());
                    open(request, admitted.result().side(), lasting).onSuccess(upstream -> new Tunnel(request, upstream, admitted.result()).open()).onFailure(why -> {
                        failed(request, admitted.result(), why);
                        unavailable(request, why);
                    });
                }
            });
        } else {
            proxy.handle(request);
        }
    }

    /** By an address in place of a name, or by nothing: so asks who looks after pods, and no user does. */
    boolean isAskedByAddress(HttpServerRequest request) {
        var host = domain(request);
        return !routes.knows(host) && (host.isEmpty() || ADDRESS.matcher(host).matches());
    }

    private void forwarded(HttpServerRequest request) {
        var headers = request.headers();
        headers.add(HOP, id);
        var peer = request.remoteAddress().hostAddress();
        var before = headers.getAll(FORWARDED_FOR);
        headers.set(FORWARDED_FOR, before.isEmpty() ? peer : String.join(", ", before) + ", " + peer);
        // Whoever stands in front ends TLS; Mastodon answers plain HTTP with a redirect to where it came from.
        if (!headers.contains(FORWARDED_PROTO)) {
            headers.set(FORWARDED_PROTO, "https");
        }
    }

    /** However it ends. */
    private static void ending(HttpServerRequest request, Pass pass) {
        var response = request.response();
        response.endHandler(ended -> pass.ended());
        response.closeHandler(gone -> pass.ended());
        if (response.closed()) {
            pass.ended();
        }
    }

    static void answered(HttpServerRequest request, Pass pass, int status) {
        pass.answered(status);
        if (request.method() == HttpMethod.POST && request.path().endsWith(INBOX)) {
            pass.delivered();
            if (status >= CLIENT_ERRORS && isFinal(status)) {
                pass.inboxRefused();
            }
        }
    }

    /** To a server that delivers. */
    private static boolean isFinal(int status) {
        return status < SERVER_ERRORS ? !TRIED_AGAIN.contains(status) : status == NOT_IMPLEMENTED;
    }

    /** Its side is not to blame where the user has gone, nor where nobody serves that domain. */
    static void failed(HttpServerRequest request, Pass pass, Throwable why) {
        if (!(why instanceof Unavailable) && !request.response().closed()) {
            pass.failed();
        }
    }

    private Future<HttpClientRequest> connect(ProxyContext context) {
        var request = context.request().proxiedRequest();
        return open(request, context.get(Pass.class.getName(), Pass.class).side(), mayLast(request) ? lasting : clients);
    }

    /** All event streams are streaming's, whatever a client says that it takes. */
    private static boolean mayLast(HttpServerRequest request) {
        return request.path().equals(STREAMING) || request.path().startsWith(STREAMING + "/");
    }

    private Future<HttpClientRequest> open(HttpServerRequest request, Side side, Map<Side, HttpClient> by) {
        var host = domain(request);
        return routes.find(side, host, request.path()).map(options -> by.get(side).request(options)).orElseGet(() -> Future.failedFuture(new Unavailable("nobody serves " + host)));
    }

    /** As the Host header has it, in lower case; empty where there is none. */
    private static String domain(HttpServerRequest request) {
        return Optional.ofNullable(request.authority()).map(authority -> authority.host().toLowerCase(Locale.ROOT)).orElse("");
    }

    /** Whether it is the router's answer, and not the app's. */
    static Optional<Unavailable> misrouted(int status) {
        return MISROUTED.contains(status) ? Optional.of(new Unavailable("the source's router answers " + status)) : Optional.empty();
    }

    static void unavailable(HttpServerRequest request, Throwable why) {
        LOG.debugf("%s %s: %s", request.method(), request.uri(), why);
        request.resume();
        var response = request.response();
        if (!response.headWritten() && !response.closed()) {
            response.setStatusCode(UNAVAILABLE).putHeader(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS).putHeader(HttpHeaders.CACHE_CONTROL, "no-store").end("This server is busy. Try again in a moment.\n");
        }
    }

    private final class Passing implements ProxyInterceptor {
        @Override
        public Future<ProxyResponse> handleProxyRequest(ProxyContext context) {
            var request = context.request().proxiedRequest();
            return traffic.admit(Kind.REQUEST).compose(pass -> {
                context.set(Pass.class.getName(), pass);
                ending(request, pass);
                return context.sendRequest().map(response -> answer(context, pass, response));
            }).recover(why -> {
                Optional.ofNullable(context.get(Pass.class.getName(), Pass.class)).ifPresent(pass -> failed(request, pass, why));
                return Future.succeededFuture(unavailable(context.request().release(), context.request().response(), why));
            });
        }

        private static ProxyResponse answer(ProxyContext context, Pass pass, ProxyResponse response) {
            var misrouted = misrouted(response.getStatusCode());
            if (misrouted.isPresent()) {
                pass.failed();
                return unavailable(context.request(), response, misrouted.get());
            }
            answered(context.request().proxiedRequest(), pass, response.getStatusCode());
            if (Optional.ofNullable(response.headers().get(HttpHeaders.CONTENT_TYPE)).filter(type -> type.startsWith(EVENT_STREAM)).isPresent()) {
                pass.lasts(() -> context.request().proxiedRequest().connection().close());
            }
            return response;
        }

        @Override
        public Future<Void> handleProxyResponse(ProxyContext context) {
            var body = context.response().getBody();
            return context.request().version() == HttpVersion.HTTP_1_0 && body != null && body.length() < 0 ? untilTheEnd(context.request().proxiedRequest(), context.response(), body) : context.sendResponse();
        }

        /**
         * HTTP 1.0, which nginx speaks to what is behind it unless it is told otherwise, knows no chunks: a body of unknown length ends with the connection (RFC 9112, 6.3). The library keeps all of it in
         * memory first, to tell its length, and has no answer where the upstream breaks off. That it broke off such a client cannot see.
         */
        private static Future<Void> untilTheEnd(HttpServerRequest request, ProxyResponse from, Body body) {
            var to = request.response().setStatusCode(from.getStatusCode());
            from.headers().forEach((name, value) -> {
                if (!OF_ONE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                    to.headers().add(name, value);
                }
            });
            to.headers().set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
            // Also where the client asked for it to be kept, which Vert.x then does.
            return body.stream().pipeTo(to).onComplete(ended -> request.connection().close());
        }

        private static ProxyResponse unavailable(ProxyRequest request, ProxyResponse response, Throwable why) {
            LOG.debugf("%s %s: %s", request.getMethod(), request.getURI(), why);
            return response.release().setStatusCode(UNAVAILABLE).setStatusMessage("Service Unavailable").putHeader(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS).putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                    .setBody(Body.body(Buffer.buffer("This server is busy. Try again in a moment.\n")));
        }
    }
}
