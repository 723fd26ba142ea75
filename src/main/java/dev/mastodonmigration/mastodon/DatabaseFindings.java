package dev.mastodonmigration.mastodon;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Looks at where Mastodon keeps its data: a database that we overlook is data that we lose. */
final class DatabaseFindings {
    private static final int POSTGRES_PORT = 5432;

    private DatabaseFindings() {}

    static List<String> blockers(AppConfig web, AppConfig streaming) {
        var blockers = new ArrayList<String>();
        var urls = web.urls();
        if (urls.postgres().isEmpty()) {
            blockers.add(web.app() + ": DATABASE_URL is not set or is not a Postgres URL. "
                    + "Attach the database to this app (heroku addons:attach), or correct spec.source.heroku.app.");
        }
        if (urls.redis().isEmpty()) {
            blockers.add(web.app() + ": none of REDIS_URL, REDIS_HOST, REDISCLOUD_URL is set to a Redis URL. Set REDIS_URL to the Redis that Mastodon uses.");
        }
        primaryDatabase(web, urls).ifPresent(blockers::add);
        for (var app : List.of(web, streaming)) {
            if (app.has("REDIS_NAMESPACE")) {
                blockers.add(app.app() + ": REDIS_NAMESPACE is set. Mastodon 4.4 and later do not read namespaced keys, so they cannot move as they are. "
                        + "Rename them (github.com/mastodon/redis_namespace_migration), then unset it.");
            }
            if (app.has("SELF_DESTRUCT")) {
                blockers.add(app.app() + ": SELF_DESTRUCT is set. It tells Mastodon to remove the instance from the Fediverse and must not reach the target. "
                        + "If that is a mistake, unset it.");
            }
        }
        blockers.addAll(redis(web));
        return blockers;
    }

    /** Rails reads PRIMARY_DATABASE_URL before DATABASE_URL (rails#36773), the streaming server never. */
    private static Optional<String> primaryDatabase(AppConfig web, SourceUrls urls) {
        return web.value("PRIMARY_DATABASE_URL")
                .filter(text -> !SourceUrls.postgresUrl(text).map(DatabaseFindings::endpoint).equals(urls.postgres().map(DatabaseFindings::endpoint)))
                .map(text -> web.app() + ": PRIMARY_DATABASE_URL and DATABASE_URL name different databases, and Rails uses the first. "
                        + "Find out which one holds your posts, make DATABASE_URL that one, and unset PRIMARY_DATABASE_URL.");
    }

    /** Mastodon falls back to the main Redis unless a URL, a host or sentinels name another (lib/mastodon/redis_configuration.rb). */
    private static List<String> redis(AppConfig web) {
        var blockers = new ArrayList<String>();
        naming(web, "SIDEKIQ_").filter(variable -> SourceUrls.namesUnreadableSidekiqRedis(web.config())).ifPresent(variable -> blockers.add(web.app() + ": " + variable
                + " is not a Redis URL. Correct it, or unset it if Sidekiq uses the main Redis."));
        List.of("REDIS_SENTINELS", "SIDEKIQ_REDIS_SENTINELS").stream().filter(web::has).forEach(name -> blockers.add(
                web.app() + ": " + name + " is set. Redis Sentinel is not supported yet: set REDIS_URL to the primary and unset it."));
        return blockers;
    }

    /** The variable that names another Redis than the main one, for what the prefix stands for. */
    private static Optional<String> second(AppConfig web, String prefix) {
        return SourceUrls.redis(web.config(), prefix).map(RedisUrl::of).filter(own -> !Optional.of(own).equals(web.urls().redis().map(RedisUrl::of))).flatMap(own -> naming(web, prefix));
    }

    private static Optional<String> naming(AppConfig web, String prefix) {
        return Stream.of(prefix + "REDIS_URL", prefix + "REDIS_HOST").filter(web::has).findFirst();
    }

    static List<String> notes(AppConfig web, AppConfig streaming) {
        var notes = new ArrayList<String>();
        var urls = web.urls();
        var other = streaming.urls();
        if (other.postgres().isPresent() && !other.postgres().map(DatabaseFindings::endpoint).equals(urls.postgres().map(DatabaseFindings::endpoint))) {
            notes.add(streaming.app() + ": DATABASE_URL names another database than on " + web.app()
                    + ", perhaps a follower. The web app's database is the one that moves, and streaming will use it too.");
        }
        if (other.redis().isPresent() && !other.redis().map(RedisUrl::of).equals(urls.redis().map(RedisUrl::of))) {
            notes.add(streaming.app() + ": uses another Redis than " + web.app() + ". The web app's Redis is the one that moves, and streaming will use it too.");
        }
        return notes;
    }

    /** Where Redis moves. */
    static Optional<String> jobsFindTheMainRedis(AppConfig web) {
        return second(web, "SIDEKIQ_").map(variable -> web.app() + ": " + variable + " names a Redis of Sidekiq's own. On the target both are one Redis, in which Sidekiq finds its jobs.");
    }

    /** Where Redis stays and Sidekiq moves: on the target it works on the main Redis, so that nobody would run the jobs in the other one. */
    static Optional<String> jobsStayBehind(AppConfig web) {
        return second(web, "SIDEKIQ_").map(variable -> web.app() + ": " + variable + " names a Redis of Sidekiq's own, and on the target Sidekiq uses the main Redis, so that the jobs in its own would never run. Move Redis too, first or in"
                + " the same migration (spec.target.redis): the two become one then, and no job is lost.");
    }

    /** Where Redis moves, or what uses it. */
    static Optional<String> cacheIsFilledAnew(AppConfig web) {
        return second(web, "CACHE_").map(variable -> web.app() + ": " + variable + " names a Redis for the cache alone. "
                + "Its keys do not move, because Mastodon fills a cache anew; on the target the cache is in the main Redis.");
    }

    private static String endpoint(URI url) {
        return url.getHost().toLowerCase(Locale.ROOT) + ":" + (url.getPort() < 0 ? POSTGRES_PORT : url.getPort()) + url.getPath();
    }
}
