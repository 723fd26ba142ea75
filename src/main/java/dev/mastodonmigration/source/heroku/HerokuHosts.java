package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.net.URI;

/**
 * Where Heroku answers. Autoscaling, GitHub deploys and backups of Postgres are not part of the Platform API: Heroku has a host of its own for each, and what stands in for Heroku
 * serves all of them at one URL.
 *
 * @param platform the Platform API
 * @param metrics  knows whether Heroku scales an app by itself (heroku/cli, commands/ps/autoscale)
 * @param github   knows whether a push to GitHub deploys an app (heroku/cli, lib/pipelines); undocumented
 * @param data     knows what Heroku copies of its Postgres databases (heroku/cli, commands/pg/backups)
 */
public record HerokuHosts(URI platform, URI metrics, URI github, URI data) {
    private static final String HEROKU = "api.heroku.com";
    private static final URI METRICS = URI.create("https://api.metrics.heroku.com");
    private static final URI GITHUB = URI.create("https://kolkrabbi.heroku.com");
    private static final URI DATA = URI.create("https://api.data.heroku.com");

    /**
     * From the one URL that the operator's configuration has.
     *
     * @throws HerokuException of kind REJECTED when it is none, or when the API token would travel to Heroku in the clear
     */
    public static HerokuHosts of(String apiUrl) {
        try {
            var platform = guarded(URI.create(apiUrl.strip().replaceAll("/+$", "")));
            return platform.getHost().equals(HEROKU) ? new HerokuHosts(platform, METRICS, GITHUB, DATA) : new HerokuHosts(platform, platform, platform, platform);
        } catch (IllegalArgumentException notAUrl) {
            throw refused();
        }
    }

    /** Heroku itself is spoken to over TLS only, because the API token is sent along; what stands in for it inside a cluster or a test may have none. */
    private static URI guarded(URI api) {
        var herokus = api.getHost() != null && (api.getHost().equals("heroku.com") || api.getHost().endsWith(".heroku.com"));
        if (api.getHost() != null && api.getUserInfo() == null && ("https".equals(api.getScheme()) || "http".equals(api.getScheme()) && !herokus)) {
            return api;
        }
        throw refused();
    }

    private static HerokuException refused() {
        return new HerokuException(Kind.REJECTED, "The operator's setting MASTODON_MIGRATION_HEROKU_API_URL (heroku.apiUrl of the chart) must be an https:// URL"
                + " such as https://api.heroku.com, because the API token is sent to it. Whoever installed the operator must correct it.");
    }
}
