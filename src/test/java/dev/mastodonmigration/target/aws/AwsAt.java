package dev.mastodonmigration.target.aws;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** The settings of an operator whose AWS is a stand-in, and which looks as often as at the real one. */
record AwsAt(Optional<URI> endpoint) implements AwsConfig {
    AwsAt(URI endpoint) {
        this(Optional.of(endpoint));
    }

    @Override
    public Duration looksApart() {
        return Duration.ofSeconds(10);
    }
}
