package dev.mastodonmigration.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jboss.logmanager.ExtHandler;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.LogContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Asked over the wire: what an instance that serves answers, and every way in which one does not. */
class HttpProbesTest {
    private static final Duration SHORT = Duration.ofSeconds(1);
    /** Where deadlines are not what is tested. */
    private static final Duration PATIENT = Duration.ofSeconds(20);
    private static final Map<UserProbe, String> PATHS = Map.of(UserProbe.WEB_PAGE, "/", UserProbe.INSTANCE, "/api/v2/instance", UserProbe.PUBLIC_TIMELINE, "/api/v1/timelines/public", UserProbe.WEBFINGER, "/.well-known/webfinger",
            UserProbe.STREAMING, "/api/v1/streaming/health", UserProbe.WEBSOCKET, "/api/v1/streaming");
    private final Vertx vertx = Vertx.vertx();
    private StubMastodon mastodon;
    @TempDir
    Path directory;

    @BeforeEach
    void serve() {
        mastodon = new StubMastodon(vertx, new HttpServerOptions());
    }

    @AfterEach
    void stop() {
        mastodon.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private HttpProbes probes(Function<UserProbe, Duration> deadlines) {
        return new HttpProbes(vertx, Optional.empty(), Optional.empty(), deadlines);
    }

    private static Endpoint at(String scheme, int port) {
        var uri = URI.create(scheme + "://127.0.0.1:" + port);
        return new Endpoint(uri, uri);
    }

    private List<Probes.Fault> faults() {
        return probes(UserProbe::deadline).faults(at("http", mastodon.port()), StubMastodon.NAMES);
    }

    @Test
    void anInstanceThatServesIsAskedByItsNamesAndHasNoFault() {
        assertThat(faults()).isEmpty();
        assertThat(faults()).as("asked once more").isEmpty();
        assertThat(mastodon.heard.subList(0, 6)).containsExactlyInAnyOrder("GET www.example.social/", "GET www.example.social/api/v2/instance", "GET www.example.social/api/v1/timelines/public?local=true&limit=1",
                "GET www.example.social/.well-known/webfinger?resource=acct%3Aexample.social%40example.social", "GET streaming.example.social/api/v1/streaming/health", "GET streaming.example.social/api/v1/streaming");
    }

    @Test
    void aLocalDomainThatMovesIsAskedForAccountsItself() {
        var names = new InstanceNames("example.social", "www.example.social", "example.social", "streaming.example.social");
        assertThat(probes(UserProbe::deadline).faults(at("http", mastodon.port()), names)).isEmpty();
        assertThat(mastodon.heard).contains("GET example.social/.well-known/webfinger?resource=acct%3Aexample.social%40example.social").noneMatch(heard -> heard.startsWith("GET www.example.social/.well-known"));
    }

    @Test
    void oneThatFailsIsTheOnlyOneThatIsSaidToFail() {
        Map<String, Consumer<HttpServerRequest>> ways = Map.of(
                "is answered with 500 (no database)", request -> StubMastodon.send(request, 500, "text/plain", "no database"),
                "is answered with 200", request -> StubMastodon.send(request, 200, "text/html", "<h1>Welcome to nginx!</h1>"),
                "is not answered (", request -> request.connection().close());
        PATHS.forEach((probe, path) -> ways.forEach((words, way) -> {
            mastodon.instead.put(path, way::accept);
            assertThat(faults()).as(probe + " " + words).singleElement().satisfies(fault -> {
                assertThat(fault.probe()).isEqualTo(probe);
                assertThat(fault.message()).contains(path, "asked at http://127.0.0.1:", words);
            });
            mastodon.instead.clear();
        }));
    }

    @Test
    void eachHasItsDeadlineAndNoneWaitsForAnother() {
        PATHS.forEach((probe, path) -> {
            mastodon.instead.put(path, request -> {});
            assertThat(probes(one -> one == probe ? Duration.ofMillis(200) : one.deadline()).faults(at("http", mastodon.port()), StubMastodon.NAMES)).as(probe.name()).singleElement().satisfies(fault -> {
                assertThat(fault.probe()).isEqualTo(probe);
                assertThat(fault.message()).contains("is not answered within");
            });
            mastodon.instead.clear();
        });
        PATHS.values().forEach(path -> mastodon.instead.put(path, request -> {}));
        var start = System.nanoTime();
        assertThat(probes(one -> SHORT).faults(at("http", mastodon.port()), StubMastodon.NAMES)).extracting(Probes.Fault::probe).containsExactly(UserProbe.values());
        assertThat(Duration.ofNanos(System.nanoTime() - start)).as("side by side").isLessThan(SHORT.multipliedBy(UserProbe.values().length));
    }

    /** Headers have come, and the rest of the body never does. */
    @Test
    void anAnswerWithoutAnEndIsNone() {
        mastodon.instead.put("/", request -> request.response().setChunked(true).write("<html>"));
        assertThat(probes(one -> one == UserProbe.WEB_PAGE ? SHORT : one.deadline()).faults(at("http", mastodon.port()), StubMastodon.NAMES)).singleElement().satisfies(fault -> assertThat(fault.message()).contains("The web page", "is not answered within 10 s"));
    }

    @Test
    void whereNobodyListensOrNoNameLeadsThatIsSaid() throws IOException {
        int left;
        try (var nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            left = nobody.getLocalPort();
        }
        assertThat(probes(UserProbe::deadline).faults(at("http", left), StubMastodon.NAMES)).hasSize(UserProbe.values().length).allSatisfy(fault -> assertThat(fault.message()).contains("is not answered (Connection refused"));
        var unknown = URI.create("http://web.nowhere.invalid:3000");
        assertThat(probes(UserProbe::deadline).faults(new Endpoint(unknown, URI.create("http://127.0.0.1:" + mastodon.port())), StubMastodon.NAMES)).hasSize(4).allSatisfy(fault -> assertThat(fault.message()).contains("DNS has no address"));
    }

    @Test
    void anAddressThatIsNoneIsSaidAtOnce() {
        var odd = URI.create("http://example_social:3000");
        var start = System.nanoTime();
        assertThat(probes(UserProbe::deadline).faults(new Endpoint(odd, URI.create("http://127.0.0.1:" + mastodon.port())), StubMastodon.NAMES)).hasSize(4)
                .allSatisfy(fault -> assertThat(fault.message()).contains("is not answered (http://example_social:3000 has no valid host name)"));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(UserProbe.WEB_PAGE.deadline());
    }

    /** The names are wrong here, so that reading the answer throws. */
    @Test
    void anAnswerThatCannotBeReadIsAFaultAndThrowsNothing() {
        assertThat(probes(UserProbe::deadline).faults(at("http", mastodon.port()), new InstanceNames(null, "www.example.social", "streaming.example.social")))
                .filteredOn(fault -> fault.probe() == UserProbe.INSTANCE).singleElement().satisfies(fault -> assertThat(fault.message()).contains("is answered with 200", "which the operator cannot read ("));
    }

    /** Nothing is answered before all of it was asked, at one address. The websocket that is granted then is closed again. */
    @Test
    void noQuestionWaitsForTheConnectionOfAnother() throws Exception {
        var waiting = new ConcurrentLinkedQueue<Runnable>();
        var asked = new AtomicInteger();
        var closed = new CountDownLatch(1);
        PATHS.forEach((probe, path) -> mastodon.instead.put(path, request -> {
            waiting.add(probe == UserProbe.WEBSOCKET ? () -> request.toWebSocket().onSuccess(socket -> socket.closeHandler(end -> closed.countDown())) : () -> StubMastodon.send(request, 503, "text/plain", "asked"));
            if (asked.incrementAndGet() == PATHS.size()) {
                waiting.forEach(Runnable::run);
            }
        }));
        assertThat(probes(probe -> PATIENT).faults(at("http", mastodon.port()), new InstanceNames("example.social", "www.example.social", "www.example.social"))).hasSize(PATHS.size() - 1)
                .allSatisfy(fault -> assertThat(fault.message()).contains("is answered with 503 (asked)"));
        assertThat(closed.await(10, TimeUnit.SECONDS)).as("the websocket is closed").isTrue();
    }

    /** An operator's log is read by somebody who looks for what is wrong. */
    @Test
    void whatEndsWithAnAnswerOrIsLateIsNotPrinted() throws Exception {
        var printed = new CopyOnWriteArrayList<String>();
        var handler = new ExtHandler() {
            @Override
            protected void doPublish(ExtLogRecord said) {
                printed.add(said.getLoggerName() + ": " + said.getFormattedMessage());
            }
        };
        var logger = LogContext.getLogContext().getLogger("io.vertx");
        logger.addHandler(handler);
        var asking = Vertx.vertx();
        var patient = new HttpProbes(asking, Optional.empty(), Optional.empty(), UserProbe::deadline);
        var at = at("http", mastodon.port());
        try {
            assertThat(patient.faults(at, StubMastodon.NAMES)).isEmpty();
            PATHS.values().forEach(path -> mastodon.instead.put(path, request -> {}));
            mastodon.instead.put("/", request -> request.response().setChunked(true).write("<html>"));
            assertThat(new HttpProbes(asking, Optional.empty(), Optional.empty(), probe -> SHORT).faults(at, StubMastodon.NAMES)).hasSize(PATHS.size());
            PATHS.values().forEach(path -> mastodon.instead.put(path, request -> request.connection().close()));
            assertThat(patient.faults(at, StubMastodon.NAMES)).hasSize(PATHS.size());
            var closed = new CountDownLatch(1);
            mastodon.instead.put("/api/v1/streaming", request -> request.toWebSocket().onSuccess(socket -> socket.closeHandler(end -> closed.countDown())));
            assertThat(patient.faults(at, StubMastodon.NAMES)).hasSize(PATHS.size() - 1);
            assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
            // Its event loops have come to the end of it.
            asking.close().toCompletionStage().toCompletableFuture().join();
            assertThat(printed).isEmpty();
        } finally {
            logger.removeHandler(handler);
        }
    }

    @Test
    void aFrontThatDropsUpgradeServesNoWebsocket() {
        mastodon.instead.put("/api/v1/streaming", request -> StubMastodon.send(request, 401, "application/json", "{\"error\":\"Invalid access token\"}"));
        assertThat(faults()).singleElement().satisfies(fault -> assertThat(fault.message()).contains("401", "as to a request that asks for no websocket", "\"Upgrade\""));
    }

    @Test
    void anotherNameThanTheInstancesIsRefusedByIt() {
        assertThat(probes(UserProbe::deadline).faults(at("http", mastodon.port()), new InstanceNames("example.social", "social.example.net", "streaming.example.social")))
                .hasSize(4).allSatisfy(fault -> assertThat(fault.message()).contains("403", "WEB_DOMAIN"));
    }

    @Test
    void overTlsTheCertificateMustBeTheNamesAndOfAnAuthorityThatIsKnown() throws Exception {
        var key = directory.resolve("key.pem").toString();
        var certificate = directory.resolve("certificate.pem").toString();
        assertThat(new ProcessBuilder("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=www", "-addext", "subjectAltName=DNS:www.example.social",
                "-keyout", key, "-out", certificate).redirectErrorStream(true).redirectOutput(directory.resolve("openssl.log").toFile()).start().waitFor()).isZero();
        try (var secure = new StubMastodon(vertx, new HttpServerOptions().setSsl(true).setKeyCertOptions(new PemKeyCertOptions().addKeyPath(key).addCertPath(certificate)))) {
            var trust = Optional.<TrustOptions>of(new PemTrustOptions().addCertPath(certificate));
            var all = new InstanceNames("example.social", "www.example.social", "www.example.social");
            assertThat(new HttpProbes(vertx, Optional.empty(), trust, probe -> PATIENT).faults(at("https", secure.port()), all)).isEmpty();
            assertThat(new HttpProbes(vertx, Optional.empty(), trust, probe -> PATIENT).faults(at("https", secure.port()), StubMastodon.NAMES)).as("the certificate is not streaming's")
                    .extracting(Probes.Fault::probe).containsExactly(UserProbe.STREAMING, UserProbe.WEBSOCKET);
            assertThat(probes(probe -> PATIENT).faults(at("https", secure.port()), all)).hasSize(UserProbe.values().length).allSatisfy(fault -> assertThat(fault.message()).contains("without a valid certificate for www.example.social ("));
        }
    }

    @Test
    void inTestsAnotherStandsInForWhatIsReachedOverTls() {
        var standIn = new HttpProbes(vertx, Optional.of(URI.create("http://127.0.0.1:" + mastodon.port())));
        assertThat(standIn.faults(Endpoint.overTls("lb.nowhere.invalid"), StubMastodon.NAMES)).isEmpty();
    }
}
