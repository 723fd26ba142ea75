package dev.mastodonmigration.target.aws;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** Where AWS is, from environment variables MASTODON_MIGRATION_AWS_…: the operator's, so that no resource can have credentials sent to a host of its choice. */
@ConfigMapping(prefix = "mastodon-migration.aws")
public interface AwsConfig {
    /** Base URL of every AWS service, for tests. Default: AWS's own of the region. */
    Optional<URI> endpoint();

    /** How far apart looks at something new must be to count: it is believed to be ready when several in a row say so. Shorter for tests alone. */
    @WithDefault("10s")
    Duration looksApart();
}
