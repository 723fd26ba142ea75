package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.MastodonMigrationStatus.Verdict;
import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.cost.Cost;
import dev.mastodonmigration.cost.Payable;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Looks up what the move costs, and tells it. Nothing waits for that, and nothing fails by it: what cannot be had is not known. */
final class CostLook {
    /** Attempts of Preflight follow each other in seconds. */
    private static final Duration GOOD_FOR = Duration.ofHours(1);
    private final PhaseContext context;

    CostLook(PhaseContext context) {
        this.context = context;
    }

    /** Unless status has it from a moment ago. */
    void look() {
        var charges = charges();
        var known = Optional.ofNullable(context.status().cost);
        if (known.filter(cost -> isOf(cost, charges) && context.now().isBefore(Instant.parse(cost.asOf).plus(GOOD_FOR))).isEmpty()) {
            tell(new Cost(context.source().name(), source(), context.outside().prices().of(charges)));
        }
    }

    /** Only when other things will be paid for than those that status has. */
    void whenChanged() {
        var charges = charges();
        if (Optional.ofNullable(context.status().cost).filter(cost -> !isOf(cost, charges)).isPresent()) {
            look();
        }
    }

    private List<Charge> charges() {
        var outside = context.outside();
        return Stream.of(outside.postgres().stream(), outside.redis().stream(), outside.compute().stream(), outside.edge().stream()).<Payable>flatMap(part -> part)
                .flatMap(part -> part.charges().stream()).toList();
    }

    private static boolean isOf(MastodonMigrationStatus.Cost known, List<Charge> charges) {
        return known.target.items.stream().map(item -> item.quantity + " " + item.name).toList().equals(charges.stream().map(charge -> charge.quantity() + " " + charge.name()).toList());
    }

    private Bill source() {
        try {
            return context.source().bill();
        } catch (OutsideException unknown) {
            return Bill.unknown(context.source().name(), unknown.getMessage());
        }
    }

    private void tell(Cost cost) {
        context.tell(new Fact.Priced(cost));
        // Where everything is the admin's own there is nothing that they could do about it.
        var isToldAsFinding = cost.verdict() != Verdict.Saves && !cost.target().isUnknown();
        context.findings("cost", Severity.Note, isToldAsFinding ? List.of(cost.words()) : List.of());
    }
}
