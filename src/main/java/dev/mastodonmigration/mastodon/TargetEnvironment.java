package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Mastodon's environment on the target: what makes the instance itself goes along unchanged, what described the old host is written anew.
 * One wrong key here breaks federation, sessions or two-factor logins for good (docs.joinmastodon.org/admin/config).
 */
public final class TargetEnvironment {
    /** Puma must keep connections longer than the proxy before it does (60 s is usual), else requests meet a closed one: 502. */
    private static final String PERSISTENT_TIMEOUT_SECONDS = "75";
    /** What Mastodon trusts when TRUSTED_PROXY_IP is not set; setting it replaces them, so a carried list gets them added: ingress pods live there. */
    private static final String PRIVATE_NETWORKS = "127.0.0.0/8 ::1/128 fc00::/7 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16";

    private TargetEnvironment() {}

    /**
     * Builds the environment that web, streaming and Sidekiq share.
     *
     * @param webConfig       config vars of the app that runs web and Sidekiq: the instance's identity and keys
     * @param streamingConfig config vars of the streaming app, or empty; gives only what the streaming server alone reads
     * @param targetPostgres  with user, password and database
     * @param targetRedis     {@code rediss} for TLS
     * @throws IllegalArgumentException when targetPostgres lacks user, host or database
     */
    public static SortedMap<String, String> of(Map<String, String> webConfig, Map<String, String> streamingConfig, MastodonMigrationSpec spec,
            URI targetPostgres, URI targetRedis) {
        var environment = new TreeMap<String, String>();
        streamingConfig.forEach((name, value) -> {
            if (VariableFate.isStreamingOnly(name) && VariableFate.of(name, value) == VariableFate.CARRIED) {
                environment.put(name, value);
            }
        });
        webConfig.forEach((name, value) -> {
            if (VariableFate.of(name, value) == VariableFate.CARRIED) {
                environment.put(name, value);
            }
        });
        SourceUrls.value(webConfig, "TRUSTED_PROXY_IP").ifPresent(proxies -> environment.put("TRUSTED_PROXY_IP", proxies + " " + PRIVATE_NETWORKS));
        Optional.ofNullable(spec.instance().streamingDomain()).ifPresent(domain -> environment.put("STREAMING_API_BASE_URL", "wss://" + domain));
        postgres(environment, PostgresUrl.of(targetPostgres));
        redis(environment, targetRedis);
        container(environment);
        return environment;
    }

    /** DB_SSLMODE only when the URL names one: streaming takes any value but disable and no-verify as "verify with Node's CAs" (mastodon#31774). */
    private static void postgres(Map<String, String> environment, PostgresUrl url) {
        environment.put("DB_HOST", url.host());
        environment.put("DB_PORT", String.valueOf(url.port()));
        environment.put("DB_NAME", url.database());
        environment.put("DB_USER", url.user());
        environment.put("DB_PASS", url.password());
        url.sslMode().ifPresent(mode -> environment.put("DB_SSLMODE", mode));
    }

    /** A URL, because Mastodon builds redis:// from parts whatever they say; and the Ruby driver for TLS, because hiredis has none (mastodon#19824). */
    private static void redis(Map<String, String> environment, URI url) {
        environment.put("REDIS_URL", url.toString());
        if ("rediss".equalsIgnoreCase(url.getScheme())) {
            environment.put("REDIS_DRIVER", "ruby");
        }
    }

    private static void container(Map<String, String> environment) {
        environment.put("RAILS_ENV", "production");
        environment.put("NODE_ENV", "production");
        environment.put("RAILS_SERVE_STATIC_FILES", "true");
        environment.put("BIND", "0.0.0.0");
        environment.put("PERSISTENT_TIMEOUT", PERSISTENT_TIMEOUT_SECONDS);
    }
}
