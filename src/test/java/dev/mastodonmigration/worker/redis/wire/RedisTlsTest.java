package dev.mastodonmigration.worker.redis.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.sync.RedisTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Both sides have certificates that sign themselves, made out to 127.0.0.1. */
class RedisTlsTest {
    @RegisterExtension
    final RedisPair redis = new RedisPair(RedisServer::startTls, RedisServer::startTls);

    @Test
    void theTargetIsVerifiedWithItsCaAndTheSourceIsNot() throws Exception {
        redis.targetCa(redis.targetServer.certificate());
        RedisTarget.claim(redis.context());
        try (var source = RedisSide.SOURCE.open(redis.context())) {
            assertThat(source.ping()).isEqualTo("PONG");
        }
    }

    /** ElastiCache's certificates are signed by an authority that every system knows. */
    @Test
    void withoutACaTheSystemsAreTrusted() throws Exception {
        var usual = SSLContext.getDefault();
        SSLContext.setDefault(trusting(redis.targetServer.certificate()));
        try (var target = RedisSide.TARGET.open(redis.context())) {
            assertThat(target.ping()).isEqualTo("PONG");
        } finally {
            SSLContext.setDefault(usual);
        }
    }

    private static SSLContext trusting(Path certificate) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var in = Files.newInputStream(certificate)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    @Test
    void aTargetOfAnotherCaOrOfNoneThatTheSystemKnowsIsRefusedAndTheFixIsSaid() {
        refused();
        redis.targetCa(redis.sourceServer.certificate());
        refused();
    }

    @Test
    void aNameThatTheCertificateIsNotMadeOutToIsRefused() {
        redis.targetCa(redis.targetServer.certificate());
        redis.target(redis.targetServer.url().replace("@127.0.0.1:", "@localhost:"));
        refused();
    }

    @Test
    void whatIsNoCertificateIsSaidToBeNone() throws IOException {
        for (var text : new String[] {"", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
            redis.targetCa(Files.writeString(redis.secrets().resolve("nonsense"), text));
            assertThatThrownBy(() -> RedisSide.TARGET.open(redis.context())).as(text).isInstanceOf(Refusal.class).hasMessageContaining("target-redis-ca");
        }
    }

    private void refused() {
        assertThatThrownBy(() -> RedisSide.TARGET.open(redis.context())).isInstanceOf(IOException.class).hasMessageContaining("certificate that is not trusted").hasMessageContaining("caSecretRef");
    }
}
