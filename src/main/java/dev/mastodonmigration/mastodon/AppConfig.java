package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import java.util.Map;
import java.util.Optional;

/** One Heroku app's config vars under the app's name, so that a finding can say where to look. */
record AppConfig(String app, Map<String, String> config) {
    static AppConfig web(Map<String, String> config, MastodonMigrationSpec spec) {
        return new AppConfig(name(Optional.ofNullable(spec.source().heroku()).map(MastodonMigrationSpec.Heroku::app), "web"), config);
    }

    static AppConfig streaming(Map<String, String> config, MastodonMigrationSpec spec) {
        return new AppConfig(name(Optional.ofNullable(spec.source().heroku()).map(MastodonMigrationSpec.Heroku::streamingApp), "streaming"), config);
    }

    private static String name(Optional<String> app, String role) {
        return app.map(name -> "Heroku app " + name).orElse("The " + role + " app");
    }

    /** The value without surrounding space; empty when not set or blank, which Mastodon treats alike. */
    Optional<String> value(String name) {
        return SourceUrls.value(config, name);
    }

    boolean has(String name) {
        return value(name).isPresent();
    }

    SourceUrls urls() {
        return SourceUrls.of(config);
    }

    /** The record's own text would show every secret of the instance. */
    @Override
    public String toString() {
        return app;
    }
}
