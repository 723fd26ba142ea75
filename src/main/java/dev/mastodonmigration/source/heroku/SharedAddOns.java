package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.source.SavedSource.AddOn;
import dev.mastodonmigration.source.heroku.HerokuApi.ProcessType;
import dev.mastodonmigration.source.heroku.HerokuApi.User;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** Looks who else uses the add-ons whose data moves: other apps are neither stopped in the freeze nor led to the target, so that one that runs would go on working with the old data. */
final class SharedAddOns {
    /** One way in which another app uses one of them. */
    private record Use(AddOn addOn, User user) {
        String words() {
            return addOn.name() + " (attached as " + user.name() + user.namespace().map(namespace -> ", " + namespace).orElse("") + ")";
        }

        /** Of that what it may do only its owner knows; the add-on's own credential may do everything. */
        boolean hasOwnCredential() {
            return user.namespace().filter(namespace -> namespace.startsWith("credential:")).isPresent();
        }
    }

    private final HerokuApi heroku;
    private final List<String> apps;
    private final List<String> blockers = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /** @param apps the migration's own, by name or id */
    SharedAddOns(HerokuApi heroku, List<String> apps) {
        this.heroku = heroku;
        this.apps = apps.stream().map(app -> heroku.app(app).name()).toList();
    }

    /** @throws HerokuException when Heroku gives no answer now; what it refuses to show is a finding */
    Findings look(List<AddOn> addOns) {
        var uses = new LinkedHashMap<String, List<Use>>();
        addOns.forEach(addOn -> users(addOn).stream().filter(user -> !apps.contains(user.app())).forEach(user -> uses.computeIfAbsent(user.app(), app -> new ArrayList<>()).add(new Use(addOn, user))));
        uses.forEach(this::other);
        return new Findings(blockers, notes);
    }

    private List<User> users(AddOn addOn) {
        try {
            return heroku.users(apps.getFirst(), addOn.id());
        } catch (HerokuException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            notes.add("The operator could not find out which other apps use " + addOn.name() + ". See `heroku addons:info " + addOn.name() + "`: one that does and runs would go on working with the old data. " + refused.getMessage());
            return List.of();
        }
    }

    private void other(String app, List<Use> uses) {
        var what = "Heroku app " + app + " uses " + uses.stream().map(Use::words).collect(Collectors.joining(" and ")) + " too";
        try {
            var running = heroku.formation(app).stream().filter(type -> type.quantity() > 0).toList();
            if (running.isEmpty()) {
                notes.add(what + ", and runs no dynos now. Keep it stopped until the migration is Completed, because neither the freeze stops it nor does anything lead it to the target." + ifItCanDoWithout(uses, " If it needs it no more: " + detach(app, uses) + "."));
            } else if (uses.stream().allMatch(Use::hasOwnCredential)) {
                notes.add(what + ", with a credential of its own, and runs " + quantities(running, ProcessType::quantity) + ". The migration does not lead it to the target: after the cutover it sees the old database, which nothing writes to any more.");
            } else {
                blockers.add(what + ", and runs " + quantities(running, ProcessType::quantity) + ". The migration does not stop it, so that it would go on working with the old data during the freeze and after it. If it is the instance's streaming server,"
                        + " create the migration anew with its name in spec.source.heroku.streamingApp, which can be one app only. Otherwise scale it to zero until the migration is Completed: `heroku ps:scale " + quantities(running, type -> 0) + " -a " + app + "`"
                        + "." + ifItCanDoWithout(uses, " Or, if it can do without: " + detach(app, uses) + "."));
            }
        } catch (HerokuException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            notes.add(what + ", and this API token may not see whether it runs. If `heroku ps -a " + app + "` shows dynos, scale it to zero until the migration is Completed, or it goes on working with the old data. " + refused.getMessage());
        }
    }

    private static String quantities(List<ProcessType> types, ToIntFunction<ProcessType> quantity) {
        return types.stream().map(type -> type.type() + "=" + quantity.applyAsInt(type)).collect(Collectors.joining(" "));
    }

    private static String ifItCanDoWithout(List<Use> uses, String words) {
        return uses.stream().allMatch(use -> use.user().owns()) ? "" : words;
    }

    /** Not of what it is billed for, which Heroku refuses. */
    private static String detach(String app, List<Use> uses) {
        return uses.stream().map(Use::user).filter(user -> !user.owns()).map(user -> "`heroku addons:detach " + user.name() + " -a " + app + "`").collect(Collectors.joining(" and "));
    }
}
