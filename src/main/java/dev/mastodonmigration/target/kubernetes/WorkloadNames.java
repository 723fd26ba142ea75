package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Names and labels of what we run for one migration: made from it alone, so that everything is found again without listing. */
public record WorkloadNames(String namespace, String migration, String uid) {
    /** On everything we create: what lacks it, or carries another's, is not ours to touch. */
    public static final String UID_LABEL = MastodonMigration.GROUP + "/uid";
    static final String COMPONENT = "app.kubernetes.io/component";
    public static final String WEB = "web";
    public static final String STREAMING = "streaming";
    private static final int LONGEST = 34;

    public static WorkloadNames of(MastodonMigration migration) {
        var metadata = migration.getMetadata();
        return new WorkloadNames(metadata.getNamespace(), metadata.getName(), metadata.getUid());
    }

    /** Why the migration's name cannot serve for Services and labels (63 characters, no dot), if so. */
    public static Optional<String> problem(String migrationName) {
        return migrationName.length() <= LONGEST && migrationName.matches("[a-z]([-a-z0-9]*[a-z0-9])?") ? Optional.empty() : Optional.of(
                "MastodonMigration " + migrationName + ": Services are named after it, so its name must begin with a letter, have only a-z, 0-9 and -, and at most "
                        + LONGEST + " characters. Create it anew under such a name, for example " + suggestion(migrationName) + ".");
    }

    private static String suggestion(String name) {
        var letters = name.replaceAll("[^a-z0-9]+", "-").replaceAll("^[^a-z]+", "");
        var cut = letters.substring(0, Math.min(LONGEST, letters.length())).replaceAll("-+$", "");
        return cut.isEmpty() ? "my-instance" : cut;
    }

    public String web() {
        return of(WEB);
    }

    public String streaming() {
        return of(STREAMING);
    }

    public String sidekiq(String entry) {
        return of(sidekiqComponent(entry));
    }

    public String environment() {
        return migration + "-env";
    }

    public String certificates() {
        return migration + "-ca";
    }

    static String sidekiqComponent(String entry) {
        return "sidekiq-" + entry;
    }

    String of(String component) {
        return migration + "-" + component;
    }

    /** All that {@link #labels} sets: whoever wants others may add some, and change none. */
    static final Set<String> OWN_LABELS = new WorkloadNames("", "", "").labels("").keySet();

    /** What a selector matches; with the uid, because a Deployment adopts any orphaned pod that its selector matches. */
    Map<String, String> selector(String component) {
        var labels = new TreeMap<String, String>();
        labels.put("app.kubernetes.io/name", "mastodon");
        labels.put("app.kubernetes.io/instance", migration);
        labels.put(COMPONENT, component);
        labels.put(UID_LABEL, uid);
        return labels;
    }

    Map<String, String> labels(String component) {
        var labels = new TreeMap<>(selector(component));
        labels.put("app.kubernetes.io/part-of", "mastodon");
        labels.put("app.kubernetes.io/managed-by", "mastodon-migration-operator");
        return labels;
    }
}
