package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.DoesNotStartException;
import dev.mastodonmigration.source.ProxyTrust;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Has the source's apps take the edge for a proxy before users are led there, where the spec says by which addresses it comes to them: else they take all users for one, and refuse most of them. What was
 * there before is in status before anything is changed, and is set back once users are led back to the source, or when the migration ends.
 */
final class EdgeTrust {
    private static final String FINDING = "trusted-proxies";
    /** Each look costs calls of an account that has 75 a minute, and DNS by hand may take days. */
    private static final Duration GOOD_FOR = Duration.ofMinutes(1);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    private static final Duration WHILE_SOMEBODY_IS_ASKED = Duration.ofSeconds(30);
    private static final Duration TO_START = Duration.ofMinutes(5);
    private final PhaseContext context;
    private final Optional<MastodonMigrationStatus.Trust> trust;
    private final List<ProxyTrust> known;

    EdgeTrust(PhaseContext context) {
        this.context = context;
        this.trust = Optional.ofNullable(context.status().internal.trust);
        this.known = ProxyTrust.of(context.status());
    }

    /** Whether something was begun, and the apps were not seen to run with it yet: until they do, nothing else has to be well, least of all an edge whose health is theirs. */
    boolean isUnderWay() {
        return !known.isEmpty() && trust.filter(begun -> begun.seenAt == null).isPresent();
    }

    /** What is done or waited for before users are led on; empty where they may be. */
    Optional<StepResult> before() {
        var addresses = SpecDefaults.edgeEgress(context.spec());
        if (addresses.isEmpty() || isSeen() && isFresh()) {
            return Optional.empty();
        }
        if (isGivenUp() && !known.isEmpty()) {
            return Optional.of(takeBack());
        }
        var lacking = context.source().distrusts(addresses, known);
        if (isGivenUp() && !lacking.isEmpty()) {
            return Optional.of(new StepResult.Refused(trust.orElseThrow().givenUp));
        }
        if (isSeen() && !lacking.isEmpty()) {
            return Optional.of(changedByOthers(lacking));
        }
        if (!known.containsAll(lacking)) {
            return Optional.of(intend(lacking));
        }
        var restarting = isSeen() ? Optional.<StepResult>empty() : restarting();
        if (restarting.isEmpty()) {
            context.tell(new Fact.TrustSeen());
            context.findings(FINDING, Severity.Note, known.stream().map(EdgeTrust::words).toList());
        }
        return restarting;
    }

    /** An edit of the spec may name other addresses, and has what somebody else changed set again. */
    private boolean isSeen() {
        return trust.filter(seen -> seen.seenAt != null && Objects.equals(seen.generation, context.generation())).isPresent();
    }

    private boolean isFresh() {
        return trust.filter(seen -> context.now().isBefore(Instant.parse(seen.seenAt).plus(GOOD_FOR))).isPresent();
    }

    private StepResult intend(List<ProxyTrust> lacking) {
        // What setting it back needs as well.
        context.source().keepCredentials();
        context.tell(new Fact.TrustIntended(lacking, context.edge().orElseThrow().probeSource().fault()));
        return new StepResult.Working("about to set " + ProxyTrust.VARIABLE + " of " + names(lacking) + ", which restarts each once", PhaseContext.AT_ONCE);
    }

    private Optional<StepResult> restarting() {
        if (known.isEmpty()) {
            return Optional.empty();
        }
        try {
            switch (context.source().trust(known)) {
                case Provisioned.Working working -> {
                    context.tell(new Fact.TrustNotDown());
                    return Optional.of(new StepResult.Working("Before users are led to the edge: " + working.message(), working.lookAgain().orElse(BETWEEN_LOOKS)));
                }
                case Provisioned.Left down -> {
                    return Optional.of(down(down.message()));
                }
                case Provisioned.Ready ready -> {}
            }
        } catch (DoesNotStartException crashed) {
            return Optional.of(giveUp(crashed.getMessage()));
        }
        // One that did not answer before, as in maintenance mode, is not waited for.
        return trust.filter(before -> before.faultBefore == null).flatMap(before -> context.edge().orElseThrow().probeSource().fault())
                .map(fault -> down("the source, which runs with " + ProxyTrust.VARIABLE + " by now, has to answer again: " + fault));
    }

