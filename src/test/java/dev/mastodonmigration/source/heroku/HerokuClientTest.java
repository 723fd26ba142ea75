package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.embedded.DynoRuntime;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HerokuClientTest {
    private final HerokuStub heroku = HerokuStub.start();
    private final HerokuStubApp web = heroku.createApp("example-web");
    /** For a whole test. */
    private static final Patience PATIENCE = new Patience(Duration.ofSeconds(4), Duration.ofMinutes(2));
    private final HerokuApi api = client(heroku.token(), PATIENCE);

    @BeforeEach
    void instance() {
        web.formation("web", 2, "Basic");
        web.formation("worker", 1, "Basic");
        web.config("LOCAL_DOMAIN", "example.social");
    }

    @AfterEach
    void close() {
        heroku.close();
    }

    @Test
    void readsWhatTheAppIs() {
        assertThat(api.app("example-web")).isEqualTo(new HerokuApi.App(web.id(), "example-web", false, "cedar", Optional.empty()));
        assertThat(api.configVars("example-web")).containsExactly(Map.entry("LOCAL_DOMAIN", "example.social"));
        assertThat(api.formation("example-web"))
                .containsExactlyInAnyOrder(new HerokuApi.ProcessType("web", 2, "Basic"), new HerokuApi.ProcessType("worker", 1, "Basic"));
        await().until(() -> api.dynos("example-web").size() == 3);
        assertThat(web.mutations()).isZero();
    }

    @Test
    void seesRotatedCredentialsAtTheNextRead() {
        web.config("DATABASE_URL", "postgres://old");
        var before = api.releases("example-web").getFirst().version();
        web.config("DATABASE_URL", "postgres://new");
        assertThat(api.configVars("example-web")).containsEntry("DATABASE_URL", "postgres://new");
        assertThat(api.releases("example-web")).first().satisfies(newest -> assertThat(newest.version()).isEqualTo(before + 1));
    }

    @Test
    void anAppNeverReleasedHasNoVersion() {
        heroku.createApp("fresh");
        assertThat(api.releases("fresh")).isEmpty();
    }

    @Test
    void maintenanceIsWrittenOnlyWhenItDiffers() {
        var heard = new ArrayList<Boolean>();
        web.onMaintenance(heard::add);
        api.setMaintenance("example-web", false);
        assertThat(web.writes()).isZero();
        api.setMaintenance("example-web", true);
        api.setMaintenance("example-web", true);
        assertThat(web.writes()).isEqualTo(1);
        assertThat(heard).containsExactly(true);
        assertThat(api.app("example-web").maintenance()).isTrue();
    }

    @Test
    void scalesInOneBatchAndOnlyWhatDiffers() {
        var heard = new ArrayList<Map<String, Integer>>();
        web.onFormation(heard::add);
        scale(Map.of("web", 2, "worker", 1));
        assertThat(web.writes()).isZero();
        scale(Map.of("web", 0, "worker", 0));
        scale(Map.of("web", 0, "worker", 0, "release", 0));
        api.scaleToZero("example-web");
        assertThat(web.writes()).isEqualTo(1);
        assertThat(heard).containsExactly(Map.of("web", 0, "worker", 0));
    }

    private void scale(Map<String, Integer> quantityByType) {
        api.scale("example-web", api.formation("example-web"), quantityByType);
    }

    @Test
    void scalingReadsNothingAgain() {
        var now = api.formation("example-web");
        web.refuse("GET formation", 503, "unavailable", "Not now.");
        api.scale("example-web", now, Map.of("web", 0));
        assertThat(web.formation()).containsEntry("web", 0);
    }

    @Test
    void anUnknownProcessTypeIsRejectedAndNothingIsScaled() {
        assertThatThrownBy(() -> scale(Map.of("web", 1, "wrker", 1)))
                .isInstanceOfSatisfying(HerokuException.class, e -> assertThat(e.kind()).isEqualTo(Kind.PART_NOT_FOUND))
                .hasMessageContaining("wrker").hasMessageContaining("heroku ps -a example-web");
        assertThat(web.formation()).containsEntry("web", 2);
    }

    @Test
    void aDynoStaysInTheListUntilItsProcessHasDrained() {
        await().until(() -> web.dynos().equals(List.of("web.1 up", "web.2 up", "worker.1 up")));
        var drained = new CountDownLatch(1);
        var stopping = new CopyOnWriteArrayList<String>();
        heroku.runtime(new DynoRuntime() {
            @Override
            public void start(String app, String type, int index) {
                throw new IllegalStateException("nothing starts here");
            }

            @Override
            public void stop(String app, String type, int index) {
                stopping.add(app + " " + type + "." + index);
                try {
                    drained.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        });
        scale(Map.of("worker", 0));
        await().until(() -> stopping.equals(List.of("example-web worker.1")));
        assertThat(api.dynos("example-web")).extracting(HerokuApi.Dyno::name).contains("worker.1");
        drained.countDown();
        await().until(() -> api.dynos("example-web").stream().noneMatch(dyno -> dyno.type().equals("worker")));
        assertThat(web.dynoFailures()).isEmpty();
    }

    @Test
    void aRestartedDynoIsAnotherOneOfTheSameName() {
        await().until(() -> web.dynos().contains("worker.1 up"));
        var before = web.dynoIds("worker");
        api.restart("example-web", "worker.1");
        await().until(() -> web.dynos().contains("worker.1 up") && !web.dynoIds("worker").equals(before));
        api.restart("example-web", "worker.9");
        assertThat(web.mutations()).as("one that is gone needs no restart").isEqualTo(1);
        assertThatThrownBy(() -> api.restart("unknown", "worker.1")).isInstanceOf(HerokuException.class).hasMessageContaining("unknown");
    }

    @Test
    void oneOffAndSchedulerDynosAreListed() {
        var run = web.oneOff("run", "bin/tootctl feeds build");
        scale(Map.of("web", 0, "worker", 0));
        await().until(() -> api.dynos("example-web").equals(List.of(new HerokuApi.Dyno(run, "run", "up", "bin/tootctl feeds build", web.releases().size()))));
        web.endOneOff(run);
        assertThat(api.dynos("example-web")).isEmpty();
    }

    @Test
    void readsLongListsPageByPage() {
        heroku.pageSize(2);
        for (int i = 0; i < 9; i++) {
            web.formation("type" + i, i, "Basic");
        }
        assertThat(api.formation("example-web")).hasSize(11).extracting(HerokuApi.ProcessType::type).doesNotHaveDuplicates();
        for (int i = 0; i < 12; i++) {
            web.config("VAR", "value " + i);
        }
        assertThat(api.releases("example-web")).first().satisfies(newest -> assertThat(newest.version()).isEqualTo(13));
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, names = {"RATE_LIMITED", "UNAVAILABLE", "CUT_OFF"})
    void bearsAShortFaultAndGivesUpOnALongOne(Fault fault) {
        heroku.failNext(2, fault);
        api.setMaintenance("example-web", true);
        assertThat(web.mutations()).isEqualTo(1);

        heroku.failNext(50, fault);
        var calls = heroku.calls();
        var refused = refusal(() -> api.app("example-web"));
        assertThat(refused.kind()).isEqualTo(fault == Fault.RATE_LIMITED ? Kind.RATE_LIMITED : Kind.UNAVAILABLE);
        assertThat(refused.retryable()).isTrue();
        assertThat(refused).hasMessageContaining("example-web").hasMessageContaining("tries again");
        // The JDK's own client sends a cut-off GET once more by itself.
        assertThat(heroku.calls() - calls).isBetween(3, 6);
    }

    @Test
    void anExhaustedAccountIsRateLimited() {
        heroku.rateLimitRemaining(1);
        assertThat(refusal(() -> api.dynos("example-web")).kind()).isEqualTo(Kind.RATE_LIMITED);
    }

    @Test
    void aRevokedTokenNamesTheAppAndTheFixAndIsNotTriedAgain() {
        var old = heroku.token();
        heroku.revokeToken();
        var calls = heroku.calls();
        var refused = refusal(() -> api.dynos("example-web"));
        assertThat(refused.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(refused.retryable()).isFalse();
        assertThat(refused).hasMessageContaining("example-web").hasMessageContaining("apiTokenSecretRef").hasMessageNotContaining(old);
        assertThat(heroku.calls() - calls).isEqualTo(1);
    }

    @Test
    void aMissingAppIsNamed() {
        var refused = refusal(() -> api.setMaintenance("exmaple-web", true));
        assertThat(refused.kind()).isEqualTo(Kind.NOT_FOUND);
        assertThat(refused.retryable()).isFalse();
        assertThat(refused).hasMessageContaining("exmaple-web").hasMessageContaining("spec.source.heroku");
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, names = {"NOT_JSON", "ANOTHER_SHAPE"})
    void aStrangersAnswerIsNotTakenForHerokus(Fault fault) {
        var reads = List.<ThrowingCallable>of(() -> api.dynos("example-web"), () -> api.formation("example-web"), () -> api.configVars("example-web"),
                () -> api.app("example-web"), () -> api.releases("example-web"));
        for (var read : reads) {
            heroku.failNext(1, fault);
            assertThat(refusal(read).kind()).isEqualTo(Kind.UNAVAILABLE);
        }
    }

    @Test
    void noAnswerInTimeIsUnavailable() {
        heroku.failNext(3, Fault.SLOW);
        var hasty = client(heroku.token(), new Patience(Duration.ofSeconds(1), Duration.ofSeconds(30)));
        var refused = refusal(() -> hasty.app("example-web"));
        assertThat(refused.kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(refused).hasMessageContaining("no answer within 1 seconds");
    }

    @Test
    void noServerIsUnavailable() throws IOException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        var nobody = new HerokuClient(HerokuHosts.of("http://127.0.0.1:" + port), "secret-token");
        var refused = refusal(() -> nobody.app("example-web"));
        assertThat(refused.kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(refused).hasMessageContaining("no connection to 127.0.0.1").hasMessageNotContaining("secret-token");
    }

    @Test
    void anInterruptedCallEndsAtOnceAndStaysInterrupted() throws InterruptedException {
        heroku.failNext(1, Fault.SLOW);
        var seen = new AtomicReference<HerokuException>();
        var interrupted = new CompletableFuture<Boolean>();
        var calls = heroku.calls();
        var caller = Thread.ofPlatform().start(() -> {
            seen.set(refusal(() -> api.app("example-web")));
            interrupted.complete(Thread.currentThread().isInterrupted());
        });
        await().until(() -> heroku.calls() > calls);
        caller.interrupt();
        caller.join(Duration.ofSeconds(5));
        assertThat(interrupted).isCompletedWithValue(true);
        assertThat(seen.get()).hasMessageContaining("stopping");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "two words", "line\nbreak", "ümlaut"})
    void aTokenThatCannotBeOneIsRefusedWithoutBeingQuoted(String token) {
        assertThatThrownBy(() -> client(token, PATIENCE)).isInstanceOfSatisfying(HerokuException.class, e -> {
            assertThat(e.kind()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(e.getMessage()).doesNotContain("words").doesNotContain("break").doesNotContain("mlaut");
        });
    }

    @Test
    void aTokenWithANewlineAtItsEndWorks() {
        assertThat(client(heroku.token() + "\n", PATIENCE).app("example-web").name()).isEqualTo("example-web");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://api.heroku.com", "ftp://127.0.0.1", "api.heroku.com", "https:///apps", "https://somebody:else@example.net", "no URL at all"})
    void theTokenNeverTravelsInTheClear(String url) {
        assertThatThrownBy(() -> HerokuHosts.of(url)).isInstanceOf(HerokuException.class).hasMessageContaining("https").hasMessageContaining("MASTODON_MIGRATION_HEROKU_API_URL");
    }

    @Test
    void herokusOwnServicesHaveHostsOfTheirOwnAndAStandInServesAll() {
        assertThat(HerokuHosts.of("https://api.heroku.com/")).isEqualTo(
                new HerokuHosts(URI.create("https://api.heroku.com"), URI.create("https://api.metrics.heroku.com"), URI.create("https://kolkrabbi.heroku.com"), URI.create("https://api.data.heroku.com")));
        var standIn = URI.create("http://heroku.test:8080");
        assertThat(HerokuHosts.of("http://heroku.test:8080")).isEqualTo(new HerokuHosts(standIn, standIn, standIn, standIn));
    }

    @Test
    void anAppThatIsBusyWithAReleaseIsAskedAgain() {
        heroku.busyAfterRelease(2);
        web.config("SMTP_SERVER", "smtp.example.net");
        api.setMaintenance("example-web", true);
        assertThat(web.maintenance()).isTrue();

        heroku.busyAfterRelease(50);
        web.config("SMTP_SERVER", "smtp2.example.net");
        var refused = refusal(() -> api.scaleToZero("example-web"));
        assertThat(refused.kind()).isEqualTo(Kind.BUSY);
        assertThat(refused.mayPass()).isTrue();
        assertThat(refused).hasMessageContaining("release of app example-web");
    }

    /** Heroku sends one id with several statuses. */
    @ParameterizedTest
    @CsvSource({"400, confirmation_required, REJECTED, false", "423, confirmation_required, REJECTED, false", "409, confirmation_required, REJECTED, false",
        "422, multiple_matches, REJECTED, false", "403, two_factor, FORBIDDEN, false", "402, forbidden, FORBIDDEN, false", "400, rate_limit, RATE_LIMITED, true",
        "409, conflict, BUSY, true", "503, maintenance, UNAVAILABLE, true", "404, not_found, NOT_FOUND, false", "418, teapot, REJECTED, false"})
    void aRefusalIsToldByItsIdAndBeforeItsStatus(int status, String id, Kind kind, boolean mayPass) {
        web.refuse("PATCH formation", status, id, "No.");
        var refused = refusal(() -> api.scaleToZero("example-web"));
        assertThat(refused.kind()).isEqualTo(kind);
        assertThat(refused.mayPass()).isEqualTo(mayPass);
        assertThat(refused).hasMessageContaining("example-web").hasMessageContaining(id + ": No");
    }

    @Test
    void aStoppedOneOffDynoGoesAndOneThatIsGoneNeedsNoStop() {
        var run = web.oneOff("run", "bin/tootctl feeds build");
        api.stop("example-web", run);
        await().until(() -> !web.aliveDynos().contains(run));
        api.stop("example-web", run);
        assertThat(web.mutations()).isEqualTo(1);
        assertThatThrownBy(() -> api.stop("unknown", run)).isInstanceOf(HerokuException.class).hasMessageContaining("unknown");
    }

    @Test
    void aDynoMayLeaveTheListWhileItRunsOn() {
        await().until(() -> web.dynos().equals(List.of("web.1 up", "web.2 up", "worker.1 up")));
        heroku.unlistDynosAtSigterm();
        heroku.delays(Duration.ZERO, Duration.ofMinutes(1));
        api.scaleToZero("example-web");
        await().until(() -> api.dynos("example-web").isEmpty());
        assertThat(web.aliveDynos()).containsExactly("web.1", "web.2", "worker.1");
    }

    @Test
    void dynosTakeAsLongToStopAsTheStubWasTold() {
        await().until(() -> web.dynos().equals(List.of("web.1 up", "web.2 up", "worker.1 up")));
        heroku.delays(Duration.ZERO, Duration.ofMillis(300), Duration.ofMillis(600), 1);
        var asked = System.nanoTime();
        api.scaleToZero("example-web");
        await().pollInterval(Duration.ofMillis(10)).until(() -> web.aliveDynos().isEmpty());
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isBetween(Duration.ofMillis(300), Duration.ofSeconds(3));
    }

    @Test
    void aClientAnswersWithinItsPatienceWhateverItIsAsked() {
        heroku.slowness(Duration.ofMillis(700));
        heroku.failNext(50, Fault.SLOW);
        var hasty = client(heroku.token(), new Patience(Duration.ofSeconds(1), Duration.ofSeconds(2)));
        var asked = System.nanoTime();
        var refused = refusal(() -> {
            for (int i = 0; i < 10; i++) {
                hasty.app("example-web");
            }
        });
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(3));
        assertThat(refused.mayPass()).isTrue();
    }

    private HerokuClient client(String token, Patience patience) {
        return new HerokuClient(HerokuHosts.of(heroku.url().toString()), token, patience);
    }

    private static HerokuException refusal(ThrowingCallable call) {
        var refused = catchThrowableOfType(HerokuException.class, call);
        assertThat(refused).as("a HerokuException").isNotNull();
        return refused;
    }
}
