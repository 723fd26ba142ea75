package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.source.Retirement.Asset;
import dev.mastodonmigration.source.Source.Arrivals;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Who still comes to the old host by the instance's names, because DNS that somebody keeps leads there. While the app stands they are told to come again, and other servers do. Once it is deleted they are answered 404, which another
 * server takes for good: posts to the instance are lost, and accounts given up. So no app is deleted before nobody has come for spec.retire.quietFor.
 */
final class Stragglers {
    private static final String ORIGIN = "stragglers";
    /** The platform limits how often its log is asked for, and the gate may stand for weeks. */
    private static final Duration BETWEEN_LOOKS = Duration.ofMinutes(10);
    /** For a log that may be read again soon; then the time since the target took writes is all that is known. */
    private static final Duration PATIENCE = Duration.ofHours(1);
    private final PhaseContext context;

    /** Until when nothing is deleted, and why. */
    record Quiet(Instant until, String why) {}

    Stragglers(PhaseContext context) {
        this.context = context;
    }

    private Optional<MastodonMigrationStatus.Stragglers> known() {
        return Optional.ofNullable(context.status().retirement).map(retirement -> retirement.stragglers);
    }

    /** @param apps that are to be deleted; where there are none nobody is asked */
    Optional<Quiet> quiet(List<Asset> apps) {
        if (apps.isEmpty() || SpecDefaults.quietFor(context.spec()).isZero()) {
            return Optional.empty();
        }
        var due = known().filter(known -> context.now().isBefore(Instant.parse(known.askedAt).plus(BETWEEN_LOOKS))).isEmpty();
        return due ? ask(apps) : remembered().or(() -> known().filter(known -> known.unreadSince != null).flatMap(known -> unread(Instant.parse(known.askedAt), Instant.parse(known.unreadSince))));
    }

    private Optional<Quiet> ask(List<Asset> apps) {
        try {
            var arrivals = context.source().arrivals(apps, SpecDefaults.hosts(context.spec()), Instant.parse(context.status().downtime.targetWritableAt));
            context.tell(new Fact.StragglersAsked(arrivals));
            context.findings(ORIGIN, Severity.Warning, List.of());
            return arrivals.flatMap(this::after).or(this::remembered);
        } catch (OutsideException unread) {
            // Refused or silent: a proxy on the way may have said no, and a token is mended.
            tellUnread();
            context.tell(new Fact.StragglersUnread());
            return remembered().or(() -> unread(context.now(), known().map(known -> known.unreadSince).map(Instant::parse).orElse(context.now())));
        }
    }

    /** In words that are always the same, so that it is told once. */
    private void tellUnread() {
        context.findings(ORIGIN, Severity.Warning, List.of("Whether somebody still comes to " + context.source().name() + " cannot be read in the log of its router, so that it cannot be waited for: look yourself before an app is deleted, with"
                + " `heroku logs --source heroku -n 1500`. Who comes there after that is answered 404, which other servers take for good."));
    }

    private Optional<Quiet> remembered() {
        return known().filter(known -> known.lastAt != null).flatMap(known -> after(new Arrivals(known.count, Instant.parse(known.lastAt), known.host, Instant.parse(known.firstAt))));
    }

    private Optional<Quiet> after(Arrivals arrivals) {
        var end = arrivals.last().plus(SpecDefaults.quietFor(context.spec())).truncatedTo(ChronoUnit.SECONDS);
        return context.now().isBefore(end) ? Optional.of(new Quiet(end, "Somebody still came to " + context.source().name() + " by the name " + arrivals.host() + ", last at " + seconds(arrivals.last()) + " (" + arrivals.count()
                + (arrivals.count() == 1 ? " request" : " requests since " + seconds(arrivals.first())) + " in what its log keeps): DNS that they have still leads there. It begins spec.retire.quietFor after the last of them"
                + ", because without the app they are answered 404, which other servers take for good. See that no DNS record points there any more. spec.retire.quietFor: 0s goes on regardless."))
                : Optional.empty();
    }

    private Optional<Quiet> unread(Instant asked, Instant since) {
        return context.now().isBefore(since.plus(PATIENCE)) ? Optional.of(new Quiet(seconds(asked.plus(BETWEEN_LOOKS).plusSeconds(1)), "Whether somebody still comes to " + context.source().name()
                + " could not be read in the log of its router just now. It is asked again until " + since.plus(PATIENCE).truncatedTo(ChronoUnit.SECONDS) + ", and then not waited for any more.")) : Optional.empty();
    }

    /** Nothing is left to come to. */
    void over() {
        context.findings(ORIGIN, Severity.Warning, List.of());
    }

    private static Instant seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