    private StepResult down(String what) {
        var since = trust.map(before -> before.downSince).map(Instant::parse);
        if (since.filter(first -> !context.now().isBefore(first.plus(TO_START))).isPresent()) {
            return giveUp(what);
        }
        context.tell(new Fact.TrustDown());
        return new StepResult.Working("Before users are led to the edge: " + what, BETWEEN_LOOKS);
    }

    /** Written down before anything is taken back: whoever dies in between does not set it again. Where users come through the edge it is not: without it they would all be one, once the app is back. */
    private StepResult giveUp(String what) {
        if (context.edge().orElseThrow().share() > 0) {
            var theirs = "Nobody more is led to the edge, because " + what + ". Users come through the edge, so " + ProxyTrust.VARIABLE + " stays: see `heroku logs`, and mend the app.";
            context.findings(FINDING, Severity.Action, List.of(theirs));
            return new StepResult.Working(theirs, WHILE_SOMEBODY_IS_ASKED);
        }
        var message = "Nobody more is led to the edge, and " + ProxyTrust.VARIABLE + " is set back, because " + what + ". It is not set again by itself: once the app starts with it, edit the spec, or set it yourself: "
                + known.stream().map(app -> "'" + app.wanted() + "' on " + app.app()).collect(Collectors.joining(", ")) + ".";
        context.tell(new Fact.TrustGivenUp(message));
        context.findings(FINDING, Severity.Action, List.of(message));
        return new StepResult.Working(message, PhaseContext.AT_ONCE);
    }

    private StepResult takeBack() {
        var why = trust.orElseThrow().givenUp;
        return switch (context.source().trustAsBefore(known)) {
            case Provisioned.Working working -> new StepResult.Working(why + " " + working.message(), working.lookAgain().orElse(BETWEEN_LOOKS));
            case Provisioned.Left left -> new StepResult.Refused(why + " " + left.message());
            case Provisioned.Ready ready -> {
                context.tell(new Fact.TrustOfNone());
                yield new StepResult.Refused(why);
            }
        };
    }

    private boolean isGivenUp() {
        return trust.filter(given -> given.givenUp != null && Objects.equals(given.generation, context.generation())).isPresent();
    }

    private StepResult changedByOthers(List<ProxyTrust> lacking) {
        var message = "Nobody more is led to the edge, because somebody changed " + ProxyTrust.VARIABLE + " of " + names(lacking) + " since the operator looked last, and Mastodon would take all users for one: it does not cover the private"
                + " networks and spec.edge.egressCidrs any more. Set it to " + lacking.stream().map(app -> "'" + app.wanted() + "' on " + app.app()).collect(Collectors.joining(", ")) + ".";
        context.findings(FINDING, Severity.Action, List.of(message));
        return new StepResult.Working(message, WHILE_SOMEBODY_IS_ASKED);
    }

    private static String names(List<ProxyTrust> apps) {
        return apps.stream().map(ProxyTrust::app).collect(Collectors.joining(", "));
    }

    private static String words(ProxyTrust app) {
        return "The operator set " + ProxyTrust.VARIABLE + " of " + app.app() + " to '" + app.wanted() + "' for the edge; it " + app.before() + ". It is set back when users are led back to the source, or when the migration ends, unless somebody"
                + " changes it before.";
    }

    /** Where it may be what keeps the source down, and nobody is led to the edge: before all else. What came of it {@link #restore} tells. */
    Provisioned restoreFirst() {
        return isUnderWay() && context.edge().orElseThrow().share() == 0 ? context.source().trustAsBefore(known) : new Provisioned.Ready("");
    }

    /** Nobody comes through the edge to the source any more. */
    Provisioned restore() {
        if (trust.isEmpty()) {
            return new Provisioned.Ready("");
        }
        var restored = known.isEmpty() ? new Provisioned.Ready("") : context.source().trustAsBefore(known);
        if (!(restored instanceof Provisioned.Working)) {
            forget();
        }
        return restored;
    }

    /** It is as it was, or its apps are deleted. */
    void forget() {
        if (trust.isPresent()) {
            context.tell(new Fact.TrustTakenBack());
            context.findings(FINDING, Severity.Note, List.of());
        }
    }
}
