package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Looks at the variables that make the instance itself: with a wrong one the copy is another instance, or a dead one. */
public final class InstanceFindings {
    private static final List<String> ENCRYPTION_KEYS = List.of(
            "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT");
    /** What may never change for an instance that is to stay itself. */
    public static final List<String> IDENTITY = List.of("LOCAL_DOMAIN", "WEB_DOMAIN", "ALTERNATE_DOMAINS", "SECRET_KEY_BASE",
            "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
            "OTP_SECRET", "VAPID_PRIVATE_KEY", "VAPID_PUBLIC_KEY");
    private static final List<String> OBJECT_STORES = List.of("S3_ENABLED", "SWIFT_ENABLED", "AZURE_ENABLED");

    private InstanceFindings() {}

    static List<String> domains(AppConfig web, Instance instance) {
        var blockers = new ArrayList<String>();
        var local = web.value("LOCAL_DOMAIN");
        if (local.isEmpty()) {
            blockers.add(web.app() + ": LOCAL_DOMAIN is not set. Set it to the domain in your users' handles, or correct spec.source.heroku.app.");
        }
        local.filter(domain -> !domain.equalsIgnoreCase(instance.localDomain())).ifPresent(domain -> blockers.add(
                web.app() + ": LOCAL_DOMAIN is " + domain + ", but spec.instance.localDomain is " + instance.localDomain()
                        + ". Never change LOCAL_DOMAIN of a running instance: create the migration anew with the right domain or the right app."));
        var wanted = Optional.ofNullable(instance.webDomain()).orElse(instance.localDomain());
        var actual = web.value("WEB_DOMAIN").or(() -> local.filter(domain -> instance.webDomain() != null));
        actual.filter(domain -> !domain.equalsIgnoreCase(wanted)).ifPresent(domain -> blockers.add(
                web.app() + ": WEB_DOMAIN is " + domain + ", but the migration expects " + wanted + ". Set spec.instance.webDomain to " + domain + "."));
        return blockers;
    }

    /** Where compute moves. Clients keep the streaming host that they were told at login, and no DNS change moves a name of herokuapp.com. */
    static List<String> streaming(AppConfig web, MastodonMigrationSpec spec) {
        var domain = Optional.ofNullable(spec.instance().streamingDomain());
        if (domain.filter(InstanceFindings::isHerokus).isPresent()) {
            return List.of("spec.instance.streamingDomain is " + domain.get() + ", Heroku's own name of an app, on which nothing of the target can ever answer. Choose a domain of yours, such as streaming." + spec.instance().localDomain()
                    + ", and create the migration anew with it.");
        }
        var wanted = domain.orElse("streaming." + spec.instance().localDomain());
        return spec.edge() == null ? List.of() : streamingHost(web).filter(InstanceFindings::isHerokus).map(host -> web.app() + ": STREAMING_API_BASE_URL is on " + host
                + ", and no DNS change can move a name of herokuapp.com: clients would not come by the edge, and lose streaming at the cutover until they are reloaded. Move it first, some days before, because clients keep the old one until"
                + " then: " + Optional.ofNullable(spec.source().heroku()).map(heroku -> "`heroku domains:add " + wanted + " -a " + Optional.ofNullable(heroku.streamingApp()).orElse(heroku.app()) + "`").orElse("add " + wanted + " to the streaming app")
                + ", lead its DNS record there, and set STREAMING_API_BASE_URL to wss://" + wanted + "."
                + (domain.isPresent() ? "" : " Then create the migration anew with spec.instance.streamingDomain: " + wanted + ".")).stream().toList();
    }

    static Optional<String> streamingHost(AppConfig web) {
        return web.value("STREAMING_API_BASE_URL").flatMap(url -> SourceUrls.parse(url, "ws", "wss", "http", "https")).map(URI::getHost);
    }

    static boolean isHerokus(String host) {
        return host.toLowerCase(Locale.ROOT).endsWith(".herokuapp.com");
    }

    static List<String> keysAndMedia(AppConfig web) {
        var blockers = new ArrayList<String>();
        ENCRYPTION_KEYS.stream().filter(name -> !web.has(name)).forEach(name -> blockers.add(
                web.app() + ": " + name + " is not set. Mastodon 4.3 and later do not start without it. If the instance has run with one, restore that very value; "
                        + "else update the instance first, as its release notes say (bin/rails db:encryption:init)."));
        if (!web.has("SECRET_KEY_BASE")) {
            blockers.add(web.app() + ": SECRET_KEY_BASE is not set. Set it to the value that the instance runs with, else every user is logged out.");
        }
        if (OBJECT_STORES.stream().noneMatch(name -> web.value(name).filter("true"::equals).isPresent())) {
            blockers.add(web.app() + ": S3_ENABLED is not true, so media would be on the dynos' own disks, which are emptied daily and cannot be copied. "
                    + "Move media to an object store and set the S3_ variables first (docs.joinmastodon.org/admin/optional/object-storage).");
        }
        return blockers;
    }

    static List<String> differences(AppConfig web, AppConfig streaming) {
        return IDENTITY.stream().filter(name -> web.has(name) && streaming.has(name) && !web.value(name).equals(streaming.value(name)))
                .map(name -> name + " differs between " + web.app() + " and " + streaming.app()
                        + ". One of them is wrong: make them equal, or unset it on the streaming app if only the web app uses it.")
                .toList();
    }
}
