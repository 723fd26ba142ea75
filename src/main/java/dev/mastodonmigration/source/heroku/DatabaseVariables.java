package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.mastodon.DynoDatabaseUrl;
import dev.mastodonmigration.mastodon.SourceUrls;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.SavedSource.Variable;
import dev.mastodonmigration.source.Source.Databases;
import dev.mastodonmigration.source.heroku.HerokuApi.Attachment;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which of an app's config vars lead it to its databases, as Mastodon reads them. A URL goes before a host and its companions, for Rails as for the streaming server, so that setting the URL is enough
 * where there was none.
 */
record DatabaseVariables(Map<String, String> config, List<Attachment> attachments, DynoDatabaseUrl.Reader reader) {
    /** Of an attachment that gives the address of a connection pool, as "connection-pooling:default". */
    static final String POOLED = "connection-pooling";
    private static final String DATABASE_URL = "DATABASE_URL";
    /** Rails reads it before DATABASE_URL (rails#36773), the streaming server never. */
    private static final String PRIMARY_DATABASE_URL = "PRIMARY_DATABASE_URL";
    /** All that name a server by a URL (config/database.yml, lib/mastodon/redis_configuration.rb). */
    private static final Set<String> READ = Set.of(DATABASE_URL, PRIMARY_DATABASE_URL, "REPLICA_DATABASE_URL", "REDIS_URL", "SIDEKIQ_REDIS_URL", "CACHE_REDIS_URL");
    private static final String REDIS_DRIVER = "REDIS_DRIVER";

    /** Where Postgres moves; none for an app that has none. */
    List<Variable> postgres() {
        if (SourceUrls.of(config).postgres().isEmpty()) {
            return List.of();
        }
        var names = new LinkedHashSet<String>();
        names.add(DATABASE_URL);
        if (has(PRIMARY_DATABASE_URL)) {
            names.add(PRIMARY_DATABASE_URL);
        }
        var database = giving(DATABASE_URL);
        attachments.stream().filter(one -> one.namespace().filter(namespace -> namespace.startsWith(POOLED)).isPresent())
                .filter(one -> database.filter(of -> of.addOnId().equals(one.addOnId())).isPresent()).map(Attachment::variable).forEach(names::add);
        return variables(names);
    }

    /** Where Redis moves; none for an app that has none. */
    List<Variable> redis() {
        if (SourceUrls.of(config).redis().isEmpty()) {
            return List.of();
        }
        var names = new LinkedHashSet<String>();
        names.add(has("REDIS_URL") || has("REDIS_HOST") ? "REDIS_URL" : "REDISCLOUD_URL");
        Stream.of("SIDEKIQ_", "CACHE_").filter(prefix -> has(prefix + "REDIS_URL") || has(prefix + "REDIS_HOST")).map(prefix -> prefix + "REDIS_URL").forEach(names::add);
        if (reader == DynoDatabaseUrl.Reader.RAILS) {
            names.add(REDIS_DRIVER);
        }
        return variables(names);
    }

    /** Whether Mastodon reads it, beside such config vars as these. */
    static boolean isRead(String name, Map<String, String> config) {
        return READ.contains(name) || name.equals("REDISCLOUD_URL") && Stream.of("REDIS_URL", "REDIS_HOST").allMatch(before -> config.getOrDefault(before, "").isBlank());
    }

    private List<Variable> variables(Set<String> names) {
        return names.stream().map(name -> new Variable(name, giving(name)
                .<SavedSource.Origin>map(one -> new SavedSource.Attached(one.addOnId(), one.addOn(), one.name(), one.namespace()))
                .orElseGet(() -> config.containsKey(name) ? new SavedSource.SetByHand() : new SavedSource.Absent()))).toList();
    }

    private Optional<Attachment> giving(String name) {
        return attachments.stream().filter(one -> one.variable().equals(name)).findFirst();
    }

    private boolean has(String name) {
        return config.containsKey(name) && !config.get(name).isBlank();
    }

    /** Values of those variables with which the app uses these databases. */
    static Map<String, String> wanted(SavedSource.App saved, Databases databases, DynoDatabaseUrl.Reader reader, Map<String, String> config) {
        var wanted = new LinkedHashMap<String, String>();
        for (var variable : saved.variables()) {
            if (variable.name().equals(REDIS_DRIVER)) {
                // hiredis, the other one, has no TLS (mastodon#19824).
                databases.redis().filter(redis -> redis.url().startsWith("rediss:")).ifPresent(redis -> wanted.put(REDIS_DRIVER, "ruby"));
            } else if (isOfRedis(variable)) {
                databases.redis().ifPresent(redis -> wanted.put(variable.name(), redis.url()));
            } else {
                databases.postgres().ifPresent(postgres -> wanted.put(variable.name(), DynoDatabaseUrl.of(postgres.url(), postgres.ca(), reader, config)));
            }
        }
        return wanted;
    }

    private static boolean isOfRedis(Variable variable) {
        return variable.name().endsWith("REDIS_URL") || variable.name().equals("REDISCLOUD_URL");
    }
}
