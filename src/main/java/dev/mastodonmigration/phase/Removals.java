package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.AssetKind;
import dev.mastodonmigration.api.MastodonMigrationStatus.AssetState;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.Retirement;
import dev.mastodonmigration.source.Retirement.Asset;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.status.Fact;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What is deleted of the old host: listed at the gate and written down, then one after the other, each told before and after. What is not on that list is never touched. */
final class Removals {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    /** The platform counts calls, and the gate may stand for weeks. */
    private static final Duration BETWEEN_LISTS = Duration.ofMinutes(5);
    private final PhaseContext context;
    private final FinalBackup backup;

    /** What would be deleted, in order; why it could not be now; what goes with it. */
    record Listed(List<Asset> assets, List<String> obstacles, List<String> consequences) {
        static final Listed NOTHING = new Listed(List.of(), List.of(), List.of());
    }

    Removals(PhaseContext context) {
        this.context = context;
        this.backup = new FinalBackup(context);
    }

    /** Whether the admin wants anything deleted. */
    boolean areWanted() {
        return isWanted(AssetKind.PostgresAddOn) || isWanted(AssetKind.App);
    }

    private boolean isWanted(AssetKind kind) {
        return kind == AssetKind.App ? SpecDefaults.deletesApps(context.spec()) && !context.computeStays() : SpecDefaults.deletesAddOns(context.spec());
    }

    private Retirement retirement() {
        return context.source().retirement().orElseThrow(() -> new OutsideException(context.source().name() + " cannot be deleted by this version. Remove spec.retire.addons and spec.retire.apps, and delete it yourself.", false));
    }

    /** At the gate: what there is, asked anew after an edit and every few minutes, and written down. */
    Listed list() {
        if (!areWanted()) {
            if (!recorded(AssetState.Planned).isEmpty()) {
                tell(Listed.NOTHING);
            }
            return Listed.NOTHING;
        }
        var known = Optional.ofNullable(context.status().retirement).filter(this::isFresh).map(retirement -> new Listed(recorded(AssetState.Planned), retirement.obstacles, retirement.consequences));
        return known.orElseGet(this::asked);
    }

    /** Whether what is listed stood in a report before this look: an approval that comes with the very edit that asks for deletions is no word on a list that nobody was shown. */
    boolean isListTold() {
        return !areWanted() || Optional.ofNullable(context.status().retirement).filter(this::isFresh).isPresent();
    }

    private boolean isFresh(MastodonMigrationStatus.Retirement known) {
        return known.listedAt != null && known.generation == context.generation() && context.now().isBefore(Instant.parse(known.listedAt).plus(BETWEEN_LISTS));
    }

    private Listed asked() {
        var assets = retirement().assets().stream().filter(asset -> isWanted(asset.kind())).toList();
        var listed = assets.isEmpty() ? Listed.NOTHING : new Listed(assets, retirement().obstacles(assets), retirement().consequences(assets));
        tell(listed);
        return listed;
    }

    private void tell(Listed listed) {
        context.tell(new Fact.RemovalsPlanned(listed.assets(), listed.obstacles(), listed.consequences()));
    }

    /** What stands in the way of deleting what the gate has listed; empty when nothing does. */
    Optional<String> obstacles() {
        return obstacles(planned());
    }

    private Optional<String> obstacles(List<Asset> assets) {
        var obstacles = assets.isEmpty() ? List.<String>of() : retirement().obstacles(assets);
        return obstacles.isEmpty() ? Optional.empty() : Optional.of(String.join(" ", obstacles));
    }

    private List<Asset> planned() {
        return recorded(AssetState.Planned).stream().filter(asset -> isWanted(asset.kind())).toList();
    }

