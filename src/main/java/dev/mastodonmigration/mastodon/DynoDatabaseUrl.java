package dev.mastodonmigration.mastodon;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Postgres URL as a dyno's DATABASE_URL, which Rails (libpq) and the streaming server (Node) read differently. A dyno has the certificates of its system and nobody else's: a config var cannot be a
 * file. So with a private CA it encrypts and does not verify, as it does with Heroku's own databases, whose certificates are self-signed; unless the app's code brings the CA along and says where it is.
 */
public final class DynoDatabaseUrl {
    /** Which of the two reads it, and by which variable an app says that it brings a CA along. */
    public enum Reader {
        RAILS("PGSSLROOTCERT"), STREAMING("NODE_EXTRA_CA_CERTS");

        private final String ownCa;

        Reader(String ownCa) {
            this.ownCa = ownCa;
        }
    }

    /** On every stack of Heroku, which are Ubuntu with ca-certificates. libpq looks at no file of the system's by itself. */
    private static final String SYSTEM_CA_FILE = "/etc/ssl/certs/ca-certificates.crt";
    private static final List<String> VERIFYING = List.of("verify-ca", "verify-full");
    private static final String SSL_MODE = "sslmode";
    private static final String ROOT_CERTIFICATE = "sslrootcert";

    private DynoDatabaseUrl() {}

    /**
     * The URL for that reader.
     *
     * @param url    of the target, as workers use it
     * @param ca     in PEM form, if the server's certificate is signed by a private one
     * @param config the app's config vars
     */
    public static String of(String url, Optional<String> ca, Reader reader, Map<String, String> config) {
        var question = url.indexOf('?');
        var address = question < 0 ? url : url.substring(0, question);
        var parameters = new ArrayList<>(question < 0 ? List.<String>of() : Arrays.stream(url.substring(question + 1).split("&")).filter(one -> !one.isEmpty()).toList());
        var mode = value(parameters, SSL_MODE);
        var bringsCa = SourceUrls.value(config, reader.ownCa).isPresent();
        if (ca.isPresent()) {
            set(parameters, SSL_MODE, bringsCa ? mode.filter(VERIFYING::contains).orElse("verify-full") : unverified(reader));
        } else if (mode.filter(VERIFYING::contains).isPresent() && !bringsCa && value(parameters, ROOT_CERTIFICATE).isEmpty()) {
            set(parameters, ROOT_CERTIFICATE, SYSTEM_CA_FILE);
        } else if (mode.filter("require"::equals).isPresent() && !bringsCa) {
            set(parameters, SSL_MODE, unverified(reader));
        }
        return parameters.isEmpty() ? address : address + "?" + String.join("&", parameters);
    }

    /** "require" verifies nothing in libpq, but does in Node (pg-connection-string), which has another word for it that libpq refuses (mastodon#26034). */
    private static String unverified(Reader reader) {
        return reader == Reader.RAILS ? "require" : "no-verify";
    }

    private static Optional<String> value(List<String> parameters, String name) {
        return parameters.stream().filter(one -> one.startsWith(name + "=")).map(one -> one.substring(name.length() + 1)).filter(value -> !value.isBlank()).reduce((first, last) -> last);
    }

    private static void set(List<String> parameters, String name, String value) {
        parameters.removeIf(one -> one.startsWith(name + "="));
        parameters.add(name + "=" + value);
    }
}
