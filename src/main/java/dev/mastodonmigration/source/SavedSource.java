package dev.mastodonmigration.source;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.DataKind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The source as it was before anything of it was stopped: all that starting it again needs, and what of it may be deleted in the end.
 *
 * @param addOns which held the data that moves: what leads to another database later is not among them
 */
public record SavedSource(List<App> apps, List<AddOn> addOns) {
    /** An add-on, by the platform's own id, which no other one ever gets. */
    public record AddOn(DataKind kind, String id, String name) {}

    /**
     * One app.
     *
     * @param id          the platform's own, which no other app ever gets; empty where an older version of this operator did not write it down
     * @param maintenance whether users saw the maintenance page already
     * @param release     version of its newest release; empty for one never released
     * @param formation   processes by type
     * @param variables   which lead to databases that are about to move while the app stays; none where it moves as well
     */
    public record App(String name, Optional<String> id, Maintenance maintenance, Optional<Integer> release, Map<String, Integer> formation, List<Variable> variables) {
        public App {
            formation = Map.copyOf(formation);
            variables = List.copyOf(variables);
        }

        public App(String name, Optional<String> id, Maintenance maintenance, Optional<Integer> release, Map<String, Integer> formation) {
            this(name, id, maintenance, release, formation, List.of());
        }
    }

    /** A variable, and where its value came from. The value itself is a secret, and is kept where it was. */
    public record Variable(String name, Origin origin) {}

    /** Where a variable's value came from. */
    public sealed interface Origin {}

    /**
     * An add-on gave it.
     *
     * @param addOn      by id, and {@code addOnName} for messages
     * @param attachment the name under which the add-on is attached
     * @param namespace  which of its addresses; empty for the usual one
     */
    public record Attached(String addOn, String addOnName, String attachment, Optional<String> namespace) implements Origin {}

    /** Somebody had set it. */
    public record SetByHand() implements Origin {}

    /** It was not there. */
    public record Absent() implements Origin {}

    /** Whether an app answered users, or told them to wait. */
    public enum Maintenance { ON, OFF }

    public SavedSource {
        apps = List.copyOf(apps);
        addOns = List.copyOf(addOns);
    }

    /** Of a platform without add-ons. */
    public SavedSource(List<App> apps) {
        this(apps, List.of());
    }

    /** Id of the add-on that held the Postgres that moves; empty where it was none, or stays. */
    public Optional<String> postgresAddOn() {
        return addOns.stream().filter(addOn -> addOn.kind() == DataKind.Postgres).map(AddOn::id).findFirst();
    }

    /** As status has it; empty while nothing of it was changed. */
    public static Optional<SavedSource> of(MastodonMigrationStatus status) {
        return Optional.ofNullable(status.source).map(source -> new SavedSource(source.apps.stream().map(app ->
                new App(app.name, Optional.ofNullable(app.id), Boolean.TRUE.equals(app.maintenance) ? Maintenance.ON : Maintenance.OFF, Optional.ofNullable(app.release), app.formation,
                        app.variables.stream().map(SavedSource::variable).toList())).toList(),
                source.addOns.stream().map(addOn -> new AddOn(addOn.kind, addOn.id, addOn.name)).toList()));
    }

    private static Variable variable(MastodonMigrationStatus.Variable saved) {
        return new Variable(saved.name, saved.addOn != null ? new Attached(saved.addOn, saved.addOnName, saved.attachment, Optional.ofNullable(saved.namespace))
                : Boolean.TRUE.equals(saved.set) ? new SetByHand() : new Absent());
    }

    /** In words that are enough to restore it by hand, as "example-web (web=2, worker=1, maintenance off)". */
    public String words() {
        return apps.stream()
                .map(app -> app.name() + " (" + new TreeMap<>(app.formation()).entrySet().stream().map(type -> type.getKey() + "=" + type.getValue()).collect(Collectors.joining(", "))
                        + ", maintenance " + (app.maintenance() == Maintenance.ON ? "on" : "off") + attached(app) + ")")
                .collect(Collectors.joining(", "));
    }

    private static String attached(App app) {
        return app.variables().stream().map(Variable::origin).filter(Attached.class::isInstance).map(Attached.class::cast)
                .map(origin -> ", " + origin.addOnName() + " attached as " + origin.attachment()).collect(Collectors.joining());
    }
}
