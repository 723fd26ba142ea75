package dev.mastodonmigration.mastodon;

import static dev.mastodonmigration.mastodon.DynoDatabaseUrl.Reader.RAILS;
import static dev.mastodonmigration.mastodon.DynoDatabaseUrl.Reader.STREAMING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.mastodon.DynoDatabaseUrl.Reader;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** TLS by a URL alone, which two libraries read: each as strictly as a dyno can be. */
class DynoDatabaseUrlTest {
    private static final String URL = "postgres://u:p%40ss@db.example.net:5432/d";
    private static final Optional<String> PRIVATE_CA = Optional.of("-----BEGIN CERTIFICATE-----");

    private static String of(String query, Optional<String> ca, Reader reader, Map<String, String> config) {
        var made = DynoDatabaseUrl.of(URL + query, ca, reader, config);
        assertThat(made).startsWith(URL);
        return made.substring(URL.length());
    }

    @Test
    void withoutTlsItStaysAsItIs() {
        for (var reader : Reader.values()) {
            assertThat(of("", Optional.empty(), reader, Map.of())).isEmpty();
            assertThat(of("?sslmode=disable", Optional.empty(), reader, Map.of())).isEqualTo("?sslmode=disable");
        }
    }

    @Test
    void aPublicCaIsVerifiedWithTheSystemsCertificates() {
        for (var reader : Reader.values()) {
            assertThat(of("?sslmode=verify-full&connect_timeout=5", Optional.empty(), reader, Map.of())).isEqualTo("?sslmode=verify-full&connect_timeout=5&sslrootcert=/etc/ssl/certs/ca-certificates.crt");
        }
    }

    @Test
    void aPrivateCaThatNoDynoHasIsEncryptedAndNotVerified() {
        assertThat(of("?sslmode=verify-full", PRIVATE_CA, RAILS, Map.of())).isEqualTo("?sslmode=require");
        assertThat(of("?sslmode=verify-full", PRIVATE_CA, STREAMING, Map.of())).isEqualTo("?sslmode=no-verify");
        assertThat(of("", PRIVATE_CA, RAILS, Map.of())).isEqualTo("?sslmode=require");
    }

    @Test
    void anAppWhoseCodeBringsTheCaVerifiesIt() {
        assertThat(of("", PRIVATE_CA, RAILS, Map.of("PGSSLROOTCERT", "/app/rds.pem"))).isEqualTo("?sslmode=verify-full");
        assertThat(of("?sslmode=verify-ca", PRIVATE_CA, STREAMING, Map.of("NODE_EXTRA_CA_CERTS", "/app/rds.pem"))).isEqualTo("?sslmode=verify-ca");
    }

    @Test
    void encryptionAloneIsSaidInEachLibrarysOwnWord() {
        assertThat(of("?sslmode=require", Optional.empty(), RAILS, Map.of())).isEqualTo("?sslmode=require");
        assertThat(of("?sslmode=require", Optional.empty(), STREAMING, Map.of())).isEqualTo("?sslmode=no-verify");
    }
}
