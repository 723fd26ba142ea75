package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.Entrance;
import dev.mastodonmigration.edge.EntranceOverTls;
import dev.mastodonmigration.edge.EntranceProbe.Fault;
import dev.mastodonmigration.edge.EntranceProbe.Question;
import dev.mastodonmigration.edge.EntranceQuestions;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.edge.proxy.EntranceStub.Manner;
import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.RequiredProgram;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLSocketFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands in front of the edge is asked by way of itself, and the edge answers. */
class EntranceTest {
    private static final EntranceOverTls.Patience PATIENCE = new EntranceOverTls.Patience(Duration.ofSeconds(60), Duration.ofSeconds(2), Duration.ofSeconds(3));
    private static final Set<Question> ALL = EnumSet.allOf(Question.class);
    /** To be refused, where that is in question. */
    private static final long ENOUGH = 2 << 20;
    @TempDir
    Path directory;
    private EdgeWithSides edge;
    private EntranceStub front;
    private EntranceOverTls probe;

    @BeforeEach
    void start() throws Exception {
        edge = new EdgeWithSides(directory, Duration.ofSeconds(2), EdgeProxy.SILENCE);
        front = new EntranceStub(directory, edge.server().usersPort());
        probe = new EntranceOverTls(front.trusting(), PATIENCE, ENOUGH, front.port());
    }

    @AfterEach
    void stop() {
        front.close();
        edge.close();
    }

    private static Entrance entrance(String domain) {
        return new Entrance("what you have in front of it", Map.of(domain, new FrontAddress.Fixed(List.of("127.0.0.1"))), domain, domain, Entrance.key("the-token"));
    }

    private List<Fault> faults(Manner manner) {
        front.manner = manner;
        return probe.faults(entrance(EdgeWithSides.DOMAIN), ALL);
    }

    private void assertOne(Manner manner, String about, String... words) {
        assertThat(faults(manner)).as(manner.name()).singleElement().satisfies(fault -> {
            assertThat(fault.about()).isEqualTo(about);
            assertThat(fault.severity()).isEqualTo(Severity.Action);
            assertThat(fault.message()).startsWith("What you have in front of it ").contains(words);
        });
    }

    @Test
    void whereAllOfItComesThroughNothingIsToldAndNoSideSeesAnyOfIt() throws Exception {
        assertThat(new EntranceOverTls(front.trusting(), PATIENCE, EntranceOverTls.LARGEST, front.port()).faults(entrance(EdgeWithSides.DOMAIN), ALL)).isEmpty();
        assertThat(front.bytes.get()).as("so many questions were asked").isPositive();
        edge.change(Mode.HOLD);
        assertThat(faults(Manner.PASSES)).as("while requests wait").isEmpty();
        assertThat(edge.traffic().report()).satisfies(report -> {
            assertThat(report.arrivals()).as("users").isEmpty();
            assertThat(report.held()).isZero();
            assertThat(report.measured().heldTotal()).isZero();
            assertThat(report.measured().unserved()).isZero();
            assertThat(report.measured().total().values()).allSatisfy(side -> assertThat(side.requests()).isZero());
        });
    }

    @Test
    void bodiesThatAreTooLargeForItAreFoundAndWhichAreNot() {
        assertOne(Manner.REFUSES_LARGE_BODIES, "bodies", "does not let bodies of 99 MB through", "\"HTTP/1.1 413 Content Too Large\"", "Of 1 MB it does.", "proxy-body-size");
        assertOne(Manner.BREAKS_LARGE_BODIES_OFF, "bodies", "it breaks off", "Of 1 MB it does.");
    }

    @Test
    void eventStreamsThatItBuffersOrCutsAreFound() {
        assertOne(Manner.BUFFERS, "event-streams", "holds event streams back", "within 2 s");
        assertOne(Manner.CUTS_WHAT_IS_SILENT, "event-streams", "cuts event streams");
    }

    @Test
    void websocketsThatItRefusesAreFound() {
        assertOne(Manner.KNOWS_NO_UPGRADE, "websockets", "does not let websockets through", "\"HTTP/1.1 400 Bad Request\"");
    }

    /** A controller that is one, or is written like one: as it comes it would do harm three times, and is healed as an admin would. */
    @Test
    void nginxAsItComesIsFoundAndNginxAsMastodonWantsItIsNot() throws Exception {
        RequiredProgram.NGINX.require();
        assertThat(throughNginx("")).extracting(Fault::about).containsExactly("bodies", "event-streams", "websockets");
        assertThat(throughNginx("client_max_body_size 99m; proxy_request_buffering off; proxy_buffering off; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;")).isEmpty();
    }

