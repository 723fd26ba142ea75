package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.target.aws.AwsConfig;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** The settings of an operator whose AWS is a stand-in, in which nothing takes time. */
record FlowAws(Optional<URI> endpoint) implements AwsConfig {
    @Override
    public Duration looksApart() {
        return Duration.ZERO;
    }
}
