package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.source.SavedSource;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Names under which what an app had is kept on the app itself while it uses other databases. Each migration has its own, because what the last one kept is no source of this one.
 *
 * @param prefix as "MIGRATED_6F1C2A3B_", which {@code mastodon.VariableFate} knows
 */
record KeptVariables(String prefix) {
    private static final int UNIQUE = 8;

    /** @param uid the migration's */
    static KeptVariables ofMigration(String uid) {
        var letters = uid.replaceAll("[^0-9A-Za-z]", "").toUpperCase(Locale.ROOT);
        return new KeptVariables("MIGRATED_" + letters.substring(0, Math.min(UNIQUE, letters.length())) + "_");
    }

    /** Of an attachment, and so of the variable that it gives, or of a variable. */
    String of(String name) {
        return prefix + name;
    }

    /** The config var that is there from the call on that gives an app other databases, until it has its own again: what is there beside it is ours. */
    String mark() {
        return prefix + "USES_OTHERS";
    }

    /** Whether an app was given other databases. */
    enum Stage { MAY_USE_ITS_OWN, USES_OTHERS }

    /**
     * An app's config vars as they were before it was given other databases: the same before that was begun.
     *
     * @throws MissingInputException where it uses others, and what it had is no longer kept: its own config vars would lead to the target
     */
    Map<String, String> before(SavedSource.App saved, Map<String, String> config, Stage stage) {
        var before = new TreeMap<>(config);
        var usesOthers = stage == Stage.USES_OTHERS || config.containsKey(mark());
        for (var variable : saved.variables()) {
            var value = config.get(of(variable.name()));
            if (value != null) {
                before.put(variable.name(), value);
            } else if (variable.origin() instanceof SavedSource.Absent) {
                before.remove(variable.name());
            } else if (usesOthers && isKept(variable)) {
                throw new MissingInputException("Heroku app " + saved.name() + " has no config var " + of(variable.name()) + " any more, by which the database is found that it left."
                        + (variable.origin() instanceof SavedSource.Attached attached ? " Attach " + attached.addOnName() + " again: `heroku addons:attach " + attached.addOnName() + " --as " + of(attached.attachment())
                                + " -a " + saved.name() + "`." : " Set it to what " + variable.name() + " was before the migration."));
            }
        }
        return before;
    }

    /** A pool has no second address, and a driver is no database. */
    private static boolean isKept(SavedSource.Variable variable) {
        return variable.name().endsWith("_URL") && !(variable.origin() instanceof SavedSource.Attached attached && attached.namespace().filter(namespace -> namespace.startsWith(DatabaseVariables.POOLED)).isPresent());
    }
}