    private List<Fault> throughNginx(String settings) throws Exception {
        var port = FreePort.find();
        var config = Files.writeString(directory.resolve("nginx.conf"), """
                user root;
                pid %1$s/nginx.pid;
                error_log stderr;
                events {}
                http {
                  access_log off;
                  client_body_temp_path %1$s/body;
                  proxy_temp_path %1$s/proxy;
                  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
                  server {
                    listen 127.0.0.1:%2$d ssl;
                    ssl_certificate %1$s/certificate.pem;
                    ssl_certificate_key %1$s/key.pem;
                    location / { proxy_set_header Host $host; %4$s proxy_pass http://127.0.0.1:%3$d; }
                  }
                }
                """.formatted(directory, port, edge.server().usersPort(), settings));
        try (var nginx = LocalProcess.start(List.of(RequiredProgram.NGINX.path().toString(), "-c", config.toString(), "-g", "daemon off;"), Map.of(), directory.resolve("log"))) {
            Awaitility.await("nginx").atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20)).ignoreExceptions().until(() -> {
                new Socket("127.0.0.1", port).close();
                return true;
            });
            return new EntranceOverTls(front.trusting(), PATIENCE, EntranceOverTls.LARGEST, port).faults(entrance(EdgeWithSides.DOMAIN), ALL);
        }
    }

    @Test
    void whatLeadsElsewhereIsNotSentAnythingLarge() {
        assertOne(Manner.LEADS_ELSEWHERE, "way", "does not lead requests for " + EdgeWithSides.DOMAIN + " to the edge", "\"HTTP/1.1 200 OK\"");
        assertThat(front.bytes.get()).isLessThan(4096);
    }

    /** A page in one line is a page: what the edge would say is not in it. */
    @Test
    void ofAnAnswerWithoutAnEndNoMoreIsReadThanABrowserWould() {
        assertOne(Manner.LEADS_TO_A_LONG_PAGE, "way", "does not lead requests for " + EdgeWithSides.DOMAIN + " to the edge", "\"HTTP/1.1 200 OK\"");
        assertUnanswered(Manner.HAS_A_LONG_LINE, "a line of its answer is longer than 8 KiB");
        assertUnanswered(Manner.HAS_MANY_HEADERS, "its answer has more than 100 headers");
    }

    private void assertUnanswered(Manner manner, String why) {
        assertThat(faults(manner)).as(manner.name()).singleElement().satisfies(fault -> {
            assertThat(fault.severity()).isEqualTo(Severity.Warning);
            assertThat(fault.message()).contains("does not answer the operator", why);
        });
    }

    @Test
    void aCertificateThatWouldNotDoIsFoundAndWhoDoesNotAnswerTheOperatorMayAnswerUsers() throws Exception {
        assertThat(probe.faults(entrance("www.example.social"), ALL)).singleElement().satisfies(fault -> assertThat(fault.message()).contains("has no valid certificate for www.example.social")).extracting(Fault::severity).isEqualTo(Severity.Action);
        assertThat(new EntranceOverTls((SSLSocketFactory) SSLSocketFactory.getDefault(), PATIENCE, ENOUGH, front.port()).faults(entrance(EdgeWithSides.DOMAIN), ALL)).singleElement().satisfies(fault -> assertThat(fault.message()).contains("has no valid certificate"));
        int left;
        try (var nobody = new ServerSocket(0)) {
            left = nobody.getLocalPort();
        }
        assertThat(new EntranceOverTls(front.trusting(), PATIENCE, ENOUGH, left).faults(entrance(EdgeWithSides.DOMAIN), ALL)).singleElement().satisfies(fault -> assertThat(fault.message()).contains("does not answer the operator"))
                .extracting(Fault::severity).isEqualTo(Severity.Warning);
    }

    @Test
    void whoeverDoesNotKnowTheKeyIsToldNothing() throws IOException {
        var ofAnother = Entrance.KEY + ": " + Entrance.key("another-token");
        for (var question : List.of("POST " + Entrance.BODY, "GET " + Entrance.EVENTS, "GET " + Entrance.WEBSOCKET)) {
            assertThat(edge.raw(question + " HTTP/1.1\r\nHost: " + EdgeWithSides.DOMAIN)).as(question).startsWith("HTTP/1.1 404");
            assertThat(edge.raw(question + " HTTP/1.1\r\nHost: " + EdgeWithSides.DOMAIN + "\r\n" + ofAnother)).as(question).startsWith("HTTP/1.1 404");
        }
        assertThat(edge.raw("GET " + Entrance.WEBSOCKET + " HTTP/1.1\r\nHost: " + EdgeWithSides.DOMAIN + "\r\n" + Entrance.KEY + ": " + Entrance.key("the-token"))).as("whose upgrade did not arrive").startsWith("HTTP/1.1 426");
        assertThat(edge.get(Entrance.EVENTS + "/another").getString("side")).as("no path of the operator's").isEqualTo("source");
        assertThat(Entrance.key("the-token")).as("what stands in front sees it").doesNotContain("the-token");
    }

    @Test
    void itIsAskedBesideAndOnceAtATime() {
        var asked = new AtomicInteger();
        var answer = new CountDownLatch(1);
        var fault = new Fault("bodies", Severity.Action, "It refuses them.");
        var questions = new EntranceQuestions((entrance, about) -> {
            asked.incrementAndGet();
            await(answer);
            return List.of(fault);
        });
        var entrance = entrance(EdgeWithSides.DOMAIN);
        assertThat(questions.ask("uid", entrance)).isEmpty();
        assertThat(questions.ask("uid", entrance)).isEmpty();
        Awaitility.await().until(() -> asked.get() == 1);
        answer.countDown();
        Awaitility.await().untilAsserted(() -> assertThat(questions.ask("uid", entrance)).isEqualTo(Optional.of(List.of(fault))));
        assertThat(asked).hasValue(1);

        var broken = new EntranceQuestions((another, about) -> {
            throw new IllegalStateException("a fault of ours");
        });
        Awaitility.await().untilAsserted(() -> assertThat(broken.ask("uid", entrance)).hasValueSatisfying(found -> assertThat(found).singleElement().satisfies(one -> assertThat(one.message()).contains("could not be found out", "a fault of ours"))));
    }

    private static Entrance at(String... addresses) {
        return new Entrance("Ingress example-social-front", Map.of("example.social", new FrontAddress.Fixed(List.of(addresses))), "example.social", "example.social", "key");
    }

    private static List<Fault> answer(EntranceQuestions questions, Entrance entrance) {
        return Awaitility.await().until(() -> questions.ask("uid", entrance), Optional::isPresent).orElseThrow();
    }

    /** In the status of an Ingress they come now in this order, now in that. */
    @Test
    void theSameAddressesInAnotherOrderAreTheSameEntrance() {
        var asked = new AtomicInteger();
        var answer = new CountDownLatch(1);
        var questions = new EntranceQuestions((entrance, about) -> {
            asked.incrementAndGet();
            await(answer);
            return List.of();
        });
        assertThat(questions.ask("uid", at("203.0.113.7", "203.0.113.8"))).isEmpty();
        Awaitility.await().until(() -> asked.get() == 1);
        assertThat(questions.ask("uid", at("203.0.113.8", "203.0.113.7"))).isEmpty();
        answer.countDown();
        assertThat(answer(questions, at("203.0.113.7", "203.0.113.8"))).isEmpty();
        assertThat(asked).as("none was begun anew").hasValue(1);
        assertThat(at("203.0.113.8", "203.0.113.7").where()).isEqualTo(at("203.0.113.7", "203.0.113.8").where());
    }

    private static void await(CountDownLatch answer) {
        try {
            answer.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** 99 MB are not sent each half hour because websockets do not come through. */
    @Test
    void whatWasFineThereIsNotAskedAgain() {
        var asked = new ArrayList<Set<Question>>();
        var wrong = new AtomicReference<>(List.of("event-streams", "websockets"));
        var questions = new EntranceQuestions((entrance, about) -> {
            asked.add(about);
            return wrong.get().stream().map(word -> new Fault(word, Severity.Action, "It does not let them through.")).toList();
        });
        var entrance = at("203.0.113.7");
        assertThat(answer(questions, entrance)).hasSize(2);
        wrong.set(List.of("websockets"));
        assertThat(answer(questions, entrance)).hasSize(1);
        assertThat(answer(questions, entrance)).hasSize(1);
        assertThat(asked).containsExactly(ALL, Set.of(Question.EVENT_STREAMS, Question.WEBSOCKETS), Set.of(Question.WEBSOCKETS));

        asked.clear();
        answer(questions, at("203.0.113.9"));
        answer(questions, at("203.0.113.9"));
        assertThat(asked).as("of another entrance nothing is known").containsExactly(ALL, Set.of(Question.WEBSOCKETS));
        asked.clear();
        wrong.set(List.of("way"));
        answer(questions, at("203.0.113.9"));
        wrong.set(List.of());
        answer(questions, at("203.0.113.9"));
        answer(questions, at("203.0.113.9"));
        assertThat(asked).as("who leads elsewhere for a while may have become another, and who was fine was changed").containsExactly(Set.of(Question.WEBSOCKETS), ALL, ALL);
    }

    @Test
    void whatIsNotAskedIsNotTried() {
        front.manner = Manner.REFUSES_LARGE_BODIES;
        assertThat(probe.faults(entrance(EdgeWithSides.DOMAIN), Set.of(Question.WEBSOCKETS))).isEmpty();
        assertThat(probe.faults(entrance(EdgeWithSides.DOMAIN), Set.of(Question.BODIES))).extracting(Fault::about).containsExactly("bodies");
    }
}
