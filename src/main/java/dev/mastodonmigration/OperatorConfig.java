package dev.mastodonmigration;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.List;
import java.util.Optional;

/** The operator's own settings, from environment variables MASTODON_MIGRATION_…: Helm sets them. */
@ConfigMapping(prefix = "mastodon-migration")
public interface OperatorConfig {
    /** Image of the worker pods: the operator's own unless set otherwise. */
    @WithDefault("mastodon-migration-operator:latest")
    String workerImage();

    /** Names of Secrets with which the worker image is pulled. */
    Optional<List<String>> workerImagePullSecrets();

    /** Port on which workers serve their progress. */
    @WithDefault("8089")
    int workerPort();

    /** Base URL of Heroku's Platform API. The operator's, so that no resource can have a Secret's content sent to a host of its choice. */
    @WithDefault("https://api.heroku.com")
    String herokuApiUrl();

    /** Stands in for Heroku's router, which the edge passes requests on to, in tests. Left out: the name that Heroku has for each domain. */
    Optional<String> herokuRouterUrl();

    /** The only name server that is ever asked, of whatever zone, as 127.0.0.1:5353, in tests. Left out: those of each zone. */
    Optional<String> nameServer();

    /** Stands in, in tests, for whatever is asked over TLS once the instance has moved: a load balancer, or where its public names lead. Left out: these themselves. */
    Optional<String> frontUrl();
}
