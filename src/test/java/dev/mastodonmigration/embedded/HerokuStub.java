package dev.mastodonmigration.embedded;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mastodonmigration.embedded.HerokuHttp.Refused;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
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
import java.util.concurrent.atomic.AtomicReference;

/**
 * Heroku's Platform API v3 as far as a migration meets it, on a free loopback port, behaving as research/mastodon-heroku-aws.md §2
 * says, with faults on demand.
 */
public final class HerokuStub implements AutoCloseable {
    /** What may happen to the next calls instead of an answer. SLOW answers only after {@link #slowness}; LOST_ANSWER does what was asked, and then cuts the connection; LATE gives no answer, and does what was
     * asked when the next change is asked for, just before that. */
    public enum Fault { RATE_LIMITED, UNAVAILABLE, SLOW, CUT_OFF, NOT_JSON, ANOTHER_SHAPE, LOST_ANSWER, LATE, FORBIDDEN }

    private record Late(CountDownLatch due, CountDownLatch done) {}

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
    private final HerokuAttachments attachments = new HerokuAttachments(apps);
    private final HerokuLogSessions sessions = new HerokuLogSessions();
    private final ConcurrentLinkedQueue<Fault> faults = new ConcurrentLinkedQueue<>();
    /** By the number of the call that it meets. */
    private final Map<Integer, Fault> faultsByCall = new ConcurrentHashMap<>();
    private final AtomicInteger remaining = new AtomicInteger(4500);
    private final AtomicInteger calls = new AtomicInteger();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicReference<Late> late = new AtomicReference<>();
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
        var app = new HerokuStubApp(name, attachments, () -> runtime, () -> delays, () -> busyAfterRelease, threads);
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
        attachments.destroyed(name);
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

    /** The call of that number, counted from the next one, which is 1, meets this fault. */
    public void failCall(int number, Fault fault) {
        faultsByCall.put(calls.get() + number, fault);
    }

    public void clearFaults() {
        faults.clear();
        faultsByCall.clear();
    }

    /** The status with which Heroku asks for a confirmation: 400 and 423 are both seen. */
    public void confirmationStatus(int status) {
        attachments.confirmationStatus(status);
    }

    /** A new URL for that add-on, as Heroku's own maintenance gives it: each app that it is attached to gets a release. */
    public void rotate(String addOn, String url) {
        attachments.rotate(addOn, url);
    }

    /** From now on Heroku uses that word of the add-on, which may be one that its schema does not list. */
    public void addOnState(String addOn, String state) {
        attachments.state(addOn, state);
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

    /** Log sessions so far. */
    public int logSessions() {
        return sessions.made();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var number = calls.incrementAndGet();
            var fault = Optional.ofNullable(faultsByCall.remove(number)).orElseGet(faults::poll);
            if (fault == Fault.CUT_OFF) {
                return;
            }
            if (fault == Fault.LATE) {
                answerLate(exchange);
                return;
            }
            if (!exchange.getRequestMethod().equals("GET")) {
                doWhatIsLate();
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
                if (fault == Fault.LOST_ANSWER) {
                    HerokuHttp.loseTheAnswer(exchange);
                }
                answer(exchange);
            } catch (Refused refused) {
                HerokuHttp.answer(exchange, refused);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(HttpExchange exchange) throws IOException, Refused {
        if (HerokuLogSessions.isOne(exchange)) {
            sessions.answer(exchange);
        } else {
            HerokuRoutes.answer(exchange, apps.values(), attachments, sessions, scope(exchange).orElseThrow(), pageSize);
        }
    }

    private void answerLate(HttpExchange exchange) throws IOException, InterruptedException {
        var one = new Late(new CountDownLatch(1), new CountDownLatch(1));
        late.set(one);
        one.due().await();
        try {
            HerokuHttp.loseTheAnswer(exchange);
            answer(exchange);
        } catch (Refused refused) {
            // Nobody hears it any more.
        } finally {
            one.done().countDown();
        }
    }

    private void doWhatIsLate() throws InterruptedException {
        var one = late.getAndSet(null);
        if (one != null) {
            one.due().countDown();
            one.done().await();
        }
    }

    private void refuse(HttpExchange exchange, Fault fault) throws Refused {
        if (!HerokuLogSessions.isOne(exchange)) {
            demandToken(exchange, fault);
        }
        if (fault == Fault.FORBIDDEN) {
            throw new Refused(403, "forbidden", "You do not have access to that.");
        }
        if (fault == Fault.UNAVAILABLE) {
            throw new Refused(503, "service_unavailable", "Heroku is in maintenance.");
        }
    }

    private void demandToken(HttpExchange exchange, Fault fault) throws Refused {
        if (scope(exchange).isEmpty()) {
            throw new Refused(401, "unauthorized", "Invalid credentials provided.");
        }
        if (!"application/vnd.heroku+json; version=3".equals(exchange.getRequestHeaders().getFirst("Accept"))) {
            throw new Refused(406, "not_acceptable", "Specify Accept: application/vnd.heroku+json; version=3");
        }
        var left = remaining.updateAndGet(tokens -> Math.max(0, tokens - 1));
        exchange.getResponseHeaders().set("RateLimit-Remaining", String.valueOf(left));
        if (left == 0 || fault == Fault.RATE_LIMITED) {
            throw new Refused(429, "rate_limit", "Your account reached the API rate limit\nPlease wait a few minutes before making new requests");
        }
    }

    /** Empty where nobody was given this token. */
    private Optional<Scope> scope(HttpExchange exchange) {
        return Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization")).filter(header -> header.startsWith("Bearer ")).map(header -> header.substring("Bearer ".length()))
                .flatMap(bearer -> bearer.equals(token) ? Optional.of(Scope.WRITE_PROTECTED) : Optional.ofNullable(scoped.get(bearer)));
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