    /** For the gate: what will be deleted and what not, in order, with what it costs. */
    String words(Listed listed) {
        if (!areWanted()) {
            return backup.words() + (context.computeStays() ? " The old add-ons stay, and stay attached under names that begin with MIGRATED_; delete them yourself only after that."
                    : " Nothing on the old host is deleted; delete apps and databases yourself only after that.");
        }
        var assets = listed.assets();
        var order = assets.isEmpty() ? " Nothing of the old host is found that could be deleted." : " Then is deleted for good, in this order: " + words(assets) + ".";
        return backup.words() + (SpecDefaults.quietFor(context.spec()).isZero() ? " It begins as soon as it is approved, because spec.retire.quietFor is 0s: whether somebody still comes to the old host is not waited for." : "")
                + (isWanted(AssetKind.RedisAddOn) ? " Redis is not backed up." : "") + order + missing(assets, AssetKind.PostgresAddOn, context.spec().target().postgres() != null, "Postgres")
                + missing(assets, AssetKind.RedisAddOn, context.spec().target().redis() != null, "Redis") + withoutBackup(assets)
                + listed.consequences().stream().map(words -> " " + words).collect(Collectors.joining())
                + (listed.obstacles().isEmpty() ? "" : " It would not begin now: " + String.join(" ", listed.obstacles()));
    }

    private static String words(List<Asset> assets) {
        return assets.stream().map(Asset::words).collect(Collectors.joining("; "));
    }

    private String missing(List<Asset> assets, AssetKind kind, boolean moved, String what) {
        return moved && isWanted(kind) && assets.stream().noneMatch(asset -> asset.kind() == kind) ? " The source's " + what + " was no add-on of these apps when it moved, is gone, or moved with an older version of this operator, which did not write its id down: none is deleted. What is there delete yourself." : "";
    }

    private String withoutBackup(List<Asset> assets) {
        return !backup.isWanted() && !backup.isMade() && assets.stream().anyMatch(asset -> asset.kind() == AssetKind.PostgresAddOn) ? " No final backup is made, because spec.retire.finalBackup is false." : "";
    }

    /** Until when nothing is deleted, and why; empty when it may begin. Where the apps stay, nobody who still comes there is lost, and the time since the target took writes is all that is waited for. */
    Optional<Stragglers.Quiet> quiet() {
        if (!areWanted()) {
            return Optional.empty();
        }
        var apps = Stream.concat(recorded(AssetState.Removing).stream(), planned().stream()).filter(asset -> asset.kind() == AssetKind.App).toList();
        var end = Instant.parse(context.status().downtime.targetWritableAt).plus(SpecDefaults.quietFor(context.spec())).truncatedTo(ChronoUnit.SECONDS);
        var young = Optional.of(new Stragglers.Quiet(end, "That is spec.retire.quietFor after the target took its first writes.")).filter(quiet -> context.now().isBefore(end));
        return Stream.of(young, new Stragglers(context).quiet(apps)).flatMap(Optional::stream).max(Comparator.comparing(Stragglers.Quiet::until));
    }

    /** Why nothing is given up just now, although the gate was passed: the admin may have thought better of it. */
    Optional<StepResult> heldBack() {
        if (!SpecDefaults.retireApproved(context.spec())) {
            return Optional.of(StepResult.Waiting.forApproval("spec.retire.approved was taken back, so that nothing more is given up. " + done() + (planned().isEmpty() ? "" : " Not deleted yet: " + words(planned()) + ".")));
        }
        return quiet().map(quiet -> StepResult.Waiting.until(quiet.until(), context.now(), "Nothing more is deleted before " + quiet.until() + ". " + quiet.why()));
    }

    /** One step of deleting what was written down. */
    StepResult next() {
        var removing = recorded(AssetState.Removing);
        if (!removing.isEmpty()) {
            return goOn(removing.getFirst());
        }
        var waiting = planned();
        if (waiting.isEmpty()) {
            new Stragglers(context).over();
            return new StepResult.Done(farewell());
        }
        var first = waiting.getFirst();
        return whyNotNow(waiting).or(() -> obstacles(waiting).map(StepResult.Refused::new)).orElseGet(() -> {
            context.tell(new Fact.RemovalBegun(first));
            return new StepResult.Working("about to delete " + first.words(), PhaseContext.AT_ONCE);
        });
    }

    /** What keeps all of them for now. Who writes is asked whatever else holds them back, because only what was seen to run is known to have made the backup old. */
    private Optional<StepResult> whyNotNow(List<Asset> assets) {
        var writers = writers();
        return heldBack().or(() -> writers.isEmpty() ? Optional.empty() : Optional.of(new StepResult.Refused("Nothing more is deleted. " + String.join(" ", writers)))).or(this::ending).or(() -> withoutBackupOf(assets));
    }

    private List<String> writers() {
        var writers = retirement().writers(recorded(AssetState.Removed));
        if (!writers.isEmpty()) {
            context.tell(new Fact.SourceSeen());
        }
        return writers;
    }

