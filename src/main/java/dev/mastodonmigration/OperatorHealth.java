package dev.mastodonmigration;

import dev.mastodonmigration.election.Leadership;
import io.javaoperatorsdk.operator.Operator;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready is an operator that acts, or that waits for its turn: the framework's own check calls the latter down, and a rollout would wait for ever. */
@Readiness
@Singleton
class OperatorHealth implements HealthCheck {
    private final Operator operator;
    private final Leadership leadership;

    OperatorHealth(Operator operator, Leadership leadership) {
        this.operator = operator;
        this.leadership = leadership;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("operator").status(leadership.waits() || acts()).build();
    }

    private boolean acts() {
        var running = operator.getRuntimeInfo();
        return running.isStarted() && running.getRegisteredControllers().stream()
                .allMatch(controller -> controller.getControllerHealthInfo().unhealthyEventSources().isEmpty());
    }
}
