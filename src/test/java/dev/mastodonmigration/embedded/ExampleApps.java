package dev.mastodonmigration.embedded;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The two Heroku apps of the example instance, with the config vars that a real one has. */
final class ExampleApps {
    private static final Map<String, String> IDENTITY = Map.of(
            "LOCAL_DOMAIN", "example.social", "WEB_DOMAIN", "www.example.social", "SECRET_KEY_BASE", "demo-secret-key-base",
            "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "demo-primary", "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "demo-deterministic",
            "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", "demo-salt", "VAPID_PRIVATE_KEY", "demo-private", "VAPID_PUBLIC_KEY", "demo-public");
    /** Variables whose values are secret, beside those that lead to the databases. */
    static final List<String> KEYS = List.of("SECRET_KEY_BASE", "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", "VAPID_PRIVATE_KEY");
    private static final Map<String, String> MEDIA = Map.of(
            "S3_ENABLED", "true", "S3_BUCKET", "example-media", "AWS_ACCESS_KEY_ID", "demo", "AWS_SECRET_ACCESS_KEY", "demo", "RAILS_ENV", "production");
    private static final Map<String, String> STREAMING = Map.of("LOCAL_DOMAIN", "example.social", "WEB_DOMAIN", "www.example.social", "RUN_STREAMING", "true");

    private ExampleApps() {}

    /**
     * Creates both apps on the stub and starts their dynos.
     *
     * @param data config vars that lead to the databases
     */
    static void start(HerokuStub heroku, Map<String, String> data) {
        var web = new TreeMap<>(IDENTITY);
        web.putAll(MEDIA);
        web.putAll(data);
        var streaming = new TreeMap<>(STREAMING);
        streaming.putAll(data);
        heroku.createApp(World.WEB_APP).config(web);
        heroku.createApp(World.STREAMING_APP).config(streaming);
        heroku.app(World.WEB_APP).domain(World.WEB_DOMAIN);
        heroku.app(World.STREAMING_APP).domain(World.STREAMING_DOMAIN);
        heroku.app(World.WEB_APP).formation("web", 2, "standard-2x");
        heroku.app(World.WEB_APP).formation("worker", 1, "standard-1x");
        heroku.app(World.STREAMING_APP).formation("web", 1, "standard-1x");
        heroku.app(World.WEB_APP).addOn("heroku-postgresql", "standard-0", 50);
        heroku.app(World.WEB_APP).addOn("heroku-redis", "premium-0", 15);
    }
}
