package dev.mastodonmigration.target;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How many pods, or processes, of each part of the instance serve.
 *
 * @param parts    by name; Sidekiq counts 0 of 0 until it is started
 * @param missing  parts that should exist and do not
 * @param troubles what keeps those that are late from it, each a sentence: an image that cannot be pulled, a container that crashes
 */
public record Readiness(SortedMap<String, Count> parts, List<String> missing, List<String> troubles) {
    /** Those that run the present image and configuration and are ready, of those wanted. */
    public record Count(int ready, int total) {
        public boolean complete() {
            return ready == total;
        }
    }

    public Readiness {
        parts = new TreeMap<>(parts);
        missing = List.copyOf(missing);
        troubles = List.copyOf(troubles);
    }

    /** Whether everything exists and all that is wanted of it is ready. */
    public boolean complete() {
        return missing.isEmpty() && parts.values().stream().allMatch(Count::complete);
    }

    /** Whether of every part something is wanted: Sidekiq was started too. */
    public boolean started() {
        return missing.isEmpty() && parts.values().stream().allMatch(count -> count.total() > 0);
    }

    /** For a status message, as in {@code example-social-web 0/1 (ErrImagePull: …), example-social-streaming missing}: only what is not ready. */
    public String waitingFor() {
        var late = parts.entrySet().stream().filter(entry -> !entry.getValue().complete())
                .map(entry -> entry.getKey() + " " + entry.getValue().ready() + "/" + entry.getValue().total()).collect(Collectors.toList());
        missing.forEach(name -> late.add(name + " missing"));
        return String.join(", ", late) + (troubles.isEmpty() ? "" : " (" + String.join("; ", troubles) + ")");
    }
}
