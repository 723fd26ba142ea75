package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.source.SavedSource.AddOn;
import java.util.List;

/** Looks whether the instance's databases are there for good: what Heroku still makes, or deletes already, is nothing to copy from. */
final class AddOnStates {
    private static final String PROVISIONED = "provisioned";

    private AddOnStates() {}

    /**
     * Of each of them what keeps the migration waiting.
     *
     * @param app for messages
     * @throws HerokuException when Heroku gives no answer now; what it refuses to show is a finding
     */
    static Findings look(HerokuApi heroku, String app, List<AddOn> addOns) {
        return addOns.stream().map(addOn -> look(heroku, app, addOn)).reduce(Findings.NONE, Findings::and);
    }

    private static Findings look(HerokuApi heroku, String app, AddOn addOn) {
        try {
            return found(addOn, heroku.addOnState(app, addOn.id()));
        } catch (HerokuException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            return new Findings(List.of(), List.of("The operator could not find out in what state Heroku has " + addOn.name() + ", which the instance uses. See `heroku addons:info " + addOn.name() + "`. " + refused.getMessage()));
        }
    }

    /** Heroku's schema does not list them all (deprovisioning: heroku/cli, lib/addons/addons_wait.ts); whether a database works Preflight's own pod tries. */
    private static Findings found(AddOn addOn, String state) {
        var title = addOn.kind() + " add-on " + addOn.name();
        return switch (state) {
            case PROVISIONED -> Findings.NONE;
            case "provisioning" -> new Findings(List.of(title + ": Heroku is still making it. The operator goes on by itself once it is there; `heroku addons:wait " + addOn.name() + "` waits as well."), List.of());
            case "deprovisioning", "deprovisioned" -> new Findings(List.of(title + " is being deleted (Heroku: " + state
                    + "), and the instance uses it. Find out who deleted it: what it held is in its backups only. Give the instance another database first."), List.of());
            default -> new Findings(List.of(), List.of(title + " is in the state that Heroku calls " + state + ", which the operator does not know. See `heroku addons:info " + addOn.name() + "`, and ask Heroku before you go on."));
        };
    }
}
