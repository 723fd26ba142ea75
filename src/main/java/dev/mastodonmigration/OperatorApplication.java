package dev.mastodonmigration;

import dev.mastodonmigration.election.Leadership;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationService;
import io.javaoperatorsdk.operator.processing.Controller;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.util.concurrent.TimeUnit;

/** Starts the controller, which the build leaves stopped so that workers share the jar, when no other operator acts, and waits for the end. */
public class OperatorApplication implements QuarkusApplication {
    /** Kubernetes gives a pod 30 s to end. */
    private static final int LONGEST_STEP_SECONDS = 20;

    @Inject
    Operator operator;
    @Inject
    ConfigurationService framework;
    @Inject
    Leadership leadership;

    @Override
    public int run(String... args) {
        leadership.await(operator::start);
        Quarkus.waitForExit();
        return 0;
    }

    /** Here, and not after the wait: by then the parts are being closed. */
    void stop(@Observes ShutdownEvent event) {
        if (operator.getRuntimeInfo().isStarted()) {
            finishSteps();
            operator.stop();
        }
        leadership.letGo();
    }

    /** The framework's own stop interrupts a step in its middle. */
    private void finishSteps() {
        operator.getRegisteredControllers().forEach(controller -> ((Controller<?>) controller).stop());
        var steps = framework.getExecutorServiceManager().reconcileExecutorService();
        steps.shutdown();
        try {
            steps.awaitTermination(LONGEST_STEP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
