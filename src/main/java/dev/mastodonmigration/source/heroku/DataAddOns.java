package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationStatus.DataKind;
import dev.mastodonmigration.mastodon.SourceUrls;
import dev.mastodonmigration.source.SavedSource.AddOn;
import dev.mastodonmigration.source.heroku.HerokuApi.Attachment;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Which add-ons hold the instance's data: those of whose attachments one gives its app a config var that leads where Mastodon's own do, whatever these are called. */
record DataAddOns(Map<String, Uses> apps) {
    /** What one app uses. */
    record Uses(Map<String, String> config, List<Attachment> attachments) {
        static Uses of(HerokuApi heroku, String app) {
            return new Uses(heroku.configVars(app), heroku.attachments(app));
        }

        private Stream<Attachment> leadingTo(Predicate<URI> wanted) {
            return attachments.stream().filter(one -> DatabaseAddress.uri(config.getOrDefault(one.variable(), "")).filter(wanted).isPresent());
        }
    }

    /** @param names the app whose config vars Mastodon reads first */
    static DataAddOns read(HerokuApi heroku, List<String> names) {
        var all = SideBySide.all(names, app -> Uses.of(heroku, app));
        var apps = new LinkedHashMap<String, Uses>();
        names.forEach(app -> apps.put(app, all.get(apps.size())));
        return new DataAddOns(apps);
    }

    /** Those whose data moves to that target. */
    List<AddOn> moving(SourceUrls urls, Target target) {
        return all(urls).stream().filter(addOn -> addOn.kind() == DataKind.Postgres ? target.postgres() != null : target.redis() != null).toList();
    }

    /** Those that hold the instance's data, whether it moves or not. */
    List<AddOn> all(SourceUrls urls) {
        var redis = Stream.of(urls.redis(), urls.sidekiqRedis()).flatMap(Optional::stream).flatMap(url -> giving(DataKind.Redis, found -> DatabaseAddress.server(found).equals(DatabaseAddress.server(url))));
        return Stream.concat(redis, postgres(urls).stream()).distinct().toList();
    }

    /** The one that holds that Postgres; empty where it is none of theirs. */
    Optional<AddOn> postgres(SourceUrls urls) {
        return urls.postgres().flatMap(url -> giving(DataKind.Postgres, found -> DatabaseAddress.database(found).equals(DatabaseAddress.database(url))).findFirst());
    }

    private Stream<AddOn> giving(DataKind kind, Predicate<URI> wanted) {
        return apps.values().stream().flatMap(app -> app.leadingTo(wanted)).map(one -> new AddOn(kind, one.addOnId(), one.addOn()));
    }
}
