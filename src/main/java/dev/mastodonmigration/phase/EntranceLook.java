package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.EntranceAsked;
import dev.mastodonmigration.api.MastodonMigrationStatus.Finding;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.Entrance;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Has what stands in front of the edge asked, before users are led there, whether it lets through what Mastodon needs; once at each address, and again while something is wrong there. Whatever is found is told, and
 * stops nothing: users are led there all the same, and may come by another way than the operator does.
 */
final class EntranceLook {
    private static final String FINDING = "entrance-";
    private static final String UNKNOWN = FINDING + "unknown";
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    /** Each time 99 MB are sent there. */
    private static final Duration BETWEEN_TRIES = Duration.ofMinutes(30);
    private final PhaseContext context;
    private final Optional<EntranceAsked> last;

    EntranceLook(PhaseContext context) {
        this.context = context;
        this.last = Optional.ofNullable(context.status().internal.entrance);
    }

    /** What is waited for before users are led there; empty once it is known, or cannot be. */
    Optional<StepResult> before() {
        var entrance = context.edge().flatMap(Edge::entrance);
        var where = entrance.flatMap(Entrance::where);
        if (entrance.isEmpty()) {
            return Optional.empty();
        }
        if (where.isEmpty()) {
            tell(List.of(new Fact.Found(UNKNOWN, Severity.Note, "Whether " + entrance.get().name() + " lets through bodies of 99 MB, event streams and websockets was not tried, because the operator does not know by what address users reach it."
                    + " Try it before you lead them there.")));
            return Optional.empty();
        }
        var isKnown = last.map(asked -> asked.address).equals(where);
        if (isKnown && !isDue() || ask(entrance.get(), where.get()) || isKnown) {
            return Optional.empty();
        }
        return Optional.of(new StepResult.Working("Before users are led to " + entrance.get().name() + ", it is tried whether bodies of 99 MB, event streams and websockets come through. That takes a minute or two.", BETWEEN_LOOKS));
    }

    /** Whoever has changed what was found sees it settled. */
    void again() {
        if (!isDue()) {
            return;
        }
        try {
            context.edge().flatMap(Edge::entrance).ifPresent(entrance -> entrance.where().ifPresent(where -> ask(entrance, where)));
        } catch (OutsideException unknown) {
            // What was found stays, and nothing waits for it.
        }
    }

    private boolean isDue() {
        return last.filter(asked -> !context.now().isBefore(Instant.parse(asked.at).plus(BETWEEN_TRIES))).isPresent() && context.status().findings.stream().anyMatch(EntranceLook::isOurs);
    }

    /** @return whether there is an answer */
    private boolean ask(Entrance entrance, String where) {
        var faults = context.outside().entrances().ask(entrance);
        faults.ifPresent(found -> {
            context.tell(new Fact.EntranceAsked(where));
            tell(found.stream().map(fault -> new Fact.Found(FINDING + fault.about(), fault.severity(), fault.message())).toList());
        });
        return faults.isPresent();
    }

    private void tell(List<Fact.Found> found) {
        context.status().findings.stream().filter(known -> isOurs(known) && found.stream().noneMatch(fact -> fact.id().equals(known.id))).forEach(known -> context.tell(new Fact.Settled(known.id)));
        found.forEach(context::tell);
    }

    private static boolean isOurs(Finding finding) {
        return finding.id.startsWith(FINDING);
    }

    /** By now they know better. */
    void usersCome() {
        context.tell(new Fact.Settled(UNKNOWN));
    }

    void settle() {
        tell(List.of());
    }
}
