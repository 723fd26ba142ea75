package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.MastodonMigrationStatus.Shift;
import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Leads users back a step where they fare worse through the edge than without it, in two minutes of two, and on again after a wait that doubles, three times at most. What the source itself does badly is not the
 * edge's fault, and where few come nothing can be said. With DNS by hand nobody is counted as led back before nobody comes: the admin was told to lead them back, and is told when to lead them here again.
 */
final class ShiftWatch {
    private static final String WORSE = "worse-through-the-edge";
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int BAD_WINDOWS = 2;
    private static final int FEWEST_REQUESTS = 100;
    private static final int FEWEST_FAILURES = 10;
    private static final double MOST_FAILURES_PERCENT = 5;
    private static final int PERCENT = 100;
    private static final long SLOW_MILLIS = 5000;
    /** Pages take longer than what the source is asked directly. */
    private static final int SLOWER = 10;
    /** Where too few come to be judged after a bad minute, more are led there all the same after this. */
    private static final Duration UNJUDGED = Duration.ofMinutes(10);
    private static final int MOST_RETREATS = 3;
    private static final Duration FIRST_WAIT = Duration.ofMinutes(5);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    private static final Duration WHILE_NOTHING_MOVES = Duration.ofSeconds(30);
    private final PhaseContext context;
    private final Edge edge;
    private final Shift shift;

    ShiftWatch(PhaseContext context, Edge edge) {
        this.context = context;
        this.edge = edge;
        this.shift = Optional.ofNullable(context.status().internal.shift).orElseGet(Shift::new);
    }

    /** What holds the next step up; empty where nothing does. */
    Optional<StepResult> look() {
        if (shift.percent != null) {
            return Optional.of(ledBack());
        }
        var share = edge.share();
        if (share == 0) {
            return Optional.empty();
        }
        if (isJudgedSince(WINDOW)) {
            return shift.badWindows == 0 ? Optional.empty() : Optional.of(new StepResult.Working("No more traffic is moved before the edge has served well for a minute.", BETWEEN_LOOKS));
        }
        var lately = edge.measured().map(figures -> figures.lately(Edge.Side.SOURCE)).orElse(SideFigures.NONE);
        var worse = worse(lately, edge::probeSource);
        if (worse.isEmpty()) {
            if (shift.badWindows > 0 && lately.requests() < FEWEST_REQUESTS && isJudgedSince(UNJUDGED)) {
                edge.ensure();
                return Optional.of(new StepResult.Working("No more traffic is moved before the edge has served well for a minute, or " + UNJUDGED.toMinutes() + " minutes have passed in which too few came to tell.", BETWEEN_LOOKS));
            }
            context.tell(new Fact.ServedWell());
            return Optional.empty();
        }
        if (shift.badWindows + 1 < BAD_WINDOWS) {
            context.tell(new Fact.ServedWorse());
        } else {
            context.tell(new Fact.LedBack(before(share), worse.get(), again()));
        }
        return Optional.of(new StepResult.Working("No more traffic is moved: " + worse.get(), BETWEEN_LOOKS));
    }

    private boolean isJudgedSince(Duration time) {
        return shift.judgedAt != null && context.now().isBefore(Instant.parse(shift.judgedAt).plus(time));
    }

    /** Why users fare worse through the edge than without it; empty where they do not, or too few came. @param direct asked only where it matters */
    static Optional<String> worse(SideFigures lately, Supplier<DirectProbe> direct) {
        if (lately.requests() < FEWEST_REQUESTS) {
            return Optional.empty();
        }
        var fault = fails(lately);
        var isSlow = lately.p95Millis() > SLOW_MILLIS;
        if (fault.isEmpty() && !isSlow) {
            return Optional.empty();
        }
        var source = direct.get();
        // A few slow uploads are no slow edge.
        if (source.fault().isPresent() || fault.isEmpty() && lately.p50Millis() <= SLOWER * source.slowestMillis()) {
            return Optional.empty();
        }
        return Optional.of(lately.requests() + " requests came through the edge in a minute, and " + fault.orElse("5 of 100 took longer than " + SLOW_MILLIS / 1000 + " s to be answered")
                + ", while the source, asked directly, answers within " + source.slowestMillis() + " ms");
    }

