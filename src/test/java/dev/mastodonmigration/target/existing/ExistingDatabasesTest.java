package dev.mastodonmigration.target.existing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.target.TargetDatabase;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true, https = false)
class ExistingDatabasesTest {
    /** Self-signed, CN=test, valid until 2126. */
    private static final String CERTIFICATE = """
            -----BEGIN CERTIFICATE-----
            MIIBdDCCARugAwIBAgIUYmyryJ5iQhbITyf3tQb8A6QOGAYwCgYIKoZIzj0EAwIw
            DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjgyMTA0MTNaGA8yMTI2MTEwNDIxMDQx
            M1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHO/
            LpAFkIOKZwEvI0XSHvcE17y5DbBWgxkXcaLrkoJG/6g+Ihu1iI5zWcQMlSh5xWKI
            0ZWTg2NqhGIGEi1Y9oajUzBRMB0GA1UdDgQWBBTk7JBC3gOm0IVmHdUfSp5lNTzH
            HjAfBgNVHSMEGDAWgBTk7JBC3gOm0IVmHdUfSp5lNTzHHjAPBgNVHRMBAf8EBTAD
            AQH/MAoGCCqGSM49BAMCA0cAMEQCIBWDbMLWyGVK4JXTUggbieLFZGkH5jJvawXj
            8S1Zi+ewAiAMvOyN89BKc66rGABpCDsY7THsVusXd+HtCdkF2BA3/A==
            -----END CERTIFICATE-----
            """;
    private static final String URL = "postgres://mastodon:geheim@db.example.net/mastodon?sslmode=verify-full";

    /** Set by the extension. */
    KubernetesClient client;
    private TargetDatabase postgres;
    private TargetDatabase redis;

    @BeforeEach
    void adapters() {
        var databases = new ExistingDatabases(new SecretReader(client));
        var migration = Example.migration("urlSecretRef: {name: target-postgres, key: url}", "urlSecretRef: {name: target-postgres, key: url}\n        caSecretRef: {name: target-postgres, key: ca.crt}");
        postgres = databases.postgres(migration);
        redis = databases.redis(migration);
    }

    @Test
    void urlAndCertificatesComeFromTheSecretsThatTheSpecNames() {
        secret("target-postgres", "url", URL + "\n", "ca.crt", CERTIFICATE);
        secret("target-redis", "url", "rediss://:p@h:6379");
        assertThat(postgres.url()).isEqualTo(URL);
        assertThat(postgres.ca()).contains(CERTIFICATE.strip());
        assertThat(redis.url()).isEqualTo("rediss://:p@h:6379");
        assertThat(redis.ca()).isEmpty();
        assertThat(postgres.preflight().and(redis.preflight())).isEqualTo(Findings.NONE);
        assertThat(postgres.violations()).isEmpty();
    }

    @Test
    void theyAreReadAtEachUseBecauseCredentialsRotate() {
        secret("target-redis", "url", "redis://:old@h:6379");
        assertThat(redis.url()).contains("old");
        secret("target-redis", "url", "redis://:new@h:6379");
        assertThat(redis.url()).contains("new");
    }

    @Test
    void whatIsMissingIsABlockerThatNamesSecretKeyAndFix() {
        assertThat(redis.preflight().blockers()).containsExactly("Secret mastodon/target-redis does not exist. Create it with the key \"url\".");
        secret("target-redis", "token", "x");
        assertThat(redis.preflight().blockers()).containsExactly("Secret mastodon/target-redis has no key \"url\", or it is empty. Add it.");
        assertThatThrownBy(redis::url).isInstanceOf(MissingInputException.class);
        secret("target-postgres", "url", URL);
        assertThat(postgres.preflight().blockers()).containsExactly("Secret mastodon/target-postgres has no key \"ca.crt\", or it is empty. Add it.");
    }

    @Test
    void whatIsNoCertificateIsRefusedAndNotShown() {
        for (var wrong : new String[] {"geheim", "-----BEGIN CERTIFICATE-----\ngeheim\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\ngeheim\n-----END PRIVATE KEY-----"}) {
            secret("target-postgres", "url", URL, "ca.crt", wrong);
            assertThat(postgres.preflight().blockers()).singleElement().asString().contains("holds no certificates in PEM form", "ca.crt").doesNotContain("geheim");
        }
    }

    @Test
    void whatTheAdminMadeIsNeitherMadeNorRemoved() {
        secret("target-postgres", "url", URL, "ca.crt", CERTIFICATE);
        assertThat(postgres.ensure()).isInstanceOf(Provisioned.Ready.class);
        assertThat(postgres.release()).isInstanceOf(Provisioned.Ready.class);
        assertThat(client.secrets().inNamespace("mastodon").withName("target-postgres").get()).isNotNull();
    }

    private void secret(String name, String... keysAndValues) {
        var secret = new SecretBuilder().withNewMetadata().withNamespace("mastodon").withName(name).endMetadata();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            secret.addToData(keysAndValues[i], Base64.getEncoder().encodeToString(keysAndValues[i + 1].getBytes(StandardCharsets.UTF_8)));
        }
        client.secrets().inNamespace("mastodon").resource(secret.build()).createOr(existing -> existing.update());
    }
}
