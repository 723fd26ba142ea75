package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Mastodon's environment on the target: what makes the instance itself goes along unchanged, what described the old host is written anew.
 * One wrong key here breaks federation, sessions or two-factor logins for good (docs.joinmastodon.org/admin/config).
 */
public final class MastodonEnvironment {
    /**
     * Certificates in PEM form, with which those of the target's servers are signed: whoever runs Mastodon writes this variable's value to {@link #CA_FILE},
     * because each of its libraries wants a file, and keeps it out of the processes' own environment: Linux allows 128 KiB a variable, and RDS's bundle has more.
     * Not set where the system's certificates do.
     */
    public static final String CA_CERTIFICATES = "MIGRATION_CA_CERTIFICATES";
    public static final String CA_FILE = "/etc/mastodon-migration/ca/ca.pem";
    /** The system's own in Mastodon's images, which are Debian with ca-certificates. libpq looks at no file of the system's by itself, and its "system" is new in version 16. */
    private static final String SYSTEM_CA_FILE = "/etc/ssl/certs/ca-certificates.crt";
    private static final String VERIFY_CA = "verify-ca";
    private static final String VERIFY_FULL = "verify-full";
    /** Puma must keep connections longer than the proxy before it does (60 s is usual), else requests meet a closed one: 502. */
    private static final String PERSISTENT_TIMEOUT_SECONDS = "75";
    /** What Mastodon trusts when TRUSTED_PROXY_IP is not set; setting it replaces them, so a carried list gets them added: ingress pods live there. */
    private static final String PRIVATE_NETWORKS = "127.0.0.0/8 ::1/128 fc00::/7 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16";

    private MastodonEnvironment() {}

    /**
     * Builds the environment that web, streaming and Sidekiq share.
     *
     * @param source      the web app's variables give the instance's identity and keys, the streaming app's only what the streaming server alone reads
     * @param postgresUrl with user, password and database
     * @param postgresCa  in PEM form; its presence means that the server and its name are verified
     * @param redisUrl    {@code rediss} for TLS, which is always verified
     * @param redisCa     in PEM form
     * @throws IllegalArgumentException when postgresUrl lacks user, host or database
     */
    public static SortedMap<String, String> of(SourceEnvironment source, MastodonMigrationSpec spec, String postgresUrl, Optional<String> postgresCa,
            String redisUrl, Optional<String> redisCa) {
        var environment = new TreeMap<String, String>();
        source.streaming().forEach((name, value) -> {
            if (VariableFate.isStreamingOnly(name) && VariableFate.of(name, value) == VariableFate.CARRIED) {
                environment.put(name, value);
            }
        });
        source.web().forEach((name, value) -> {
            if (VariableFate.of(name, value) == VariableFate.CARRIED) {
                environment.put(name, value);
            }
        });
        SourceUrls.value(source.web(), "TRUSTED_PROXY_IP").ifPresent(proxies -> environment.put("TRUSTED_PROXY_IP", proxies + " " + PRIVATE_NETWORKS));
        Optional.ofNullable(spec.instance().streamingDomain()).ifPresent(domain -> environment.put("STREAMING_API_BASE_URL", "wss://" + domain));
        postgres(environment, PostgresUrl.of(URI.create(postgresUrl)), postgresCa);
        redis(environment, URI.create(redisUrl), redisCa);
        certificates(environment, postgresCa, redisCa);
        container(environment);
        return environment;
    }

    /**
     * DB_SSLMODE only when the URL or a CA asks for it: streaming takes any value but disable and no-verify as "verify with Node's CAs" (mastodon#31774).
     * Mastodon has no variable for the CA (config/database.yml), libpq has: PGSSLROOTCERT, which makes even sslmode=require verify the CA
     * (postgresql.org/docs/current/libpq-ssl.html), so it stands only where verifying is asked for.
     */
    private static void postgres(Map<String, String> environment, PostgresUrl url, Optional<String> ca) {
        environment.put("DB_HOST", url.host());
        environment.put("DB_PORT", String.valueOf(url.port()));
        environment.put("DB_NAME", url.database());
        environment.put("DB_USER", url.user());
        environment.put("DB_PASS", url.password());
        var mode = ca.isPresent() ? Optional.of(url.sslMode().filter(VERIFY_CA::equals).orElse(VERIFY_FULL)) : url.sslMode();
        mode.ifPresent(value -> environment.put("DB_SSLMODE", value));
        mode.filter(value -> value.equals(VERIFY_CA) || value.equals(VERIFY_FULL)).ifPresent(value -> environment.put("PGSSLROOTCERT", ca.isPresent() ? CA_FILE : SYSTEM_CA_FILE));
    }

    /**
     * A URL, because Mastodon builds redis:// from parts whatever they say; and the Ruby driver for TLS, because hiredis has none (mastodon#19824).
     * That driver verifies with OpenSSL's default store (redis-client, lib/redis_client/ruby_connection.rb: SSLContext#set_params), whose file is SSL_CERT_FILE; its
     * directory stays the system's, so that federation still trusts whom it trusted: the smoke test looks whether the image has that directory.
     */
    private static void redis(Map<String, String> environment, URI url, Optional<String> ca) {
        environment.put("REDIS_URL", url.toString());
        if ("rediss".equalsIgnoreCase(url.getScheme())) {
            environment.put("REDIS_DRIVER", "ruby");
            ca.ifPresent(pem -> environment.put("SSL_CERT_FILE", CA_FILE));
        }
    }

    /** One file for both servers, because Node reads only one beside its own (nodejs.org/api/cli.html, NODE_EXTRA_CA_CERTS). */
    private static void certificates(Map<String, String> environment, Optional<String> postgresCa, Optional<String> redisCa) {
        var pem = Stream.of(postgresCa, redisCa).flatMap(Optional::stream).map(String::strip).distinct().collect(Collectors.joining("\n"));
        if (!pem.isEmpty()) {
            environment.put(CA_CERTIFICATES, pem + "\n");
            environment.put("NODE_EXTRA_CA_CERTS", CA_FILE);
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
