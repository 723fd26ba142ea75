package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.App;
import dev.mastodonmigration.api.MastodonMigrationStatus.Source;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.source.heroku.HerokuApi;
import dev.mastodonmigration.source.heroku.HerokuException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Consumer;

/** The source's Heroku apps as one: read, stopped, and started as they were. */
final class SourceApps {
    private final PhaseContext context;
    private final HerokuApi heroku;
    private final List<String> names;

    SourceApps(PhaseContext context) {
        this.context = context;
        this.heroku = context.heroku();
        this.names = SpecDefaults.apps(context.spec());
    }

    Source read() {
        var source = new Source();
        source.savedAt = context.now().toString();
        for (var name : names) {
            var app = new App();
            app.name = name;
            app.maintenance = heroku.app(name).maintenance();
            app.release = heroku.latestReleaseVersion(name).orElse(null);
            heroku.formation(name).forEach(type -> app.formation.put(type.type(), type.quantity()));
            source.apps.add(app);
        }
        return source;
    }

    /** Maintenance mode on, every process type to zero. Changes nothing that is so already. */
    void stop() {
        each(name -> {
            heroku.setMaintenance(name, true);
            var zero = new LinkedHashMap<String, Integer>();
            heroku.formation(name).forEach(type -> zero.put(type.type(), 0));
            heroku.scale(name, zero);
        });
    }

    /** Dynos that still exist, as "worker.1 of example-web (up)". */
    List<String> dynos() {
        var alive = new ConcurrentSkipListSet<String>();
        each(name -> heroku.dynos(name).forEach(dyno -> alive.add(dyno.name() + " of " + name + " (" + dyno.state() + ")")));
        return List.copyOf(alive);
    }

    /** For all apps side by side: Heroku takes its time for each call, and users wait meanwhile. */
    private void each(Consumer<String> act) {
        try {
            CompletableFuture.allOf(names.stream().map(name -> CompletableFuture.runAsync(() -> act.accept(name))).toArray(CompletableFuture[]::new)).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof HerokuException told ? told : e;
        }
    }

    /**
     * Restarts what may run Sidekiq, because a quiet one fetches no job again: of the web app's formation every dyno but the web dynos, and those too
     * if their command names it. Answers their names.
     */
    List<String> restartSidekiq() {
        var app = context.spec().source().heroku().app();
        var types = heroku.formation(app).stream().map(HerokuApi.ProcessType::type).toList();
        var dynos = heroku.dynos(app).stream().filter(dyno -> types.contains(dyno.type()) && (!dyno.type().equals("web") || dyno.command().contains("sidekiq")))
                .map(HerokuApi.Dyno::name).toList();
        dynos.forEach(dyno -> heroku.restart(app, dyno));
        return dynos;
    }

    /** Process types that somebody scaled up while the source is to be stopped. */
    List<String> scaledUp() {
        var up = new ArrayList<String>();
        for (var name : names) {
            heroku.formation(name).stream().filter(type -> type.quantity() > 0).forEach(type -> up.add(type.type() + "=" + type.quantity() + " of " + name));
        }
        return up;
    }

    static boolean isOneOff(String dyno) {
        return dyno.startsWith("run.") || dyno.startsWith("scheduler.");
    }

    /** Dynos first, so that they are there when maintenance mode ends. */
    void startAsTheyWere(Source saved) {
        for (var app : saved.apps) {
            var known = heroku.formation(app.name).stream().map(HerokuApi.ProcessType::type).toList();
            var wanted = new LinkedHashMap<>(app.formation);
            wanted.keySet().retainAll(known);
            heroku.scale(app.name, wanted);
        }
        for (var app : saved.apps) {
            heroku.setMaintenance(app.name, app.maintenance);
        }
    }

    /** Dynos that the saved formation wants and that do not exist yet, as "web of example-web: 0/2". */
    List<String> notYetThere(Source saved) {
        return missing(saved, Set.of("up", "starting", "idle", "crashed"));
    }

    /** Dynos that the saved formation wants and that are not up yet. */
    List<String> notYetUp(Source saved) {
        return missing(saved, Set.of("up"));
    }

    private List<String> missing(Source saved, Set<String> states) {
        var missing = new ArrayList<String>();
        for (var app : saved.apps) {
            var dynos = heroku.dynos(app.name);
            app.formation.forEach((type, wanted) -> {
                var up = dynos.stream().filter(dyno -> dyno.type().equals(type) && states.contains(dyno.state())).count();
                if (up < wanted) {
                    missing.add(type + " of " + app.name + ": " + up + "/" + wanted);
                }
            });
        }
        return missing;
    }
}
