package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.itinerary.Specs;
import io.javaoperatorsdk.operator.Operator;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The operator in its framework, which keeps a state for each name that it has seen. */
class CreatedAgainTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration SLOW = Duration.ofSeconds(3);
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();
    @AutoClose("stop")
    private final Operator operator = new Operator(config -> config.withKubernetesClient(flow.client).withUseSSAToPatchPrimaryResource(false)
            .withCloseClientOnStop(false).checkingCRDAndValidateLocalModel(false));

    @Test
    void aResourceCreatedAgainBeforeTheFrameworkKnowsThatTheFirstIsGoneGoesItsWay() {
        operator.register(flow.operator());
        operator.start();
        flow.apply(Specs.valid());
        Awaitility.await().atMost(PATIENCE).until(() -> flow.status() != null);
        var answered = new AtomicReference<Instant>();
        flow.server.beforeAnswering((request, answer) -> {
            var isWrite = request.getMethod().equals("PUT") || request.getMethod().equals("PATCH");
            if (isWrite && request.getPath().endsWith("/" + MigrationFlow.NAME) && answered.get() == null) {
                answered.set(Instant.now().plus(SLOW));
                // Only a body can be slow here, and the answer to the last write of a deleted object has none.
                answer.setBody("{}").setBodyDelay(SLOW);
            }
        });
        flow.client.resource(flow.read()).delete();
        Awaitility.await().atMost(PATIENCE).until(() -> flow.read() == null);
        flow.apply(Specs.valid());
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(() -> flow.status() != null);
        assertThat(Instant.now()).as("the second was begun before the first was known to be gone").isBefore(answered.get());
        Awaitility.await().atMost(PATIENCE).until(() -> Instant.now().isAfter(answered.get().plusMillis(500)));

        Awaitility.await().atMost(PATIENCE).until(() -> {
            flow.jobs.play();
            return !"Preflight".equals(flow.status().phase);
        });
    }
}
