package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.target.Compute;
import java.util.List;
import java.util.Optional;

/** What there is to say of feeds that the instance builds anew, where it does. That they could not be built loses nothing, and ends nothing. */
final class FeedsWatch {
    private static final String BY_HAND = "tootctl feeds build --all in a web pod.";
    private final String job;
    private final Optional<Building> state;

    FeedsWatch(PhaseContext context) {
        this.job = context.compute().map(Compute::feedsJob).orElse("");
        this.state = SpecDefaults.rebuildsRedis(context.spec()) ? context.compute().map(Compute::feeds) : Optional.empty();
    }

    boolean isOver() {
        return state.filter(now -> now == Building.WAITING || now == Building.BUILDING).isEmpty();
    }

    /** To be put behind other words; empty where nothing is built. */
    String words() {
        return state.map(now -> "; " + switch (now) {
            case WAITING -> "no pod builds the feeds yet: kubectl describe " + job + " (deleting it lets the migration go on without)";
            case BUILDING -> "the feeds are being built: kubectl logs -f " + job + " (deleting it lets the migration go on without)";
            case ENDED -> "the feeds were built, but for accounts that its log names after \"Error processing\": kubectl logs " + job;
            case FAILED -> "the feeds could NOT be built: kubectl logs " + job;
            case TIMED_OUT -> "the feeds could NOT be built within " + Building.LONGEST.toHours() + " h: Kubernetes ended their Job and deleted its pods, and the log with them";
            case GONE -> "the feeds were NOT built, their Job is gone";
        }).orElse("");
    }

    List<String> notes() {
        return state.flatMap(this::unbuilt).map(why -> "Home and list feeds were not built to their end, so that home timelines are incomplete. " + why).stream().toList();
    }

    private Optional<String> unbuilt(Building now) {
        return switch (now) {
            case WAITING, BUILDING, ENDED -> Optional.empty();
            case FAILED -> Optional.of("Find out why (kubectl logs " + job + "), and run " + BY_HAND);
            case TIMED_OUT -> Optional.of("Kubernetes ended their Job after " + Building.LONGEST.toHours() + " h (kubectl describe " + job + ") and deleted its pods, so that no log is left: they needed"
                    + " longer, or no pod found a node. What was built stays. Run " + BY_HAND);
            case GONE -> Optional.of("The Job " + job + " was deleted. Run " + BY_HAND);
        };
    }
}
