package dev.mastodonmigration.outside;

import java.util.List;
import java.util.stream.Stream;

/**
 * What a look at one outside system found, all at once, so that an admin fixes everything in one go.
 *
 * @param blockers stop the migration until they are fixed; each names the object and the fix, and never a secret value
 * @param notes    what the admin should know, nothing to wait for
 */
public record Findings(List<String> blockers, List<String> notes) {
    public static final Findings NONE = new Findings(List.of(), List.of());

    public Findings {
        blockers = List.copyOf(blockers);
        notes = List.copyOf(notes);
    }

    public static Findings note(String words) {
        return new Findings(List.of(), List.of(words));
    }

    public static Findings blocker(String words) {
        return new Findings(List.of(words), List.of());
    }

    public Findings and(Findings other) {
        return new Findings(Stream.concat(blockers.stream(), other.blockers.stream()).toList(), Stream.concat(notes.stream(), other.notes.stream()).toList());
    }
}
