package dev.mastodonmigration.mastodon;

import java.net.URI;
import java.util.ArrayList;
import java.util.Set;

/** Looks at the target's URLs with Mastodon's eyes: Rails (libpq) and streaming (Node) read TLS settings differently (mastodon#26034, #31774). */
public final class TargetFindings {
    private static final Set<String> WITHOUT_VERIFICATION = Set.of("disable", "allow", "prefer", "require");

    private TargetFindings() {}

    /** What must be mended before Mastodon can use these databases; empty blockers when all is well. The URLs are never quoted. */
    public static EnvironmentFindings of(String targetPostgres, String targetRedis) {
        var blockers = new ArrayList<String>();
        var notes = new ArrayList<String>();
        if (SourceUrls.redisUrl(targetRedis).isEmpty()) {
            blockers.add("Target Redis: the URL must be redis://user:password@host:6379, or rediss:// for TLS.");
        }
        try {
            if (SourceUrls.postgresUrl(targetPostgres).isEmpty()) {
                blockers.add("Target Postgres: the URL must begin with postgres:// or postgresql:// and name a host.");
            } else {
                var mode = PostgresUrl.of(URI.create(targetPostgres)).sslMode();
                mode.filter(value -> !WITHOUT_VERIFICATION.contains(value)).ifPresent(value -> blockers.add(
                        "Target Postgres: sslmode=" + value + " is not supported yet, because Mastodon's pods get no CA certificate. Use sslmode=require."));
                if (mode.filter("require"::equals).isEmpty()) {
                    notes.add("Target Postgres: the URL does not say sslmode=require, so the streaming server connects without TLS. Add it if the server offers TLS; RDS demands it.");
                }
            }
        } catch (IllegalArgumentException e) {
            blockers.add("Target Postgres: " + e.getMessage() + ".");
        }
        return new EnvironmentFindings(blockers, notes);
    }
}
