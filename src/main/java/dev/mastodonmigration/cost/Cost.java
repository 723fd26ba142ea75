package dev.mastodonmigration.cost;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.api.MastodonMigrationStatus.Verdict;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is paid now, and what will be.
 *
 * @param payee who is paid now, as "Heroku apps example-web, example-streaming"
 */
public record Cost(String payee, Bill source, Bill target) {
    /** Whether the move saves money. What is not known only adds: so a target of which a part already costs as much does not save, whatever the rest. */
    public Verdict verdict() {
        var cheaper = target.knownUsd().compareTo(source.knownUsd()) < 0;
        if (cheaper && target.isComplete()) {
            return Verdict.Saves;
        }
        return !cheaper && source.isComplete() && !target.isUnknown() ? Verdict.DoesNotSave : Verdict.Unknown;
    }

    /** While the source is kept beside the target. */
    public Bill whileBothRun() {
        return source.and(target);
    }

    /** For the admin, in sentences. */
    public String words() {
        var both = whileBothRun();
        return String.join(" ", Stream.of(now(), then(), both.isUnknown() ? "" : "While both run, that is " + both.words() + " a month.", unknown(), bundled())
                .filter(sentence -> !sentence.isEmpty()).toList());
    }

    private String now() {
        return source.isUnknown() ? "What " + payee + " costs now is not known to the operator." : "For " + payee + " you pay " + source.words() + " a month.";
    }

    private String then() {
        if (target.isUnknown()) {
            return "What the target will cost is not known to the operator.";
        }
        return "The target will cost " + target.words() + " a month" + switch (verdict()) {
            case Saves -> ", which is " + (source.isComplete() ? "" : "at least ") + difference() + " USD less.";
            case DoesNotSave -> difference().signum() == 0 ? ", as much as now: the move does not save money." : ", which is " + (target.isComplete() ? "" : "at least ") + difference() + " USD more: the move does not save money.";
            case Unknown -> ". Whether the move saves money is not known.";
        };
    }

    private BigDecimal difference() {
        return source.knownUsd().subtract(target.knownUsd()).abs();
    }

    private String unknown() {
        var words = whileBothRun().unknownWords();
        return words.isEmpty() ? "" : "Not known: " + words + ".";
    }

    /** Old prices are told as such, with why there are no newer ones. */
    private String bundled() {
        var old = whileBothRun().items().stream().filter(item -> item.price().filter(price -> price.from() == PriceFrom.Bundled).isPresent()).toList();
        return old.stream().map(Item::price).flatMap(Optional::stream).map(Price::asOf).min(Comparator.<LocalDate>naturalOrder())
                .map(day -> "Prices of the operator's own list, of " + day + " or later, were used for " + String.join(", ", old.stream().map(Item::name).distinct().toList()) + reasons(old)).orElse("");
    }

    private static String reasons(List<Item> old) {
        var reasons = String.join(" ", old.stream().map(Item::note).filter(note -> !note.isEmpty()).distinct().toList());
        return (reasons.isEmpty() ? "" : ": " + reasons.replaceAll("[.]$", "")) + ".";
    }
}
