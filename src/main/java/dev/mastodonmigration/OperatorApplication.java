package dev.mastodonmigration;

import dev.mastodonmigration.election.Leadership;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationService;
import io.javaoperatorsdk.operator.processing.Controller;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Starts the controller, which the build leaves stopped so that workers share the jar, when no other operator acts, and waits for the end. */
public class OperatorApplication implements QuarkusApplication {
    private static final Logger LOG = Logger.getLogger(OperatorApplication.class);
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

    /**
     * Makes this and all that it needs before the HTTP server opens. A client that is made while a probe is answered belongs to that server, and is closed
     * with it: before the last step has ended.
     */
    void make(@Observes StartupEvent event) {}

    /** Here, and not after the wait: by then the parts are being closed. */
    void stop(@Observes ShutdownEvent event) {
        var finished = true;
        if (operator.getRuntimeInfo().isStarted()) {
            finished = finishSteps();
            operator.stop();
        }
        if (finished) {
            leadership.letGo();
        } else {
            LOG.warnf("A step of a migration had not ended after %d s; the next operator acts when the Lease has run out.", LONGEST_STEP_SECONDS);
        }
    }

    /** Whether all of them ended; the framework's own stop interrupts a step in its middle. */
    private boolean finishSteps() {
        operator.getRegisteredControllers().forEach(controller -> ((Controller<?>) controller).stop());
        var steps = framework.getExecutorServiceManager().reconcileExecutorService();
        steps.shutdown();
        try {
            return steps.awaitTermination(LONGEST_STEP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
