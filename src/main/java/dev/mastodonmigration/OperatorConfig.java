package dev.mastodonmigration;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** The operator's own settings, from environment variables MASTODON_MIGRATION_…: Helm sets them. */
@ConfigMapping(prefix = "mastodon-migration")
public interface OperatorConfig {
    /** Image of the worker pods: the operator's own unless set otherwise. */
    @WithDefault("mastodon-migration-operator:latest")
    String workerImage();

    /** Port on which workers serve their progress. */
    @WithDefault("8089")
    int workerPort();
}
