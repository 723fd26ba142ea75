package dev.mastodonmigration.probe;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import javax.net.ssl.SSLException;

/** Asks over HTTP, as what stands in front of the instance does: by the instance's name, whatever the address, and as if TLS had been ended before. */
public final class HttpProbes implements Probes {
    private static final Duration CONNECT = Duration.ofSeconds(3);
    /** Longer than any deadline: what has an answer, or is late, is closed before. */
    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final String AGENT = "mastodon-migration-operator";
    private static final int KEY_BYTES = 16;
    private static final int HTTP = 80;
    private static final int HTTPS = 443;
    /** Mastodon's policies alone are some kilobytes. */
    private static final int LONGEST_HEADERS = 64 << 10;
    private final Vertx vertx;
    private final HttpClient http;
    private final HttpClient upgrades;
    private final Optional<URI> front;
    private final Function<UserProbe, Duration> deadlines;

    /** @param front asked in place of everything that is reached over TLS, in tests; otherwise empty */
    public HttpProbes(Vertx vertx, Optional<URI> front) {
        this(vertx, front, Optional.empty(), UserProbe::deadline);
    }

    /**
     * @param trust     empty for the system's certificate authorities
     * @param deadlines each probe's
     */
    HttpProbes(Vertx vertx, Optional<URI> front, Optional<TrustOptions> trust, Function<UserProbe, Duration> deadlines) {
        this.vertx = vertx;
        this.deadlines = deadlines;
        this.front = front;
        var options = new HttpClientOptions().setKeepAlive(false).setConnectTimeout((int) CONNECT.toMillis()).setMaxHeaderSize(LONGEST_HEADERS).setVerifyHost(true).setIdleTimeout((int) IDLE.toSeconds());
        trust.ifPresent(options::setTrustOptions);
        // One connection for each question: none waits for the answer to another.
        this.http = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(UserProbe.values().length));
        // A client without keep-alive says "Connection: close" in place of "Upgrade".
        this.upgrades = vertx.createHttpClient(new HttpClientOptions(options).setKeepAlive(true));
    }

    @Override
    public List<Fault> faults(Endpoint endpoint, InstanceNames names) {
        var asked = Arrays.stream(UserProbe.values()).map(probe -> ask(probe, endpoint, names)).toList();
        return asked.stream().flatMap(answer -> answer.join().stream()).toList();
    }

    private CompletableFuture<Optional<Fault>> ask(UserProbe probe, Endpoint endpoint, InstanceNames names) {
        var answer = new CompletableFuture<Answer>();
        // On an event loop: on another thread the answer may have come, and gone, before anybody asks for its body.
        // And what throws before anything is sent fails the answer: on an event loop it would be lost.
        vertx.runOnContext(now -> Future.succeededFuture(probe).compose(asked -> ask(asked, endpoint, names, answer)).onSuccess(answer::complete).onFailure(answer::completeExceptionally));
        return answer.orTimeout(deadlines.apply(probe).toMillis(), TimeUnit.MILLISECONDS).handle((came, failure) -> (failure == null ? judge(probe, came, names) : Optional.of(words(probe, failure, names)))
                .map(what -> new Fault(probe, probe.message(what, endpoint, names), failure == null)));
    }

    /** The target takes writes: an answer that nobody thought of is a fault of the instance's, and no reason to stop. */
    private static Optional<String> judge(UserProbe probe, Answer came, InstanceNames names) {
        try {
            return probe.fault(came, names);
        } catch (RuntimeException unread) {
            return Optional.of("is answered with " + came.words() + ", which the operator cannot read (" + first(unread) + ")");
        }
    }

    /** @param answer whose end, in time or not, is that of the request too */
    private Future<Answer> ask(UserProbe probe, Endpoint endpoint, InstanceNames names, CompletableFuture<Answer> answer) {
        return (probe == UserProbe.WEBSOCKET ? upgrades : http).request(to(probe, endpoint, names)).compose(request -> {
            request.exceptionHandler(HttpProbes::isInTheAnswer);
            // A reset would leave open what was switched to a websocket.
            answer.whenComplete((came, failure) -> request.connection().close());
            return probe == UserProbe.WEBSOCKET ? upgrade(request) : request.send();
        }).onSuccess(response -> response.exceptionHandler(HttpProbes::isInTheAnswer)).compose(response -> response.statusCode() == UserProbe.SWITCHING ? Future.succeededFuture(read(response, "")) : response.body().map(body -> read(response, body.toString(StandardCharsets.UTF_8))));
    }

    /** Where nobody is told, Vert.x prints it into the operator's log, also that we close the connection ourselves. */
    private static void isInTheAnswer(Throwable failure) {}

    /** With the token where a browser has it. A client for websockets alone would connect to the name that is asked for, wherever that leads. */
    private static Future<HttpClientResponse> upgrade(HttpClientRequest request) {
        var key = new byte[KEY_BYTES];
        ThreadLocalRandom.current().nextBytes(key);
        return request.putHeader(HttpHeaders.CONNECTION, HttpHeaders.UPGRADE).putHeader(HttpHeaders.UPGRADE, "websocket").putHeader("Sec-WebSocket-Version", "13")
                .putHeader("Sec-WebSocket-Key", Base64.getEncoder().encodeToString(key)).putHeader("Sec-WebSocket-Protocol", UserProbe.TOKEN).connect();
    }

    private RequestOptions to(UserProbe probe, Endpoint endpoint, InstanceNames names) {
        var asked = probe.at(endpoint);
        var to = front.filter(stand -> isTls(asked)).orElse(asked);
        var host = Optional.ofNullable(to.getHost()).orElseThrow(() -> new IllegalArgumentException(to + " has no valid host name"));
        var port = to.getPort() > 0 ? to.getPort() : isTls(to) ? HTTPS : HTTP;
        // The port of the name that is asked for, which is left out of Host.
        return new RequestOptions().setMethod(HttpMethod.GET).setServer(SocketAddress.inetSocketAddress(port, host.replaceAll("[\\[\\]]", ""))).setSsl(isTls(to)).setHost(probe.domain(names)).setPort(isTls(to) ? HTTPS : HTTP)
                .setURI(probe.path(names)).putHeader("X-Forwarded-Proto", "https").putHeader(HttpHeaders.USER_AGENT, AGENT).putHeader(HttpHeaders.ACCEPT, "*/*");
    }

    private static boolean isTls(URI uri) {
        return "https".equals(uri.getScheme());
    }

    private static Answer read(HttpClientResponse response, String body) {
        return new Answer(response.statusCode(), header(response.getHeader(HttpHeaders.CONTENT_TYPE)), header(response.getHeader(HttpHeaders.LOCATION)), body);
    }

    private static String header(String value) {
        return Optional.ofNullable(value).orElse("");
    }

    private static String words(UserProbe probe, Throwable failure, InstanceNames names) {
        return switch (failure) {
            case TimeoutException late -> "is not answered within " + probe.deadline().toSeconds() + " s";
            case SSLException untrusted -> "is answered without a valid certificate for " + probe.domain(names) + " (" + first(untrusted) + ")";
            case UnknownHostException unknown -> "is not answered, because DNS has no address for it that the operator can see";
            default -> "is not answered (" + first(failure) + ")";
        };
    }

    /** What caused it first says why. */
    private static String first(Throwable failure) {
        var cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
