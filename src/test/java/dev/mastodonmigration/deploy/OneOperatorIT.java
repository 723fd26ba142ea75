package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.EmbeddedApiServer;
import dev.mastodonmigration.embedded.OperatorProcess;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two packaged operators, one API server: what each of them sends there is recorded. */
class OneOperatorIT {
    private static final String NAMESPACE = "mastodon";
    private static final String EXAMPLE = read(Path.of("deploy/examples/migration.yaml"));
    private static final int PROBES = 4;
    private final EmbeddedApiServer server = EmbeddedApiServer.start();
    private Recorded first;
    private Recorded second;
    private int migrations;

    @BeforeEach
    void start(@TempDir Path directory) {
        first = new Recorded("first", directory);
        first.operator.awaitReady();
        second = new Recorded("second", directory);
        second.operator.awaitReady();
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
        server.close();
    }

    @Test
    void oneActsAndTheOtherFollowsWhenItIsKilledAndAtOnceWhenItStops() {
        awaitLookedAt(aMigration());
        assertThat(first.writes()).isNotEmpty();
        assertThat(second.writes()).as("it waits").isEmpty();

        first.operator.kill();
        var killed = Instant.now();
        awaitLookedAt(aMigration());
        assertThat(Duration.between(killed, Instant.now())).isLessThan(Duration.ofSeconds(9)); // 6 s at most, and what a busy machine adds
        assertThat(second.writes()).isNotEmpty();

        first.proxy.forget();
        first.operator.restart();
        first.operator.awaitReady();
        awaitLookedAt(aMigration());
        assertThat(first.writes()).as("it waits now").isEmpty();

        var before = holder();
        second.operator.stop();
        assertThat(holder()).as("the Lease was let go; its log: %s", second.operator.logTail(10)).isNotEqualTo(before);
        awaitLookedAt(aMigration());
        assertThat(first.writes()).isNotEmpty();
    }

    @Test
    void anOperatorThatWasAsleepWritesNothingOnceAnotherActsAndEnds() {
        var migration = aMigration();
        awaitLookedAt(migration);
        // At rest: what is being sent when it falls asleep cannot be called back, and is fenced by its resourceVersion alone.
        Awaitility.await("the first has told all that it had to say").atMost(Duration.ofSeconds(30)).until(() -> server.client().v1().events().inNamespace(NAMESPACE).list().getItems().stream()
                .anyMatch(event -> event.getReason().equals("Stalled") && event.getInvolvedObject().getName().equals(migration.getMetadata().getName())));
        first.operator.pause();
        awaitLookedAt(aMigration());
        first.proxy.forget();
        second.proxy.forget();
        first.operator.resume();
        var next = aMigration();
        Awaitility.await("the operator that lost its Lease ends").atMost(Duration.ofSeconds(5)).until(() -> !first.operator.isAlive());
        awaitLookedAt(next);
        assertThat(first.writes()).as(first.operator.logTail(20)).isEmpty();
        assertThat(second.writes()).isNotEmpty();
        assertThat(first.operator.logTail(100)).contains("so that no two act at once");
    }

    @Test
    void anOperatorWhoseLeaseIsNotRenewedInTimeEndsItselfAndActsAtOnceWhenItsContainerIsStartedAgain() {
        second.operator.kill();
        first.operator.keptRunning();
        awaitLookedAt(aMigration());
        server.beforeAnswering((request, answer) -> {
            if (request.getMethod().equals("PUT") && request.getPath().contains("/leases/") && first.operator.restarts().isEmpty()) {
                LockSupport.parkNanos(Duration.ofSeconds(2).toNanos());
            }
        });
        Awaitility.await("started again").atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(first.operator.restarts()).as("its log: %s", first.operator.logTail(40)).isNotEmpty());
        awaitLookedAt(aMigration());
        assertThat(first.operator.restarts()).singleElement().asString().contains("could not be renewed");
    }

    @Test
    void anOrderlyStopWaitsForTheStepThatRuns() throws InterruptedException {
        var written = new CountDownLatch(2); // the second write of status has its event behind it
        server.beforeAnswering((request, answer) -> {
            if (request.getMethod().equals("PUT") && request.getPath().endsWith("/status") && written.getCount() > 0) {
                written.countDown();
                if (written.getCount() == 0) {
                    LockSupport.parkNanos(Duration.ofSeconds(1).toNanos()); // a slow API server; slower, and the Lease runs out, which is another story
                }
            }
        });
        aMigration();
        written.await();
        first.operator.stop();
        assertThat(first.writes()).as("what the step does after that write; its log: %s", first.operator.logTail(60)).anyMatch(request -> request.endsWith("/events"));
        assertThat(first.operator.logTail(100)).doesNotContain("Exception");
    }

    /** The kubelet's probes come as soon as the port is open: what a request makes is closed with the server, before the last step. It takes one in the right instant, hence so many. */
    @Test
    void probesFromItsFirstMomentOnLeaveItItsConnectionsUntilItsEnd() {
        second.operator.kill();
        first.operator.kill();
        try (var probes = Executors.newFixedThreadPool(PROBES)) {
            var ready = Stream.generate(() -> probes.submit(first.operator::probeUntilReady)).limit(PROBES).toList();
            first.operator.restart();
            assertThat(ready).allSatisfy(probe -> assertThat(probe).succeedsWithin(Duration.ofSeconds(60)));
        }
        awaitLookedAt(aMigration());
        first.operator.stop();
        assertThat(first.operator.logTail(100)).doesNotContain("Client is closed");
        assertThat(holder()).as("let go").isEmpty();
    }

    @Test
    void theLogIsOursAndSaysWhoActs() {
        awaitLookedAt(aMigration());
        assertThat(first.operator.logTail(100).lines().filter(line -> line.contains(" INFO ") || line.contains(" WARN "))).isNotEmpty()
                .allMatch(line -> line.contains("[d.m."));
        assertThat(second.operator.logTail(100)).contains("acts; this operator takes over when it ends.");
    }

    private Optional<String> holder() {
        return Optional.ofNullable(server.client().leases().inNamespace(NAMESPACE).withName("mastodon-migration-operator").get().getSpec().getHolderIdentity());
    }

    private MastodonMigration aMigration() {
        var migration = Serialization.unmarshal(EXAMPLE, MastodonMigration.class);
        migration.getMetadata().setName("migration-" + ++migrations);
        return server.client().resource(migration).create();
    }

    private void awaitLookedAt(MastodonMigration migration) {
        Awaitility.await(migration.getMetadata().getName() + " looked at").atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(50))
                .until(() -> server.client().resource(migration).get().getStatus() != null);
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Recorded implements AutoCloseable {
        private final RecordingProxy proxy = RecordingProxy.to(URI.create(server.url()).getPort());
        private final OperatorProcess operator;

        Recorded(String name, Path directory) {
            operator = OperatorProcess.start(server, NAMESPACE, Map.of("QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL", proxy.url()), directory.resolve(name + ".log"));
        }

        /** What it wrote, but for the Lease. */
        List<String> writes() {
            return proxy.requests().stream().filter(request -> !request.startsWith("GET ") && !request.contains("/leases")).sorted().toList();
        }

        @Override
        public void close() {
            operator.close();
            proxy.close();
        }
    }
}
