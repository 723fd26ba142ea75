package dev.mastodonmigration.source;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The source as it was before anything of it was stopped: all that starting it again needs. */
public record SavedSource(List<App> apps) {
    /**
     * One app.
     *
     * @param maintenance whether users saw the maintenance page already
     * @param release     version of its newest release; empty for one never released
     * @param formation   processes by type
     */
    public record App(String name, Maintenance maintenance, Optional<Integer> release, Map<String, Integer> formation) {
        public App {
            formation = Map.copyOf(formation);
        }
    }

    /** Whether an app answered users, or told them to wait. */
    public enum Maintenance { ON, OFF }

    public SavedSource {
        apps = List.copyOf(apps);
    }

    /** As status has it; empty while nothing of it was changed. */
    public static Optional<SavedSource> of(MastodonMigrationStatus status) {
        return Optional.ofNullable(status.source).map(source -> new SavedSource(source.apps.stream().map(app ->
                new App(app.name, Boolean.TRUE.equals(app.maintenance) ? Maintenance.ON : Maintenance.OFF, Optional.ofNullable(app.release), app.formation)).toList()));
    }

    /** In words that are enough to restore it by hand, as "example-web (web=2, worker=1, maintenance off)". */
    public String words() {
        return apps.stream()
                .map(app -> app.name() + " (" + new TreeMap<>(app.formation()).entrySet().stream().map(type -> type.getKey() + "=" + type.getValue()).collect(Collectors.joining(", "))
                        + ", maintenance " + (app.maintenance() == Maintenance.ON ? "on" : "off") + ")")
                .collect(Collectors.joining(", "));
    }
}
