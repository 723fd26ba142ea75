package dev.mastodonmigration.phase;

import dev.mastodonmigration.compute.Feeds;
import dev.mastodonmigration.compute.KubernetesCompute;
import dev.mastodonmigration.itinerary.SpecDefaults;
import java.util.List;
import java.util.Optional;

/** What there is to say of feeds that the instance builds anew, where it does. That they could not be built loses nothing, and ends nothing. */
final class FeedsWatch {
    private final String job;
    private final Optional<Feeds> state;

    FeedsWatch(PhaseContext context) {
        this.job = KubernetesCompute.feedsJob(context.migration());
        this.state = SpecDefaults.rebuildsRedis(context.spec()) ? Optional.of(context.compute().feeds(context.migration())) : Optional.empty();
    }

    boolean isOver() {
        return state.filter(now -> now == Feeds.WAITING || now == Feeds.BUILDING).isEmpty();
    }

    /** To be put behind other words; empty where nothing is built. */
    String words() {
        return state.map(now -> "; " + switch (now) {
            case WAITING -> "no pod builds the feeds yet: kubectl describe " + job + " (deleting it lets the migration go on without)";
            case BUILDING -> "the feeds are being built: kubectl logs -f " + job + " (deleting it lets the migration go on without)";
            case ENDED -> "the feeds were built, but for accounts that its log names after \"Error processing\": kubectl logs " + job;
            case FAILED -> "the feeds could NOT be built: kubectl logs " + job;
            case GONE -> "the feeds were NOT built, their Job is gone";
        }).orElse("");
    }

    List<String> notes() {
        return state.filter(now -> now == Feeds.FAILED || now == Feeds.GONE).map(now -> "Home and list feeds were not built to their end, so that home timelines are incomplete. Find out why ("
                + (now == Feeds.FAILED ? "kubectl logs " + job : "the Job " + job + " was deleted") + "), and run tootctl feeds build --all in a web pod.").stream().toList();
    }
}
