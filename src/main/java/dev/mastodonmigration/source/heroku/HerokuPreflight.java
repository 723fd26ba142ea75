package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.source.heroku.HerokuApi.AddOn;
import dev.mastodonmigration.source.heroku.HerokuApi.App;
import dev.mastodonmigration.source.heroku.HerokuApi.ProcessType;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Looks at one Heroku app and tries what a migration will do with it, by writing what is there already: whether a token may change an app is not told by
 * anything that can be read. Finding it out inside the freeze would be too late, because Sidekiq is quiet by then.
 */
final class HerokuPreflight {
    /** Add-ons that start dynos by their own measure, and the config var by which an app knows each. */
    private static final Map<String, String> SCALERS = new TreeMap<>(Map.of("hirefire", "HireFire", "judoscale", "Judoscale", "rails-autoscale", "Rails Autoscale", "adept-scale", "Adept Scale"));
    private static final Map<String, String> SCALERS_BY_VARIABLE = Map.of("HIREFIRE_TOKEN", "HireFire", "JUDOSCALE_URL", "Judoscale", "RAILS_AUTOSCALE_URL", "Rails Autoscale");
    private static final Map<String, String> SCHEDULERS = new TreeMap<>(Map.of("scheduler", "Heroku Scheduler", "crontogo", "Cron To Go", "process-scheduler", "Process Scheduler"));
    private static final String FIR = "fir";

    private final HerokuApi heroku;
    private final String name;
    private final List<String> blockers = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<String> mayNot = new ArrayList<>();
    private final Set<String> configVars = new HashSet<>();
    private Optional<String> forbidden = Optional.empty();

    HerokuPreflight(HerokuApi heroku, String name) {
        this.heroku = heroku;
        this.name = name;
    }

    /** @throws HerokuException when Heroku gives no answer now; what it refuses is a finding */
    Findings look() {
        try {
            var app = heroku.app(name);
            var formation = heroku.formation(name);
            condition(app, formation);
            if (!app.generation().equals(FIR)) {
                tryOut("change its maintenance mode", () -> heroku.tryMaintenance(app));
            }
            oneThatRuns(formation).ifPresent(type -> tryOut("scale it", () -> heroku.tryScaling(name, type)));
            tryOut("read its config vars", () -> configVars.addAll(heroku.configVars(name).keySet()));
            tryOut("read which add-ons are attached to it", () -> heroku.attachments(name));
            forbidden.ifPresent(last -> blockers.add("The Heroku API token may read app " + name + " but may not " + String.join(", ", mayNot) + ", and the migration must. " + last
                    + " `heroku authorizations:create --scope write-protected` makes one that may; in a Heroku Enterprise team its account needs the permissions deploy and operate."));
            scalers();
            autoscaling(app);
            autoDeploy(app);
        } catch (HerokuException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            blockers.add(refused.getMessage());
        }
        return new Findings(blockers, notes);
    }

    private void condition(App app, List<ProcessType> formation) {
        if (app.generation().equals(FIR)) {
            blockers.add("Heroku app " + name + " is of the generation Fir, which has no maintenance mode, so that the operator cannot stop it as it must. Move it to the Cedar generation first.");
        }
        if (formation.stream().allMatch(type -> type.quantity() == 0)) {
            blockers.add("Heroku app " + name + " runs no dynos. Going back would restore just that, and the instance would stay down."
                    + " Scale it as it should run, for example with `heroku ps:scale web=1 -a " + name + "`.");
        } else if (formation.stream().noneMatch(type -> type.type().equals("web") && type.quantity() > 0)) {
            blockers.add("Heroku app " + name + " runs no web dyno, so that it serves nobody: is it the right app in spec.source.heroku? If it is, scale it as it should run, for example with"
                    + " `heroku ps:scale web=1 -a " + name + "`.");
        }
        if (app.maintenance()) {
            notes.add("Heroku app " + name + " is in maintenance mode already: nobody can use it now, and going back leaves it so. `heroku maintenance:off -a " + name + "` ends that.");
        }
        app.space().ifPresent(space -> notes.add("Heroku app " + name + " is in the Private Space " + space
                + ", where the maintenance page needs a running web dyno: while the source is stopped its users see an error instead of the page."));
    }

    /** One is enough to learn whether the token may; not web, if there is another, because an autoscaler may have changed that since we read it. */
    private static Optional<ProcessType> oneThatRuns(List<ProcessType> formation) {
        return formation.stream().filter(type -> type.quantity() > 0).min(Comparator.comparing(type -> type.type().equals("web")));
    }

    private void tryOut(String what, Runnable attempt) {
        try {
            attempt.run();
        } catch (HerokuException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            if (refused.kind() == Kind.FORBIDDEN) {
                mayNot.add(what);
                forbidden = Optional.of(refused.getMessage());
            } else {
                blockers.add(refused.getMessage());
            }
        }
    }

    private void scalers() {
        var services = orNote("which add-ons it has", () -> heroku.addOns(name).stream().map(AddOn::service).toList(), List.<String>of());
        var scalers = new TreeSet<String>();
        SCALERS.forEach((service, called) -> {
            if (services.contains(service)) {
                scalers.add(called);
            }
        });
        SCALERS_BY_VARIABLE.forEach((variable, called) -> {
            if (configVars.contains(variable)) {
                scalers.add(called);
            }
        });
        if (!scalers.isEmpty()) {
            notes.add("Heroku app " + name + " is scaled by " + String.join(", ", scalers)
                    + ", which may start its dynos again while the source is stopped. Switch it off before you approve the cutover, and on again if you go back.");
        }
        SCHEDULERS.forEach((service, called) -> {
            if (services.contains(service)) {
                notes.add("Heroku app " + name + " has " + called + ", whose jobs start dynos even while everything else is stopped. The freeze waits for one that runs; pause the jobs before you"
                        + " approve the cutover, or set spec.cutover.stopOneOffDynos: true. No API tells which they are: `heroku addons:open " + service + " -a " + name
                        + "` does. Where compute moves they do not go along: what Mastodon does not time itself can be one of spec.target.compute.kubernetes.cronJobs.");
            }
        });
    }

    private void autoscaling(App app) {
        if (orNote("whether Heroku scales it by itself", () -> heroku.isAutoscaled(app), false)) {
            notes.add("Heroku scales the web dynos of app " + name + " by itself and may start them again while the source is stopped. Switch that off before you approve the cutover:"
                    + " `heroku ps:autoscale:disable -a " + name + "`.");
        }
    }

    private void autoDeploy(App app) {
        orNote("whether a push to GitHub deploys it", () -> heroku.autoDeploys(app), Optional.<String>empty()).ifPresent(repository ->
                notes.add("Each push to GitHub's " + repository + " deploys Heroku app " + name + ": its database may be migrated and its dynos restarted in the middle of the migration."
                        + " Switch automatic deploys off in the app's Deploy tab before you approve the cutover."));
    }

    /** What only serves a note, and partly comes from services that Heroku does not document, must not hold up a migration. */
    private <T> T orNote(String what, Supplier<T> question, T otherwise) {
        try {
            return question.get();
        } catch (HerokuException unknown) {
            notes.add("The operator could not find out of Heroku app " + name + " " + what + ". Look yourself. " + unknown.getMessage());
            return otherwise;
        }
    }
}
