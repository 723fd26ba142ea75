package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.ByHand;
import dev.mastodonmigration.api.MastodonMigrationStatus.NameLed;
import dev.mastodonmigration.edge.DnsSight;
import dev.mastodonmigration.edge.DnsSight.Leads;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Waits until the world has forgotten where names led before the admin led them to the edge: whoever still remembers it in the freeze meets the source's maintenance page. One request that comes says nothing of
 * that. Where a zone's name servers tell that a name leads here, its old TTL is waited out since; where they cannot be asked, or say nothing (a proxy's addresses stay as they are), requests must have come
 * for some minutes, and the admin is told before the gate that nobody knows more.
 */
final class DnsByHand {
    /** What most providers have records remembered for. */
    private static final Duration UNSEEN = Duration.ofMinutes(5);
    /** Nobody waits for longer, whatever a TTL says: resolvers keep nothing for longer than a day or two. */
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    private static final Duration WHILE_IT_PASSES = Duration.ofSeconds(30);
    private final PhaseContext context;
    private final List<DnsSight> sights;
    private final ByHand known;
    /** Of these names this look has found what status does not have yet. */
    private final Set<String> news = new HashSet<>();

    DnsByHand(PhaseContext context, Edge edge) {
        this.context = context;
        this.sights = edge.sights();
        this.known = Optional.ofNullable(context.status().internal.byHand).orElseGet(ByHand::new);
    }

    private Optional<NameLed> known(DnsSight sight) {
        return known.names.stream().filter(name -> name.domain.equals(sight.domain())).findFirst();
    }

    /** Writes down what was seen, and returns what the admin has to do. */
    List<String> look() {
        sights.forEach(this::note);
        sights.stream().filter(sight -> sight.comes() && !ledToSource(sight) && known(sight).filter(name -> name.comeSince == null).isPresent()).forEach(sight -> tell(sight, new Fact.NameComes(sight.domain())));
        return sights.stream().filter(sight -> !sight.comes() || leadsToSource(sight)).flatMap(sight -> known(sight).map(name -> toDo(sight, name)).stream()).toList();
    }

    /** In words that stay the same from look to look, whatever order or share of its addresses a name server gives. */
    private static String toDo(DnsSight sight, NameLed name) {
        return sight.toDo() + (name.records == null ? "" : " What was there when it was looked at first: " + name.records + ", TTL " + name.ttlSeconds + ".");
    }

    /** As it says now, or as was known when it could be asked last. */
    private boolean ledToSource(DnsSight sight) {
        return leadsToSource(sight) || sight.records().isEmpty() && known(sight).filter(name -> name.movedAt == null && Leads.SOURCE.name().equals(name.leads)).isPresent();
    }

    private static boolean leadsToSource(DnsSight sight) {
        return sight.records().filter(records -> records.leads() == Leads.SOURCE).isPresent();
    }

    private void note(DnsSight sight) {
        var before = known(sight);
        if (sight.records().isEmpty()) {
            if (before.filter(name -> name.movedAt != null || name.silentSince != null).isEmpty()) {
                tell(sight, new Fact.NameUnknown(sight.domain()));
            }
            return;
        }
        var records = bounded(sight.records().get());
        if (isMoved(records, before)) {
            if (before.filter(name -> name.movedAt != null).isEmpty()) {
                tell(sight, new Fact.NameMoved(sight.domain(), records, UNSEEN));
            }
        } else if (before.filter(name -> isKnown(name, records)).isEmpty()) {
            tell(sight, new Fact.NameSeen(sight.domain(), records));
        }
    }

    /** What a proxy or an alias answers with has a TTL that may be another each time: the longest counts. */
    private static boolean isKnown(NameLed name, DnsSight.Records records) {
        var seconds = records.ttl().toSeconds();
        return name.movedAt == null && name.silentSince == null && records.leads().name().equals(name.leads) && name.ttlSeconds != null
                && (records.leads() == Leads.SOURCE ? name.ttlSeconds == seconds : name.ttlSeconds >= seconds);
    }

    private void tell(DnsSight sight, Fact fact) {
        context.tell(fact);
        news.add(sight.domain());
    }

    private static DnsSight.Records bounded(DnsSight.Records records) {
        return records.ttl().compareTo(LONGEST) > 0 ? new DnsSight.Records(records.words(), LONGEST, records.leads()) : records;
    }

