package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.target.Compute;
import java.util.List;
import java.util.Optional;

/** A search index that the instance fills anew on the target, where the spec wants that. It holds nothing up: whoever searches meanwhile finds less. */
final class SearchWatch {
    private static final String ORIGIN = "search-index";
    private static final String BY_HAND = " Run tootctl search deploy in a web pod; until it ends, searching finds less.";
    private final PhaseContext context;

    SearchWatch(PhaseContext context) {
        this.context = context;
    }

    /** Begins it, unless that was done. */
    void begin() {
        try {
            context.compute().ifPresent(Compute::startSearch);
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            context.findings(ORIGIN, Severity.Action, List.of("The search index is not filled: " + refused.getMessage() + BY_HAND));
        }
    }

    /** One look: a failure is told. @return to be put behind other words; empty where nothing is to be said */
    String look() {
        try {
            var state = context.compute().map(Compute::search).orElse(Building.GONE);
            var job = context.compute().map(Compute::searchJob).orElse("");
            if (state != Building.GONE) {
                context.findings(ORIGIN, Severity.Action, failure(state, job).map(why -> why + BY_HAND).stream().toList());
            }
            return switch (state) {
                case WAITING -> "; no pod fills the search index yet: kubectl describe " + job;
                case BUILDING -> "; the search index is being filled: kubectl logs -f " + job;
                case ENDED, FAILED, TIMED_OUT, GONE -> "";
            };
        } catch (OutsideException notNow) {
            return "; how far the search index is cannot be asked: " + notNow.getMessage();
        }
    }

    private static Optional<String> failure(Building state, String job) {
        return switch (state) {
            case FAILED -> Optional.of("The search index was not filled to its end. Find out why: kubectl logs " + job + ".");
            case TIMED_OUT -> Optional.of("The search index was not filled within " + Building.LONGEST.toHours() + " h: Kubernetes ended its Job (kubectl describe " + job + ") and deleted its pods, and the log with them.");
            case WAITING, BUILDING, ENDED, GONE -> Optional.empty();
        };
    }

    /** Tells what came of it a last time, and removes what has ended well. */
    void end() {
        look();
        context.compute().ifPresent(Compute::removeSearch);
    }
}
