package dev.mastodonmigration.mastodon;

import java.util.Set;
import java.util.regex.Pattern;

/** Decides for each of Mastodon's variables whether it goes along, because one that should not (the old database's URL) makes the new side write to the old one. */
enum VariableFate {
    /** Goes along verbatim: identity, keys, S3, mail, features, and whatever a fork added. */
    CARRIED,
    /** Describes the host, so the target gets its own value or Mastodon's default. */
    REWRITTEN,
    /** Belongs to Heroku, its buildpacks or its image, or would do harm. */
    DROPPED,
    /** Its value is a URL of a database on the old side, whatever its name: Rails, for one, prefers PRIMARY_DATABASE_URL to everything else. */
    POINTS_TO_SOURCE;

    private static final Set<String> REWRITTEN_NAMES = Set.of(
            "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASS", "DB_SSLMODE", "DB_POOL", "PREPARED_STATEMENTS",
            "STREAMING_API_BASE_URL", "TRUSTED_PROXY_IP", "BIND", "PORT", "SOCKET", "SIDEKIQ_CONCURRENCY", "PERSISTENT_TIMEOUT",
            "RAILS_ENV", "NODE_ENV", "RAILS_SERVE_STATIC_FILES");
    private static final Pattern REWRITTEN_PATTERN = Pattern.compile("((CACHE|SIDEKIQ)_)?REDIS_.+|REPLICA_.+|(.+_)?DATABASE_URL");

    /** SELF_DESTRUCT is refused by Preflight; should it ever get here, it must not reach a new instance. */
    private static final Set<String> DROPPED_NAMES = Set.of(
            "HEROKU", "RUN_STREAMING", "DYNO", "SELF_DESTRUCT", "PROXY_PROTO_V1", "LANG", "RACK_ENV", "HOME", "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH",
            "RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", MastodonEnvironment.CA_CERTIFICATES, "NODE_MODULES_CACHE", "NODE_VERBOSE", "USE_YARN_CACHE");
    /** libpq reads PG* variables beside everything it is told; the streaming app's PGSSLMODE=no-verify stops it (mastodon#26034). */
    private static final Pattern DROPPED_PATTERN = Pattern.compile(
            // What the app had before an earlier migration gave it other databases: KeptVariables.
            "HEROKU_.+|REDISCLOUD_.*|MIGRATED_[0-9A-Z]{1,8}_.+|(BUILDPACK|BUNDLE|GEM|NPM_CONFIG|YARN)_.+"
                    + "|PG(HOST|HOSTADDR|PORT|USER|PASSWORD|PASSFILE|DATABASE|OPTIONS|APPNAME|SERVICE|SERVICEFILE|CONNECT_TIMEOUT|TARGETSESSIONATTRS|CHANNELBINDING|GSSENCMODE|REQUIRE.+|SSL.+)");
    private static final Pattern DATABASE_URL_VALUE = Pattern.compile("\\s*(postgres|postgresql|postgis|rediss?)://.*", Pattern.DOTALL | Pattern.CASE_INSENSITIVE);
    private static final Pattern ENVIRONMENT_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    static VariableFate of(String name, String value) {
        if (REWRITTEN_NAMES.contains(name) || REWRITTEN_PATTERN.matcher(name).matches()) {
            return REWRITTEN;
        }
        if (DROPPED_NAMES.contains(name) || DROPPED_PATTERN.matcher(name).matches() || !ENVIRONMENT_NAME.matcher(name).matches()) {
            return DROPPED;
        }
        return DATABASE_URL_VALUE.matcher(value).matches() ? POINTS_TO_SOURCE : CARRIED;
    }

    /** Variables of the streaming app that only the streaming server reads, so that they may join the common environment. */
    static boolean isStreamingOnly(String name) {
        return name.equals("LOG_LEVEL") || name.startsWith("STREAMING_");
    }
}
