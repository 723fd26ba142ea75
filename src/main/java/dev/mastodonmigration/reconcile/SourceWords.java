package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigrationStatus.Source;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Puts the saved source into words, so that it can be restored by hand from an Event alone. */
final class SourceWords {
    private SourceWords() {}

    static String of(Source source) {
        return source.apps.stream()
                .map(app -> app.name + " (" + new TreeMap<>(app.formation).entrySet().stream().map(type -> type.getKey() + "=" + type.getValue()).collect(Collectors.joining(", "))
                        + ", maintenance " + (Boolean.TRUE.equals(app.maintenance) ? "on" : "off") + ")")
                .collect(Collectors.joining(", "));
    }
}
