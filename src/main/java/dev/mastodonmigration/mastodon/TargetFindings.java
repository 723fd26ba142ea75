package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.outside.Findings;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * Looks at a target's URL with Mastodon's eyes: Rails (libpq) and streaming (Node) read TLS settings differently (mastodon#26034, #31774).
 * The URLs, which hold passwords, are never quoted.
 */
public final class TargetFindings {
    private static final List<String> SSL_MODES = List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");
    private static final List<String> PERHAPS_PLAIN = List.of("disable", "allow", "prefer");

    private TargetFindings() {}

    /** @param ca in PEM form, if the spec names one */
    public static Findings postgres(String url, Optional<String> ca) {
        if (SourceUrls.postgresUrl(url).isEmpty()) {
            return blocker("Target Postgres: the URL must begin with postgres:// or postgresql:// and name a host.");
        }
        try {
            return tls(PostgresUrl.of(URI.create(url.strip())).sslMode(), ca);
        } catch (IllegalArgumentException e) {
            return blocker("Target Postgres: " + e.getMessage() + ".");
        }
    }

    private static Findings tls(Optional<String> mode, Optional<String> ca) {
        if (mode.filter(value -> !SSL_MODES.contains(value)).isPresent()) {
            return blocker("Target Postgres: sslmode=" + mode.get() + " is none that Mastodon's library knows. Use one of " + String.join(", ", SSL_MODES) + ".");
        }
        if (ca.isPresent()) {
            return mode.filter(PERHAPS_PLAIN::contains).map(value -> blocker("Target Postgres: the URL says sslmode=" + value
                    + ", which verifies nothing, and caSecretRef is set. Use sslmode=verify-full, or remove caSecretRef.")).orElse(Findings.NONE);
        }
        if (mode.filter("require"::equals).isPresent()) {
            return note("Target Postgres: sslmode=require encrypts, but does not verify who answers. Use sslmode=verify-full, with caSecretRef where the server's CA is a private one (RDS: its bundle).");
        }
        return mode.filter(value -> !PERHAPS_PLAIN.contains(value)).isPresent() ? Findings.NONE
                : note("Target Postgres: the URL does not say sslmode=verify-full or require, so the streaming server connects without TLS. Add it if the server offers TLS; RDS demands it.");
    }

    /** @param ca in PEM form, if the spec names one */
    public static Findings redis(String url, Optional<String> ca) {
        var parsed = SourceUrls.redisUrl(url);
        if (parsed.isEmpty()) {
            return blocker("Target Redis: the URL must be redis://user:password@host:6379, or rediss:// for TLS.");
        }
        return ca.isPresent() && !"rediss".equals(parsed.get().getScheme())
                ? blocker("Target Redis: the URL begins with redis://, which is without TLS, and caSecretRef is set. Use rediss://, or remove caSecretRef.") : Findings.NONE;
    }

    private static Findings blocker(String message) {
        return new Findings(List.of(message), List.of());
    }

    private static Findings note(String message) {
        return new Findings(List.of(), List.of(message));
    }
}
