package dev.mastodonmigration.target.kubernetes;

import io.fabric8.kubernetes.api.model.Secret;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A Secret of type kubernetes.io/tls: whether its certificate would do for some domains. Who signed it is not asked: only users' own browsers know whom they trust. */
final class TlsSecret {
    private static final String CERTIFICATE = "tls.crt";
    private static final String KEY = "tls.key";
    /** RFC 5280: a name of a host among a certificate's subject alternative names. */
    private static final int DNS_NAME = 2;

    private TlsSecret() {}

    /** What is wrong with it, to follow its name; empty when nothing is. */
    static Optional<String> fault(Secret secret, List<String> domains) {
        var data = Optional.ofNullable(secret.getData()).orElse(Map.of());
        if (!data.containsKey(CERTIFICATE) || !data.containsKey(KEY)) {
            return Optional.of("has no " + CERTIFICATE + " and " + KEY);
        }
        try {
            var certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(Base64.getDecoder().decode(data.get(CERTIFICATE))));
            certificate.checkValidity();
            var names = names(certificate);
            var missing = domains.stream().filter(domain -> names.stream().noneMatch(name -> matches(name, domain))).toList();
            return missing.isEmpty() ? Optional.empty() : Optional.of("has a certificate for " + String.join(", ", names) + ", and not for " + String.join(", ", missing));
        } catch (CertificateException e) {
            return Optional.of("has no valid certificate (" + e.getMessage() + ")");
        }
    }

    private static List<String> names(X509Certificate certificate) throws CertificateException {
        return Optional.ofNullable(certificate.getSubjectAlternativeNames()).stream().flatMap(Collection::stream).filter(name -> name.get(0).equals(DNS_NAME)).map(name -> ((String) name.get(1)).toLowerCase(Locale.ROOT)).toList();
    }

    /** RFC 6125: a star stands for one label, the first. */
    private static boolean matches(String name, String domain) {
        return name.equals(domain) || name.startsWith("*.") && domain.contains(".") && name.substring(1).equals(domain.substring(domain.indexOf('.')));
    }
}
