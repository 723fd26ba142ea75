package dev.mastodonmigration.target;

import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.SecretReader;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;

/** The CA's certificates that an admin put into a Secret for a database of the target. */
public final class Certificates {
    private Certificates() {}

    /** In PEM form. @throws MissingInputException when the Secret or its key is not there, or holds something else */
    public static String read(SecretReader secrets, String namespace, SecretKeyRef ref) {
        var pem = secrets.read(namespace, ref);
        try {
            if (!CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8))).isEmpty()) {
                return pem;
            }
        } catch (CertificateException notPem) {
            throw none(namespace, ref);
        }
        throw none(namespace, ref);
    }

    private static MissingInputException none(String namespace, SecretKeyRef ref) {
        return new MissingInputException("Secret " + namespace + "/" + ref.name() + ": the key \"" + ref.key()
                + "\" holds no certificates in PEM form (-----BEGIN CERTIFICATE-----). Put the CA's certificates there, or remove caSecretRef.");
    }
}
