package dev.mastodonmigration.mastodon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MastodonEnvironmentTest {
    @Test
    void identityKeysMediaAndMailGoAlongUnchanged() {
        var source = Example.web();
        var carried = source.keySet().stream().filter(name -> !name.equals("DATABASE_URL") && !name.equals("REDIS_URL")).toList();
        assertThat(Example.environment()).containsAllEntriesOf(source.entrySet().stream().filter(entry -> carried.contains(entry.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ALTERNATE_DOMAINS", "OTP_SECRET", "S3_ALIAS_HOST", "CDN_HOST", "EXTRA_MEDIA_HOSTS", "BULK_SMTP_SERVER", "AUTHORIZED_FETCH", "LIMITED_FEDERATION_MODE",
        "WHITELIST_MODE", "ES_ENABLED", "OIDC_CLIENT_SECRET", "CACHE_BUSTER_ENABLED", "GITHUB_REPOSITORY", "SOURCE_BASE_URL", "WEB_CONCURRENCY", "MAX_THREADS", "MIN_THREADS",
        "RAILS_LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT", "MASTODON_PROMETHEUS_EXPORTER_ENABLED", "MAX_TOOT_CHARS", "PGHERO_USERNAME", "TZ"})
    void settingsAndForkExtrasGoAlongUnchanged(String name) {
        assertThat(Example.environment(name, "a value, with = and \"quotes\"")).containsEntry(name, "a value, with = and \"quotes\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEROKU", "HEROKU_APP_NAME", "HEROKU_POSTGRESQL_TEAL_URL", "RUN_STREAMING", "REDISCLOUD_URL", "PGSSLMODE", "PGSSLROOTCERT", "PGHOST", "LANG", "RACK_ENV",
        "BUNDLE_WITHOUT", "BUILDPACK_URL", "LD_PRELOAD", "PATH", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "MIGRATION_CA_CERTIFICATES", "PORT", "SOCKET", "DYNO", "SELF_DESTRUCT", "DATABASE_URL", "PRIMARY_DATABASE_URL",
        "REPLICA_DATABASE_URL", "REPLICA_DB_NAME", "REDIS_NAMESPACE", "REDIS_HOST", "REDIS_PASSWORD", "SIDEKIQ_REDIS_URL", "SIDEKIQ_REDIS_HOST", "CACHE_REDIS_URL", "REDIS_SENTINELS",
        "DB_POOL", "PREPARED_STATEMENTS", "SIDEKIQ_CONCURRENCY", "not a name"})
    void whatDescribesTheOldHostStaysBehind(String name) {
        assertThat(Example.environment(name, "x")).doesNotContainKey(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres://u:p@ec2.example.com/d1", "postgresql://u:p@h/d", "redis://h:1", "rediss://h:1", " POSTGRES://u:p@h/d"})
    void noUrlOfAnOldDatabaseGoesAlongUnderAnyName(String url) {
        assertThat(Example.environment("FOLLOWER", url)).doesNotContainKey("FOLLOWER").doesNotContainValue(url);
    }

    @Test
    void postgresIsGivenInPartsDecodedAndWithoutAUrl() {
        assertThat(Example.environment()).containsEntry("DB_HOST", "db.example.net").containsEntry("DB_PORT", "5433").containsEntry("DB_NAME", "mastodon_production")
                .containsEntry("DB_USER", "mastodon").containsEntry("DB_PASS", "p@ss:word").doesNotContainKeys("DATABASE_URL", "DB_SSLMODE");
    }

    @Test
    void aPlusSignInAPasswordStaysOne() {
        assertThat(of("postgres://u:a+b%2Bc%20d@h/d", "redis://h")).containsEntry("DB_PASS", "a+b+c d").containsEntry("DB_PORT", "5432");
    }

    @Test
    void tlsOfPostgresIsAskedForOnlyWhenTheTargetSaysSo() {
        assertThat(of("postgres://u:p@h/d?connect_timeout=5&sslmode=require", "redis://h")).containsEntry("DB_SSLMODE", "require");
        assertThat(Example.environment("DB_SSLMODE", "require", "PGSSLMODE", "require")).doesNotContainKeys("DB_SSLMODE", "PGSSLMODE");
    }

    @Test
    void tlsOfRedisNeedsTheRubyDriver() {
        assertThat(of("postgres://u:p@h/d", "rediss://:p@cache:6379")).containsEntry("REDIS_URL", "rediss://:p@cache:6379").containsEntry("REDIS_DRIVER", "ruby");
        assertThat(Example.environment("REDIS_DRIVER", "ruby")).containsEntry("REDIS_URL", Example.REDIS.toString()).doesNotContainKey("REDIS_DRIVER");
    }

    @Test
    void theContainersSettingsReplaceTheDynos() {
        assertThat(Example.environment("RAILS_ENV", "staging", "BIND", "127.0.0.1", "PERSISTENT_TIMEOUT", "5", "RAILS_SERVE_STATIC_FILES", "enabled", "NODE_ENV", "x"))
                .containsEntry("RAILS_ENV", "production").containsEntry("NODE_ENV", "production").containsEntry("BIND", "0.0.0.0")
                .containsEntry("PERSISTENT_TIMEOUT", "75").containsEntry("RAILS_SERVE_STATIC_FILES", "true");
    }

    @Test
    void streamingMovesToTheDomainOfTheSpecAndNeverStaysOnHeroku() {
        assertThat(Example.environment("STREAMING_API_BASE_URL", "wss://example-streaming.herokuapp.com"))
                .containsEntry("STREAMING_API_BASE_URL", "wss://streaming.example.social");
        var spec = Example.migration("    streamingDomain: streaming.example.social ", "    # ").getSpec();
        assertThat(MastodonEnvironment.of(new SourceEnvironment(Example.web("STREAMING_API_BASE_URL", "wss://example-streaming.herokuapp.com"), Map.of()), spec,
                Example.POSTGRES.toString(), Optional.empty(), Example.REDIS.toString(), Optional.empty()))
                .doesNotContainKey("STREAMING_API_BASE_URL");
    }

    @Test
    void trustedProxiesGoAlongWithThePrivateNetworksOfTheCluster() {
        assertThat(Example.environment()).doesNotContainKey("TRUSTED_PROXY_IP");
        assertThat(Example.environment("TRUSTED_PROXY_IP", "103.21.244.0/22").get("TRUSTED_PROXY_IP")).startsWith("103.21.244.0/22 ").contains("10.0.0.0/8");
    }

    @Test
    void railsNeverSeesWhatOnlyTheStreamingAppHad() {
        var environment = Example.environment(new SourceEnvironment(Example.web("LOG_LEVEL", "warn"),
                Example.streaming("LIMITED_FEDERATION_MODE", "true", "LOG_LEVEL", "silly", "STREAMING_EXTRA", "1")));
        assertThat(environment).doesNotContainKeys("LIMITED_FEDERATION_MODE", "PGSSLMODE", "RUN_STREAMING").containsEntry("LOG_LEVEL", "warn").containsEntry("STREAMING_EXTRA", "1");
    }

    @Test
    void aPostgresUrlWithoutADatabaseIsRefusedWithoutQuotingIt() {
        assertThatThrownBy(() -> of("postgres://u:geheim@h", "redis://h")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("database")
                .message().doesNotContain("geheim");
    }

    @Test
    void aPrivateCaIsAFileForEachLibraryAndServersAreVerified() {
        var environment = of("postgres://u:p@h/d", Optional.of("PG"), "rediss://:p@cache:6379", Optional.of("REDIS"));
        assertThat(environment).containsEntry("MIGRATION_CA_CERTIFICATES", "PG\nREDIS\n").containsEntry("DB_SSLMODE", "verify-full")
                .containsEntry("PGSSLROOTCERT", MastodonEnvironment.CA_FILE).containsEntry("NODE_EXTRA_CA_CERTS", MastodonEnvironment.CA_FILE)
                .containsEntry("SSL_CERT_FILE", MastodonEnvironment.CA_FILE).containsEntry("REDIS_DRIVER", "ruby");
    }

    @Test
    void aCaOfPostgresAloneLeavesRubysOtherConnectionsAlone() {
        var environment = of("postgres://u:p@h/d?sslmode=verify-ca", Optional.of("PG"), "rediss://:p@cache:6379", Optional.empty());
        assertThat(environment).containsEntry("DB_SSLMODE", "verify-ca").containsEntry("PGSSLROOTCERT", MastodonEnvironment.CA_FILE).doesNotContainKey("SSL_CERT_FILE");
    }

    @Test
    void withoutACaVerifyingTakesTheSystemsAndRequireVerifiesNothing() {
        assertThat(of("postgres://u:p@h/d?sslmode=verify-full", "redis://h")).containsEntry("DB_SSLMODE", "verify-full")
                .containsEntry("PGSSLROOTCERT", "/etc/ssl/certs/ca-certificates.crt").doesNotContainKeys("NODE_EXTRA_CA_CERTS", "MIGRATION_CA_CERTIFICATES", "SSL_CERT_FILE");
        assertThat(of("postgres://u:p@h/d?sslmode=require", "redis://h")).doesNotContainKey("PGSSLROOTCERT");
        assertThat(of("postgres://u:p@h/d?sslmode=require", Optional.empty(), "rediss://h", Optional.of("REDIS"))).containsEntry("DB_SSLMODE", "require").doesNotContainKey("PGSSLROOTCERT");
    }

    private static Map<String, String> of(String postgres, String redis) {
        return of(postgres, Optional.empty(), redis, Optional.empty());
    }

    private static Map<String, String> of(String postgres, Optional<String> postgresCa, String redis, Optional<String> redisCa) {
        return MastodonEnvironment.of(new SourceEnvironment(Example.web(), Map.of()), Example.migration().getSpec(), postgres, postgresCa, redis, redisCa);
    }
}
