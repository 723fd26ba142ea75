package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;

/** How the certificate of a Redis is verified. */
final class RedisTls {
    private RedisTls() {}

    /** Encrypted and no more: Heroku Key-Value Store's certificate signs itself (devcenter.heroku.com/articles/connecting-heroku-redis). */
    static void unverified(DefaultJedisClientConfig.Builder config) {
        config.ssl(true).sslOptions(SslOptions.builder().sslVerifyMode(SslVerifyMode.INSECURE).build());
    }

    /**
     * Its certificate must be signed by one of these CAs and be made out to the name in the URL, as Mastodon demands of it too.
     *
     * @param ca file of PEM certificates; empty for the CAs that the system knows
     * @throws Refusal when the file holds none
     */
    static void verified(DefaultJedisClientConfig.Builder config, Optional<Path> ca) throws Refusal, IOException {
        var parameters = new SSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        config.ssl(true).sslParameters(parameters);
        if (ca.isPresent()) {
            config.sslSocketFactory(trusting(ca.get()));
        }
    }

    private static SSLSocketFactory trusting(Path ca) throws Refusal, IOException {
        try (var pem = Files.newInputStream(ca)) {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("ca-" + store.size(), certificate);
            }
            if (store.size() == 0) {
                throw noCertificate(ca);
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (CertificateException e) {
            throw noCertificate(ca);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has TLS", e);
        }
    }

    private static Refusal noCertificate(Path ca) {
        return new Refusal(ca.getFileName() + " is not a certificate in PEM form. Correct the Secret that caSecretRef under spec.target.redis names.");
    }
}
