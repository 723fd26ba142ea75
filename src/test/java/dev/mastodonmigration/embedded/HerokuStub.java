package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mastodonmigration.embedded.HerokuHttp.Refused;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Heroku's Platform API v3 as far as a migration meets it, on a free loopback port, behaving as research/mastodon-heroku-aws.md §2
 * says, with faults on demand.
 */
public final class HerokuStub implements AutoCloseable {
    /** What may happen to the next calls instead of an answer. SLOW answers only after {@link #slowness}. */
    public enum Fault { RATE_LIMITED, UNAVAILABLE, SLOW, CUT_OFF, NOT_JSON, ANOTHER_SHAPE }

    /** What a token may do (blog.heroku.com/oauth-for-platform-api-in-public-beta): only the protected ones show config vars. */
    public enum Scope { READ, READ_PROTECTED, WRITE_PROTECTED }

    private static final DynoRuntime NOTHING_RUNS = new DynoRuntime() {
        @Override
        public void start(String app, String type, int index) {
            // A dyno without a runtime is only a state.
        }

        @Override
        public void stop(String app, String type, int index) {
            // As above.
        }
    };

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("heroku-", 0).factory());
    private final Map<String, HerokuStubApp> apps = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Fault> faults = new ConcurrentLinkedQueue<>();
    private final AtomicInteger remaining = new AtomicInteger(4500);
    private final AtomicInteger calls = new AtomicInteger();
    private final CountDownLatch closing = new CountDownLatch(1);
    /** Tokens with fewer rights than {@link #token}. */
    private final Map<String, Scope> scoped = new ConcurrentHashMap<>();
    private volatile String token = "HRKU-" + UUID.randomUUID();
    private volatile DynoRuntime runtime = NOTHING_RUNS;
    private volatile HerokuDynos.Delays delays = new HerokuDynos.Delays(Duration.ofMillis(20), () -> Duration.ofMillis(50), HerokuDynos.Listing.UNTIL_GONE);
    private volatile int busyAfterRelease;
    private volatile Duration slowness = Duration.ofSeconds(60);
    private volatile int pageSize = 200;

    private HerokuStub(HttpServer server) {
        this.server = server;
    }

    public static HerokuStub start() {
        try {
            var stub = new HerokuStub(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
            stub.server.setExecutor(stub.threads);
            stub.server.createContext("/", stub::handle);
            stub.server.start();
            return stub;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** The one token that is good now. */
    public String token() {
        return token;
    }

    /** One more token, with this scope. */
    public String token(Scope scope) {
        var made = "HRKU-" + UUID.randomUUID();
        scoped.put(made, scope);
        return made;
    }

    /** Revokes the token; returns the new one that is good from now on. */
    public String revokeToken() {
        token = "HRKU-" + UUID.randomUUID();
        return token;
    }

    public HerokuStubApp createApp(String name) {
        var app = new HerokuStubApp(name, () -> runtime, () -> delays, () -> busyAfterRelease, threads);
        apps.put(name, app);
        return app;
    }

    public HerokuStubApp app(String name) {
        if (!apps.containsKey(name)) {
            throw new NoSuchElementException("the stub has no app " + name + ", only " + apps.keySet());
        }
        return apps.get(name);
    }

    public void destroyApp(String name) {
        apps.remove(name);
    }

    /** What runs behind the dynos from now on. */
    public void runtime(DynoRuntime newRuntime) {
        runtime = newRuntime;
    }

    /** How long each dyno takes to start and to go after SIGTERM, beside what its runtime takes. */
    public void delays(Duration start, Duration stop) {
        delays = new HerokuDynos.Delays(start, () -> stop, delays.listing());
    }

    /** As above, each dyno taking another time to go. */
    public void delays(Duration start, Duration stopAtLeast, Duration stopAtMost, long seed) {
        var random = new Random(seed);
        delays = new HerokuDynos.Delays(start, () -> Duration.ofMillis(random.nextLong(stopAtLeast.toMillis(), stopAtMost.toMillis() + 1)), delays.listing());
    }

    /** From now on a dyno leaves the list with SIGTERM, while its process runs on until it has drained. */
    public void unlistDynosAtSigterm() {
        delays = new HerokuDynos.Delays(delays.start(), delays.stop(), HerokuDynos.Listing.UNTIL_SIGTERM);
    }

    /** From now on an app answers 409 to this many writes after each of its releases. */
    public void busyAfterRelease(int writes) {
        busyAfterRelease = writes;
    }

    /** The next {@code count} calls meet this fault. */
    public void failNext(int count, Fault fault) {
        for (int i = 0; i < count; i++) {
            faults.add(fault);
        }
    }

    public void clearFaults() {
        faults.clear();
    }

    public void slowness(Duration newSlowness) {
        slowness = newSlowness;
    }

    /** Tokens left in the account's rate limit; at 0 every call gets 429. */
    public void rateLimitRemaining(int tokens) {
        remaining.set(tokens);
    }

    public void pageSize(int items) {
        pageSize = items;
    }

    /** Calls of any kind so far, those that met a fault included. */
    public int calls() {
        return calls.get();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            calls.incrementAndGet();
            var fault = faults.poll();
            if (fault == Fault.CUT_OFF) {
                return;
            }
            if (fault == Fault.SLOW && closing.await(slowness.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
            try {
                refuse(exchange, fault);
                if (fault == Fault.NOT_JSON) {
                    HerokuHttp.html(exchange);
                    return;
                }
                if (fault == Fault.ANOTHER_SHAPE) {
                    HerokuHttp.answer(exchange, 200, List.of(Map.of("status", "ok")));
                    return;
                }
                route(exchange);
            } catch (Refused refused) {
                HerokuHttp.answer(exchange, refused);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void refuse(HttpExchange exchange, Fault fault) throws Refused {
        var headers = exchange.getRequestHeaders();
        scope(exchange);
        if (!"application/vnd.heroku+json; version=3".equals(headers.getFirst("Accept"))) {
            throw new Refused(406, "not_acceptable", "Specify Accept: application/vnd.heroku+json; version=3");
        }
        var left = remaining.updateAndGet(tokens -> Math.max(0, tokens - 1));
        exchange.getResponseHeaders().set("RateLimit-Remaining", String.valueOf(left));
        if (left == 0 || fault == Fault.RATE_LIMITED) {
            throw new Refused(429, "rate_limit", "Your account reached the API rate limit\nPlease wait a few minutes before making new requests");
        }
        if (fault == Fault.UNAVAILABLE) {
            throw new Refused(503, "service_unavailable", "Heroku is in maintenance.");
        }
    }

    private Scope scope(HttpExchange exchange) throws Refused {
        var given = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization")).filter(header -> header.startsWith("Bearer ")).map(header -> header.substring("Bearer ".length()));
        return given.flatMap(bearer -> bearer.equals(token) ? Optional.of(Scope.WRITE_PROTECTED) : Optional.ofNullable(scoped.get(bearer)))
                .orElseThrow(() -> new Refused(401, "unauthorized", "Invalid credentials provided."));
    }

    private void authorize(Scope scope, String route) throws Refused {
        var needed = !route.startsWith("GET") ? Scope.WRITE_PROTECTED : route.equals("GET config-vars") ? Scope.READ_PROTECTED : Scope.READ;
        if (scope.compareTo(needed) < 0) {
            throw new Refused(403, "forbidden", "You do not have access to the app. Its token has not the scope for it.");
        }
    }

    /** The platform's paths, and those of the metrics and GitHub services, which have hosts of their own at Heroku. */
    private void route(HttpExchange exchange) throws IOException, Refused {
        var path = exchange.getRequestURI().getPath().split("/", -1);
        if (path.length < 3 || !path[1].equals("apps")) {
            throw new Refused(404, "not_found", "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`)?");
        }
        var app = apps.values().stream().filter(candidate -> candidate.name().equals(path[2]) || candidate.id().equals(path[2])).findFirst()
                .orElseThrow(() -> Refused.notFound("app", "Couldn't find that app."));
        var route = exchange.getRequestMethod() + (path.length > 3 ? " " + path[3] : "") + (path.length > 4 ? " one" : "") + (path.length > 5 ? " " + path[path.length - 1] : "");
        authorize(scope(exchange), route);
        app.admit(route);
        switch (route) {
            case "GET" -> HerokuHttp.answer(exchange, 200, app.json());
            case "PATCH" -> {
                app.patch(HerokuHttp.body(exchange));
                HerokuHttp.answer(exchange, 200, app.json());
            }
            case "GET config-vars" -> HerokuHttp.answer(exchange, 200, app.configVars());
            case "PATCH config-vars" -> {
                app.patchConfigVars(strings(HerokuHttp.body(exchange)));
                HerokuHttp.answer(exchange, 200, app.configVars());
            }
            case "GET formation" -> HerokuHttp.page(exchange, app.formationJson(), pageSize);
            case "PATCH formation" -> HerokuHttp.answer(exchange, 200, app.patchFormation(HerokuHttp.body(exchange)));
            case "GET dynos" -> HerokuHttp.page(exchange, app.dynosJson(), pageSize);
            case "DELETE dynos one" -> {
                app.restartDyno(path[4]);
                HerokuHttp.answer(exchange, 202, Map.of());
            }
            case "POST dynos one stop" -> {
                app.stopDyno(path[4]);
                HerokuHttp.answer(exchange, 202, Map.of());
            }
            case "GET addons" -> HerokuHttp.page(exchange, app.addOnsJson(), pageSize);
            case "GET formation one monitors" -> HerokuHttp.answer(exchange, 200, app.monitorsJson(path[4]));
            case "GET github" -> HerokuHttp.answer(exchange, 200, app.githubJson());
            case "GET releases" -> HerokuHttp.page(exchange, app.releasesJson(), pageSize);
            default -> throw new Refused(404, "not_found", "The requested API endpoint was not found.");
        }
    }

    private static Map<String, String> strings(JsonNode body) {
        var changes = new LinkedHashMap<String, String>();
        body.properties().forEach(entry -> changes.put(entry.getKey(), entry.getValue().isNull() ? null : entry.getValue().asText()));
        return changes;
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
