package dev.mastodonmigration;

import io.javaoperatorsdk.operator.Operator;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import jakarta.inject.Inject;

/** Starts the controller, which the build leaves stopped so that workers share the jar, and waits for the end. */
public class OperatorApplication implements QuarkusApplication {
    @Inject
    Operator operator;

    @Override
    public int run(String... args) {
        operator.start();
        Quarkus.waitForExit();
        return 0;
    }
}
