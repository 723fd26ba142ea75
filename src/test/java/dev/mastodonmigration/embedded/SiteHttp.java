package dev.mastodonmigration.embedded;

import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.InetSocketAddress;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import redis.clients.jedis.exceptions.JedisException;

/**
 * HTTP around the instance's processes: Heroku's router, Puma and the streaming server on the one end, users on the other, and between them whatever DNS leads to. A request names what it writes by a
 * number, which web processes here look up: the write itself is Java.
 */
final class SiteHttp implements AutoCloseable {
    static final String STREAMING = "/api/v1/streaming/health";
    private static final String INBOX = "/inbox";
    private static final String WRITE = "X-Write";
    private static final String SIDE = "X-Side";
    private static final int THREADS = 40;
    /** Heroku's router keeps idle connections so long (Heroku's docs, HTTP routing). */
    private static final int IDLE_SECONDS = 90;
    private static final int DELIVERY = 4;
    /** Longer than any hold. */
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(THREADS));
    private final HttpClient users = vertx.createHttpClient(new HttpClientOptions().setKeepAliveTimeout(IDLE_SECONDS), new PoolOptions().setHttp1MaxSize(THREADS));
    private final Map<String, WebProcess.Request> writes = new ConcurrentHashMap<>();
    private final AtomicLong writesSent = new AtomicLong();
    private final AtomicLong deliveries = new AtomicLong();
    private final AtomicLong refusedDeliveries = new AtomicLong();
    /** Where DNS leads, by domain. */
    private final Map<String, InetSocketAddress> records = new ConcurrentHashMap<>();

    /** What serves behind one port. */
    record Site(World.Side side, Supplier<Optional<WebProcess>> web, Supplier<Optional<StreamingProcess>> streaming) {}

    /** Of other servers, to an inbox. @param refused those answered by 4xx, after which the sender gives a post up for good */
    record Deliveries(long all, long refused) {}

    /** An answer other than success, or none. */
    static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Failed(String message) {
            super(message);
        }
    }

    /** @param port 0 for a free one @return the port, listening when this returns */
    HttpServer listen(String address, int port, Site site) {
        return vertx.createHttpServer(new HttpServerOptions().setIdleTimeout(IDLE_SECONDS)).requestHandler(request -> take(request, site)).listen(port, address).toCompletionStage().toCompletableFuture().join();
    }

    private void take(HttpServerRequest request, Site site) {
        request.body().compose(body -> vertx.executeBlocking(() -> answer(request, site), false)).onComplete(answered -> {
            var answer = answered.succeeded() ? answered.result() : SiteAnswer.plain(500, String.valueOf(answered.cause()));
            var response = request.response().setStatusCode(answer.status()).putHeader(SIDE, site.side().name()).putHeader(HttpHeaders.CONTENT_TYPE, answer.contentType());
            answer.headers().forEach(response::putHeader);
            response.end(answer.body());
        });
    }

    private SiteAnswer answer(HttpServerRequest request, Site site) throws InterruptedException {
        var question = new SiteAnswer.Question(request.path(), request.query(), request.getHeader(HttpHeaders.HOST), request.getHeader("X-Forwarded-Proto"), request.getHeader(HttpHeaders.UPGRADE), request.getHeader("Sec-WebSocket-Protocol"));
        if (request.path().startsWith("/api/v1/streaming")) {
            return site.streaming().get().map(streaming -> SiteAnswer.ofStreaming(question, streaming)).orElseGet(() -> SiteAnswer.plain(503, "no streaming server"));
        }
        var web = site.web().get();
        if (web.isEmpty()) {
            return SiteAnswer.plain(503, "nobody serves");
        }
        try {
            var write = writes.get(String.valueOf(request.getHeader(WRITE)));
            if (write == null) {
                return SiteAnswer.ofWeb(question, web.get());
            }
            web.get().serve(write);
            return SiteAnswer.plain(success(request.path()), "OK");
        } catch (WebProcess.Unavailable stopping) {
            return SiteAnswer.plain(503, stopping.getMessage());
        } catch (SQLException | JedisException | IllegalStateException e) {
            return SiteAnswer.plain(500, e.getMessage());
        }
    }

    /** What users come by: each connection that is opened there goes to where that domain leads at that moment. */
    void front(InetSocketAddress at, String domain) {
        var behind = vertx.createNetClient();
        vertx.createNetServer().connectHandler(user -> {
            user.pause();
            var to = records.get(domain);
            behind.connect(SocketAddress.inetSocketAddress(to.getPort(), to.getHostString())).onFailure(nobody -> user.close()).onSuccess(site -> {
                user.pipeTo(site);
                site.pipeTo(user);
            });
        }).listen(at.getPort(), at.getHostString()).toCompletionStage().toCompletableFuture().join();
    }

    /** Changes DNS: new requests for that domain go there from now on. */
    void point(String domain, InetSocketAddress to) {
        records.put(domain, to);
    }

    /** Mastodon takes a delivery, and does it later. */
    private static int success(String path) {
        return path.equals(INBOX) ? 202 : 200;
    }

    Deliveries deliveries() {
        return new Deliveries(deliveries.get(), refusedDeliveries.get());
    }

    /** A request that writes, of a user or, one in {@link #DELIVERY}, of another server; @return which side has answered it. @throws Failed for any other answer: nobody knows what became of it */
    World.Side write(String domain, WebProcess.Request write) throws InterruptedException {
        var id = UUID.randomUUID().toString();
        writes.put(id, write);
        try {
            return send(domain, HttpMethod.POST, writesSent.getAndIncrement() % DELIVERY == 0 ? INBOX : "/api/v1/statuses", id);
        } finally {
            writes.remove(id);
        }
    }

    /** One that reads. */
    World.Side read(String domain, String path) throws InterruptedException {
        return send(domain, HttpMethod.GET, path, "");
    }

    private World.Side send(String domain, HttpMethod method, String path, String write) throws InterruptedException {
        var to = records.get(domain);
        var options = new RequestOptions().setServer(SocketAddress.inetSocketAddress(to.getPort(), to.getHostString())).setHost(domain).setPort(80).setMethod(method).setURI(path).putHeader(WRITE, write)
                .putHeader("X-Forwarded-Proto", "https");
        var answer = Promise.<World.Side>promise();
        // On an event loop: on another thread the answer may have come, and gone, before anybody asks for its body.
        vertx.runOnContext(now -> users.request(options).compose(request -> method == HttpMethod.POST ? request.send("{}") : request.send()).compose(response -> response.body().map(body -> {
            if (path.equals(INBOX)) {
                deliveries.incrementAndGet();
                refusedDeliveries.addAndGet(response.statusCode() / 100 == 4 ? 1 : 0);
            }
            if (response.statusCode() != success(path)) {
                throw new Failed(response.statusCode() + ": " + body);
            }
            return World.Side.valueOf(response.getHeader(SIDE));
        })).onComplete(answer));
        try {
            return answer.future().toCompletionStage().toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Failed failed ? failed : new Failed(method + " " + path + " of " + domain + " at " + to + ": " + e.getCause());
        } catch (TimeoutException e) {
            throw new Failed("no answer within " + PATIENCE.toSeconds() + " s");
        }
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
