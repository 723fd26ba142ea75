package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.Provisioned.Working;
import dev.mastodonmigration.source.DoesNotStartException;
import dev.mastodonmigration.source.ProxyTrust;
import dev.mastodonmigration.source.heroku.HerokuApi.Dyno;
import dev.mastodonmigration.source.heroku.HerokuApi.Release;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Sets one app's TRUSTED_PROXY_IP while users come through the edge, and sets it back: one config var, and what it was is in status ({@link ProxyTrust}). Each call is one look and at most one change, and
 * changes only what was there before or what we set ourselves. Each change makes a release, which restarts the app's dynos: new ones start while the old ones stop.
 */
record AppProxies(HerokuApi heroku, String app) {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    /** The one process type that Heroku's router sends requests to. */
    private static final String WEB = "web";
    /** An Eco dyno that sleeps starts with what is there when it is asked. */
    private static final String ASLEEP = "idle";

    Optional<ProxyTrust> lacking(List<String> addresses, List<ProxyTrust> known) {
        var newest = heroku.releases(app).stream().findFirst().map(Release::version).orElse(0);
        return ProxyTrust.lacking(app, heroku.configVars(app), addresses, known, newest);
    }

    /** @return what was done or is waited for; empty once its web dynos run with it */
    Optional<Provisioned> trust(ProxyTrust saved) {
        var now = ProxyTrust.now(heroku.configVars(app));
        if (!now.equals(Optional.of(saved.wanted())) && (now.equals(saved.was()) || saved.isOurs(now))) {
            set(saved);
            return working("set " + ProxyTrust.VARIABLE + " of Heroku app " + app + " to '" + saved.wanted() + "', which restarts it once");
        }
        return restarting(saved);
    }

    private void set(ProxyTrust saved) {
        try {
            heroku.setConfigVars(app, Map.of(ProxyTrust.VARIABLE, Optional.of(saved.wanted())));
        } catch (HerokuException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            throw new HerokuException(refused.kind(), "No user is led to the edge, because " + ProxyTrust.VARIABLE + " of Heroku app " + app + " cannot be set. " + refused.getMessage() + " Or set it yourself, which restarts the app: `"
                    + command(app, Optional.of(saved.wanted())) + "`.");
        }
    }

    /** Dynos start with the last release that succeeded, whatever the config vars say, and those from before it are listed until Heroku stops them. */
    private Optional<Provisioned> restarting(ProxyTrust saved) {
        var since = since(saved);
        var running = running(since);
        var unfinished = unfinished(since, running);
        if (unfinished.isPresent() && hasFailed(unfinished.get())) {
            throw new HerokuException(HerokuException.Kind.REJECTED, "No user is led to the edge, because " + words(unfinished.get()) + ": they run on without " + ProxyTrust.VARIABLE + " '" + saved.wanted()
                    + "'. Fix what fails, and release it again with `heroku releases:retry -a " + app + "`, or deploy.");
        }
        if (unfinished.isPresent()) {
            return Optional.of(pending(unfinished.get()));
        }
        if (running == 0) {
            return working("waiting for Heroku to release " + app + " with " + ProxyTrust.VARIABLE);
        }
        return notUp(running);
    }

    private Optional<Provisioned> notUp(int release) {
        var wanted = heroku.formation(app).stream().filter(type -> type.type().equals(WEB)).mapToInt(HerokuApi.ProcessType::quantity).sum();
        var dynos = heroku.dynos(app).stream().filter(dyno -> dyno.type().equals(WEB)).sorted(Comparator.comparing(Dyno::name)).toList();
        var up = dynos.stream().filter(dyno -> runsWith(dyno, release)).count();
        if (up >= wanted && dynos.stream().allMatch(dyno -> runsWith(dyno, release) || dyno.release() >= release)) {
            return Optional.empty();
        }
        var waits = up + " of " + wanted + " web dynos do (v" + release + ")" + dynos.stream().filter(dyno -> !runsWith(dyno, release)).map(dyno -> ", " + dyno.name() + " is " + (dyno.release() < release ? "still of v" + dyno.release() : dyno.state())).collect(Collectors.joining());
        if (dynos.stream().anyMatch(AppProxies::serves)) {
            return working("waiting until " + app + " runs with " + ProxyTrust.VARIABLE + ": " + waits);
        }
        if (dynos.stream().anyMatch(dyno -> dyno.release() >= release && dyno.state().equals("crashed"))) {
            throw new DoesNotStartException(down(waits));
        }
        return Optional.of(new Provisioned.Left(down(waits)));
    }

    private String down(String waits) {
        return "no web dyno of Heroku app " + app + " is up since " + ProxyTrust.VARIABLE + " was set (" + waits + "). See why with `heroku logs --app " + app + " --dyno web`";
    }