    /** The platform ceases to list a process before it has ended. */
    Optional<StepResult> ending() {
        return Optional.ofNullable(context.status().source.seenAt).map(seen -> Instant.parse(seen).plus(context.source().unseen())).filter(context.now()::isBefore)
                .map(believed -> new StepResult.Working("no process of the source is listed any more, and until " + believed + " it is waited for one that may still be ending", BETWEEN_LOOKS));
    }

    /** Asked before the first of them, so that not a part of it is gone when it is found missing. */
    private Optional<StepResult> withoutBackupOf(List<Asset> waiting) {
        return backup.isWanted() ? waiting.stream().filter(asset -> asset.kind() == AssetKind.PostgresAddOn).findFirst().flatMap(backup::missingFor) : Optional.empty();
    }

    private StepResult remove(Asset asset) {
        if (retirement().remove(asset) instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), BETWEEN_LOOKS);
        }
        return gone(asset);
    }

    private StepResult gone(Asset asset) {
        context.tell(new Fact.Removed(asset));
        return new StepResult.Working("gone: " + asset.words(), PhaseContext.AT_ONCE);
    }

    /** The platform may have refused for days what was about to be deleted: while it is there, it needs all that it needed before. What is being deleted already is not to be saved. */
    private StepResult goOn(Asset asset) {
        var wanted = SpecDefaults.retireApproved(context.spec()) && isWanted(asset.kind());
        return switch (retirement().standing(asset)) {
            case GONE -> gone(asset);
            case GOING -> new StepResult.Working((wanted ? "" : "too late to keep it: ") + context.source().name() + " loses " + asset.words(), BETWEEN_LOOKS);
            case THERE -> wanted && whyNotNow(Stream.concat(Stream.of(asset), planned().stream()).toList()).isEmpty() ? remove(asset) : withdraw(asset);
        };
    }

    /** So that one path decides what becomes of it. */
    private StepResult withdraw(Asset asset) {
        context.tell(new Fact.RemovalWithdrawn(asset));
        return new StepResult.Working("stays for now: " + asset.words(), PhaseContext.AT_ONCE);
    }

    private String done() {
        var gone = recorded(AssetState.Removed);
        var usd = gone.stream().map(Asset::monthlyUsd).flatMap(Optional::stream).reduce(BigDecimal.ZERO.setScale(2), BigDecimal::add);
        return gone.isEmpty() ? "Nothing on the old host was deleted." : "Deleted on the old host: " + words(gone) + "." + (usd.signum() > 0 ? " That saves " + usd + " USD a month." : "");
    }

    /** The last words: what is gone, what stays, and what that costs. */
    private String farewell() {
        var listed = Optional.ofNullable(context.status().retirement).map(retirement -> retirement.assets).orElse(List.of());
        var unlisted = isWanted(AssetKind.App) && listed.stream().noneMatch(asset -> asset.kind == AssetKind.App) || isWanted(AssetKind.PostgresAddOn) && listed.stream().noneMatch(asset -> asset.kind != AssetKind.App);
        return done() + (unlisted ? " What did not stand on the list of the gate was not deleted." : "") + backup.place() + stays();
    }

    private String stays() {
        var gone = recorded(AssetState.Removed).stream().filter(asset -> asset.kind() == AssetKind.App).map(Asset::name).toList();
        var left = context.saved().map(SavedSource::apps).orElse(List.of()).stream().map(SavedSource.App::name).filter(app -> !gone.contains(app)).toList();
        if (left.isEmpty()) {
            return " Nothing of " + context.source().name() + " stays.";
        }
        try {
            var bill = context.source().bill();
            return " What stays of " + context.source().name() + (bill.items().isEmpty() ? " costs nothing." : " costs " + bill.words() + " a month"
                    + (bill.isComplete() ? "" : ", without " + bill.unknownWords()) + ": delete by hand what you do not need.");
        } catch (OutsideException unknown) {
            return " What stays of " + context.source().name() + " cannot be asked: look yourself what it still costs.";
        }
    }

    private List<Asset> recorded(AssetState state) {
        return Optional.ofNullable(context.status().retirement).map(retirement -> retirement.assets).orElse(List.<MastodonMigrationStatus.Asset>of()).stream()
                .filter(asset -> asset.state == state).map(Asset::of).toList();
    }
}