    /** Where by what address users reach the edge is not known: whether the admin has changed it since it was seen first. */
    private static boolean isMoved(DnsSight.Records now, Optional<NameLed> before) {
        var first = before.filter(name -> name.records != null);
        return switch (now.leads()) {
            case EDGE -> true;
            case SOURCE, ELSEWHERE -> false;
            case BY_NAME -> first.filter(name -> !name.records.equals(now.words())).isPresent();
            case BY_ADDRESS -> first.filter(name -> !name.leads.equals(Leads.BY_ADDRESS.name())).isPresent();
        };
    }

    /** What is waited for, once requests come; empty where nothing is. */
    Optional<StepResult> waits() {
        return sights.stream().map(this::waits).flatMap(Optional::stream).max(Comparator.comparing(wait -> wait.until().orElse(Instant.MAX))).map(wait -> new StepResult.Working(wait.message(),
                wait.until().map(until -> shorter(Duration.between(context.now(), until))).orElse(BETWEEN_LOOKS)));
    }

    /** What the admin has to look at before the gate, once nothing is waited for any more. */
    List<String> untold() {
        return sights.stream().filter(sight -> known(sight).filter(name -> name.movedAt != null).isEmpty()).map(sight -> "Whether all users of " + sight.domain() + " are led to the edge the operator could not tell: " + because(sight)
                + ". Look yourself before the cutover, and wait as long as its old record may be remembered: users who are still led to the source meet its maintenance page in the freeze, and until they are led here.").toList();
    }

    private static String because(DnsSight sight) {
        return sight.records().map(records -> "its records, " + records.words() + ", are not those of the edge, as where a proxy stands in front of it").orElseGet(() -> sight.unknown().replaceAll("\\.$", ""));
    }

    private static Duration shorter(Duration left) {
        return left.compareTo(WHILE_IT_PASSES) < 0 ? left : WHILE_IT_PASSES;
    }

    /** @param until empty for as long as the admin has not changed something */
    private record Wait(Optional<Instant> until, String message) {}

    private Optional<Wait> waits(DnsSight sight) {
        var name = known(sight);
        if (name.isEmpty() || news.contains(sight.domain())) {
            return Optional.of(new Wait(Optional.empty(), "it is looked at where DNS of " + sight.domain() + " leads"));
        }
        if (ledToSource(sight)) {
            return Optional.of(new Wait(Optional.empty(), "requests for " + sight.domain() + " come to the edge, but its DNS " + (sight.records().isPresent() ? "still leads to the source" : "led to the source when it could be asked last (now: " + because(sight) + ")")
                    + ", and so do most of its users. " + toDo(sight, name.get())));
        }
        if (name.get().movedAt != null) {
            var old = name.get().records == null ? "" : " (" + name.get().records + ", TTL " + name.get().ttlSeconds + ")";
            return until(Instant.parse(name.get().rememberedUntil), end -> "DNS of " + sight.domain() + " leads to the edge. The world may remember the old records" + old + " until " + end);
        }
        var wait = name.get().ttlSeconds == null || name.get().ttlSeconds < UNSEEN.toSeconds() ? UNSEEN : Duration.ofSeconds(name.get().ttlSeconds);
        if (name.get().comeSince == null) {
            return Optional.of(new Wait(Optional.empty(), "no request for " + sight.domain() + " has come to the edge"));
        }
        var since = latest(name.get().comeSince, name.get().silentSince, name.get().leadsSince).orElseThrow();
        return until(latest(since.plus(wait).toString(), name.get().rememberedUntil).orElseThrow(), end -> "requests for " + sight.domain() + " come to the edge, but whether all of its users are led here cannot be told: "
                + because(sight) + ". Look whether they are. If requests come until " + end + ", the operator takes it to do so");
    }

    /** Of those that there are. */
    private static Optional<Instant> latest(String... times) {
        return Stream.of(times).filter(Objects::nonNull).map(Instant::parse).max(Comparator.naturalOrder());
    }

    private Optional<Wait> until(Instant end, Function<Instant, String> message) {
        return context.now().isBefore(end) ? Optional.of(new Wait(Optional.of(end), message.apply(end.truncatedTo(ChronoUnit.SECONDS)))) : Optional.empty();
    }
}