    private static Optional<String> fails(SideFigures lately) {
        if (lately.failed() >= FEWEST_FAILURES && lately.errorPercent() >= MOST_FAILURES_PERCENT) {
            return Optional.of(String.format(Locale.ROOT, "%.1f %% of them failed", lately.errorPercent()));
        }
        var answers = lately.requests() - lately.failures();
        if (lately.rateLimited() >= FEWEST_FAILURES && lately.rateLimited() * PERCENT > answers * MOST_FAILURES_PERCENT) {
            return Optional.of(lately.rateLimited() + " of " + answers + " answers were 429 (too many requests), as where the source takes all users for one, the edge, and gives them one rate limit together (set TRUSTED_PROXY_IP of its apps to"
                    + " the private networks and the addresses by which this cluster reaches the internet)");
        }
        return lately.inboxRefusals() >= FEWEST_FAILURES && lately.inboxRefusals() * PERCENT > lately.deliveries() * MOST_FAILURES_PERCENT
                ? Optional.of(lately.inboxRefusals() + " of " + lately.deliveries() + " deliveries of other servers were refused for good") : Optional.empty();
    }

    private int before(int share) {
        return edge.steps().stream().filter(step -> step < share).reduce((one, other) -> other).orElse(0);
    }

    /** Empty after too many tries: somebody has to look. An edit of the spec since the last one begins to count anew. */
    private Optional<Instant> again() {
        var retreats = Objects.equals(shift.generation, context.generation()) ? shift.retreats : 0;
        return retreats + 1 < MOST_RETREATS ? Optional.of(context.now().plus(FIRST_WAIT.multipliedBy(1L << retreats)).truncatedTo(ChronoUnit.SECONDS)) : Optional.empty();
    }

    private StepResult ledBack() {
        var byHand = edge.backByHand();
        var message = finding(byHand);
        var isTold = context.status().findings.stream().anyMatch(known -> known.message.equals(message));
        context.findings(WORSE, byHand.isEmpty() && shift.againAt != null ? Severity.Warning : Severity.Action, List.of(message));
        if (edge.lower(shift.percent) instanceof Provisioned.Working working) {
            return new StepResult.Working("back to " + shift.percent + " %: " + working.message(), BETWEEN_LOOKS);
        }
        if (!mayGoOn(byHand)) {
            if (isTold) {
                // Some may still come through it.
                edge.ensure();
            }
            return new StepResult.Working("Users fared worse through the edge. " + (shift.againAt == null ? "No more of them are led there before the spec is edited." : byHand.isEmpty() ? "More of them are led there at " + shift.againAt + "."
                    : "You are told to lead them there again when nobody has come for five minutes, and not before " + shift.againAt + "."),
                    isTold ? WHILE_NOTHING_MOVES : BETWEEN_LOOKS);
        }
        settle();
        context.tell(new Fact.LedOn());
        return new StepResult.Working("More users are led to the edge again.", PhaseContext.AT_ONCE);
    }

    private boolean mayGoOn(List<String> byHand) {
        if (!Objects.equals(shift.generation, context.generation())) {
            return true;
        }
        return shift.againAt != null && !context.now().isBefore(Instant.parse(shift.againAt)) && (byHand.isEmpty() || edge.share() == 0);
    }

    private String finding(List<String> byHand) {
        var anEdit = "an edit of the spec, as of spec.edge.hold, ";
        var what = byHand.isEmpty() ? "DNS leads " + shift.percent + " % of them there from now on, and " + (shift.againAt != null ? "more are tried again at " + shift.againAt + "."
                : "no more: it was tried " + MOST_RETREATS + " times. Fix the cause; then " + anEdit + "has it tried again.")
                : String.join(" ", byHand) + (shift.againAt != null ? " When nobody has come through the edge for five minutes, and not before " + shift.againAt + ", you are told to point it there again; " + anEdit + "says that it leads there."
                : " It was tried " + MOST_RETREATS + " times. Fix the cause, and point DNS at the edge again; then " + anEdit + "has it tried again.");
        return "Users fare worse through the edge: " + shift.reason + ". " + what + " Look at the logs of the edge's pods, and at what stands in front of them.";
    }

    void settle() {
        context.findings(WORSE, Severity.Warning, List.of());
    }
}
