package dev.mastodonmigration.worker.postgres;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.ssl.DefaultJavaSSLFactory;

/**
 * How a server's certificate is verified, said alike to JDBC and to libpq. A CA that was given for the target means verifying it in full; otherwise the URL
 * decides, where {@code require} is encryption without verification, as everywhere
 * (https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION).
 *
 * @param mode as libpq's {@code sslmode}
 * @param root of the CAs to trust; empty for the system's, where the mode verifies at all
 */
record PostgresTls(String mode, Optional<Path> root) {
    private static final String FULL = "verify-full";
    /** Libpq's name for the system's CAs, from version 16 on; older ones are given Debian's file of them. */
    private static final String SYSTEM = "system";
    private static final Path SYSTEM_FILE = Path.of("/etc/ssl/certs/ca-certificates.crt");

    static PostgresTls of(Database database, PostgresUrl url) {
        var given = database.side().ca().filter(database.context()::has).map(database.context().secrets()::resolve);
        if (given.isPresent()) {
            return new PostgresTls(FULL, given);
        }
        var named = Optional.ofNullable(url.parameters().get("sslrootcert")).filter(root -> !root.equals(SYSTEM)).map(Path::of);
        // Libpq refuses to trust all of the system's CAs without comparing the name.
        return new PostgresTls(verifies(url.sslMode()) && named.isEmpty() ? FULL : url.sslMode(), named);
    }

    boolean verifies() {
        return verifies(mode);
    }

    private static boolean verifies(String mode) {
        return mode.startsWith("verify");
    }

    void tell(PGSimpleDataSource source) {
        source.setSslMode(mode);
        root.ifPresent(file -> source.setSslRootCert(file.toString()));
        if (verifies() && root.isEmpty()) {
            source.setSslfactory(DefaultJavaSSLFactory.class.getName());
        }
    }

    void tell(Map<String, String> environment) {
        environment.put("PGSSLMODE", mode);
        root.map(Path::toString).or(() -> Optional.of(Files.isReadable(SYSTEM_FILE) ? SYSTEM_FILE.toString() : SYSTEM).filter(unused -> verifies()))
                .ifPresent(file -> environment.put("PGSSLROOTCERT", file));
    }
}