    private static boolean serves(Dyno dyno) {
        return dyno.state().equals(ASLEEP) || dyno.state().equals("up");
    }

    private static boolean runsWith(Dyno dyno, int release) {
        return dyno.state().equals(ASLEEP) || dyno.state().equals("up") && dyno.release() >= release;
    }

    /** Config vars of an app as they will be when what we set is taken back. */
    static Map<String, String> before(List<ProxyTrust> saved, String app, Map<String, String> config) {
        return saved.stream().filter(one -> one.app().equals(app)).findFirst().map(one -> one.before(config)).orElse(config);
    }

    /** Sets it back on all of them; one that is refused does not keep the others from that. */
    static Provisioned back(Supplier<HerokuApi> heroku, List<ProxyTrust> saved) {
        var apps = saved.stream().collect(Collectors.toMap(ProxyTrust::app, one -> one));
        var looks = SideBySide.all(saved.stream().map(ProxyTrust::app).toList(), app -> back(heroku, apps.get(app)));
        var left = looks.stream().filter(Provisioned.Left.class::isInstance).map(Provisioned::message).collect(Collectors.joining(" "));
        return looks.stream().filter(Working.class::isInstance).findFirst().orElseGet(() -> left.isEmpty() ? new Provisioned.Ready("") : new Provisioned.Left(left));
    }

    /**
     * Sets it back. What Heroku refuses for good is left, and told with what to do by hand: users are served all the same.
     *
     * @return ready once it is as it was and no release is under way; left where it is not, or its dynos do not run so
     */
    private static Provisioned back(Supplier<HerokuApi> heroku, ProxyTrust saved) {
        try {
            return new AppProxies(heroku.get(), saved.app()).back(saved);
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            return new Provisioned.Left("Whether " + ProxyTrust.VARIABLE + " of Heroku app " + saved.app() + " is as it was before the migration cannot be told, and it may still be '" + saved.wanted() + "', as the operator set it for the edge."
                    + " Set it back yourself: `" + command(saved.app(), saved.was()) + "`. " + refused.getMessage());
        }
    }

    private Provisioned back(ProxyTrust saved) {
        var now = ProxyTrust.now(heroku.configVars(app));
        if (!now.equals(saved.was()) && !saved.isOurs(now)) {
            return new Provisioned.Left("Somebody " + now.map(value -> "set " + ProxyTrust.VARIABLE + " of Heroku app " + app + " to '" + value + "'").orElse("removed " + ProxyTrust.VARIABLE + " from Heroku app " + app)
                    + " meanwhile, and it stays so. Before the migration it " + saved.before() + ".");
        }
        if (!now.equals(saved.was())) {
            heroku.setConfigVars(app, Map.of(ProxyTrust.VARIABLE, saved.was()));
            return new Working("set " + ProxyTrust.VARIABLE + " of Heroku app " + app + " back: it " + saved.before(), Optional.of(BETWEEN_LOOKS));
        }
        var since = since(saved);
        return unfinished(since, running(since)).<Provisioned>map(release -> hasFailed(release) ? new Provisioned.Left(ProxyTrust.VARIABLE + " of Heroku app " + app + " is as it was, but " + words(release)
                + ". They may trust the edge's addresses until a release succeeds: `heroku releases:retry -a " + app + "`.") : pending(release)).orElseGet(() -> new Provisioned.Ready(""));
    }

    private static String command(String app, Optional<String> value) {
        return value.map(known -> "heroku config:set " + ProxyTrust.VARIABLE + "='" + known + "' -a " + app).orElse("heroku config:unset " + ProxyTrust.VARIABLE + " -a " + app);
    }

    private List<Release> since(ProxyTrust saved) {
        return heroku.releases(app).stream().filter(release -> release.version() > saved.release()).toList();
    }

    private static int running(List<Release> since) {
        return since.stream().filter(Release::current).mapToInt(Release::version).max().orElse(0);
    }

    /** A deploy is not ours to wait for: what ran before it runs on. */
    private static Optional<Release> unfinished(List<Release> since, int running) {
        return since.stream().filter(release -> release.version() > running && release.isOfConfig() && !release.status().equals("succeeded")).max(Comparator.comparingInt(Release::version));
    }

    private static boolean hasFailed(Release release) {
        return release.status().equals("failed") || release.status().equals("expired");
    }

    private String words(Release release) {
        return "release v" + release.version() + " of Heroku app " + app + " (" + release.description() + ") failed, and its dynos do not start with it (`heroku releases:output v" + release.version() + " -a " + app + "`)";
    }

    private Working pending(Release release) {
        return new Working("waiting for the release command of " + app + " (v" + release.version() + ")", Optional.of(BETWEEN_LOOKS));
    }

    private static Optional<Provisioned> working(String what) {
        return Optional.of(new Working(what, Optional.of(BETWEEN_LOOKS)));
    }
}
