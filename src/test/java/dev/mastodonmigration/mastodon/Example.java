package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigration;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;

/** The example of deploy/examples with a uid, and the config vars that its two apps would have. */
public final class Example {
    public static final URI POSTGRES = URI.create("postgres://mastodon:p%40ss%3Aword@db.example.net:5433/mastodon_production");
    public static final URI REDIS = URI.create("redis://:s3cret@cache.example.net:6380");

    private Example() {}

    public static MastodonMigration migration(String... replacements) {
        var yaml = text();
        for (int i = 0; i < replacements.length; i += 2) {
            if (!yaml.contains(replacements[i])) {
                throw new IllegalArgumentException("the example has no " + replacements[i]);
            }
            yaml = yaml.replace(replacements[i], replacements[i + 1]);
        }
        var migration = Serialization.unmarshal(yaml, MastodonMigration.class);
        migration.getMetadata().setUid("11111111-2222-3333-4444-555555555555");
        return migration;
    }

    private static String text() {
        try {
            return Files.readString(Path.of("deploy/examples/migration.yaml"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static MastodonMigration withoutSidekiq() {
        return migration(block("        sidekiq:", "  strategy:"), "");
    }

    public static MastodonMigration withoutCompute() {
        return migration(block("    compute:", "  strategy:"), "");
    }

    private static String block(String from, String to) {
        var yaml = text();
        return yaml.substring(yaml.indexOf(from), yaml.indexOf(to));
    }

    public static Map<String, String> web(String... changes) {
        var config = new HashMap<>(Map.ofEntries(
                Map.entry("LOCAL_DOMAIN", "example.social"), Map.entry("WEB_DOMAIN", "www.example.social"),
                Map.entry("SECRET_KEY_BASE", "secret-key-base"), Map.entry("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "are-primary"),
                Map.entry("ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "are-deterministic"), Map.entry("ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", "are-salt"),
                Map.entry("VAPID_PRIVATE_KEY", "vapid-private"), Map.entry("VAPID_PUBLIC_KEY", "vapid-public"),
                Map.entry("S3_ENABLED", "true"), Map.entry("S3_BUCKET", "media"), Map.entry("AWS_SECRET_ACCESS_KEY", "aws-secret"),
                Map.entry("SMTP_SERVER", "smtp.example.net"), Map.entry("SMTP_PASSWORD", "smtp-secret"),
                Map.entry("DATABASE_URL", "postgres://u:heroku-pg-secret@ec2.example.com:5432/d1"),
                Map.entry("REDIS_URL", "redis://default:heroku-redis-secret@redis-1.example.com:12345")));
        for (int i = 0; i < changes.length; i += 2) {
            config.put(changes[i], changes[i + 1]);
        }
        config.values().removeIf(Objects::isNull);
        return config;
    }

    public static Map<String, String> streaming(String... changes) {
        var config = new HashMap<>(Map.of(
                "LOCAL_DOMAIN", "example.social", "RUN_STREAMING", "true", "PGSSLMODE", "no-verify",
                "DATABASE_URL", "postgres://u:heroku-pg-secret@ec2.example.com:5432/d1",
                "REDIS_URL", "redis://default:heroku-redis-secret@redis-1.example.com:12345"));
        for (int i = 0; i < changes.length; i += 2) {
            config.put(changes[i], changes[i + 1]);
        }
        return config;
    }

    public static SortedMap<String, String> environment(String... changes) {
        return environment(new SourceEnvironment(web(changes), streaming()));
    }

    /** On targets whose certificates, if they have any, the system knows. */
    public static SortedMap<String, String> environment(SourceEnvironment source) {
        return MastodonEnvironment.of(source, migration().getSpec(), POSTGRES.toString(), Optional.empty(), REDIS.toString(), Optional.empty());
    }
}
