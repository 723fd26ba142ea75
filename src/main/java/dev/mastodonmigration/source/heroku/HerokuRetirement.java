package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigrationStatus.AssetKind;
import dev.mastodonmigration.api.MastodonMigrationStatus.DataKind;
import dev.mastodonmigration.mastodon.SourceUrls;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.Retirement;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.SavedSource.AddOn;
import dev.mastodonmigration.source.heroku.HerokuApi.Domain;
import dev.mastodonmigration.source.heroku.HerokuApi.ProcessType;
import dev.mastodonmigration.source.heroku.HerokuRemovals.Attachment;
import dev.mastodonmigration.source.heroku.HerokuRemovals.Owned;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The end of one or two Heroku apps and of the add-ons that held the instance's data, all by the ids that were saved before the freeze. Other add-ons are the admin's: an app that has some is not deleted.
 */
final class HerokuRetirement implements Retirement {
    /** Apps that stay, and run: what would still lead them to the databases that they left, and the names under which these are kept. */
    record Staying(Supplier<List<String>> stillUsed, KeptVariables kept) {}

    private final List<String> apps;
    private final List<AddOn> addOns;
    /** By name; an older version of this operator wrote none down. */
    private final Map<String, String> ids;
    private final Supplier<HerokuApi> heroku;
    private final Supplier<HerokuRemovals> removals;
    private final UnaryOperator<Map<String, String>> before;
    private final Optional<Staying> staying;

    /**
     * @param apps    the one that runs web and Sidekiq first
     * @param saved   what was written down before the freeze
     * @param before  its config vars as they were before it was given other databases
     * @param staying where the apps stay
     */
    HerokuRetirement(List<String> apps, Optional<SavedSource> saved, Supplier<HerokuApi> heroku, Supplier<HerokuRemovals> removals, UnaryOperator<Map<String, String>> before, Optional<Staying> staying) {
        this.apps = apps;
        this.addOns = saved.map(SavedSource::addOns).orElse(List.of());
        this.ids = saved.map(SavedSource::apps).orElse(List.of()).stream().filter(app -> app.id().isPresent()).collect(Collectors.toMap(SavedSource.App::name, app -> app.id().get()));
        this.heroku = heroku;
        this.removals = removals;
        this.before = before;
        this.staying = staying;
    }

    /** The streaming app first, unless an add-on that goes later is its own: that one would go with it. An add-on of another app is that app's. */
    @Override
    public List<Asset> assets() {
        var calls = removals.get();
        var addOns = this.addOns.stream().sorted(Comparator.comparing((AddOn addOn) -> addOn.kind() == DataKind.Postgres)).map(addOn -> calls.addOn(apps.getFirst(), addOn.id())
                .filter(found -> apps.contains(found.app())).map(found -> asset(addOn.kind(), found))).flatMap(Optional::stream).toList();
        var ofApps = new ArrayList<Asset>();
        apps.forEach(app -> found(calls, app).ifPresent(id -> ofApps.add(new Asset(AssetKind.App, id, app, app, "", Optional.empty(), ""))));
        var early = ofApps.stream().filter(app -> !app.name().equals(apps.getFirst()) && addOns.stream().noneMatch(addOn -> addOn.app().equals(app.name()))).toList();
        var late = ofApps.reversed().stream().filter(app -> !early.contains(app)).toList();
        return Stream.of(early, addOns, late).flatMap(List::stream).toList();
    }

    /** Id of the app that was frozen; also where it is gone and another has its name, so that this is told. */
    private Optional<String> found(HerokuRemovals calls, String app) {
        var saved = Optional.ofNullable(ids.get(app));
        return saved.isEmpty() ? calls.appId(app) : saved.flatMap(calls::appId).or(() -> calls.appId(app).flatMap(another -> saved));
    }

    private static Asset asset(DataKind kind, Owned addOn) {
        return new Asset(kind == DataKind.Postgres ? AssetKind.PostgresAddOn : AssetKind.RedisAddOn, addOn.id(), addOn.app(), addOn.name(), addOn.plan(), addOn.usd(), addOn.billing());
    }

    @Override
    public Optional<String> database() {
        var uses = DataAddOns.read(heroku.get(), apps);
        return uses.postgres(SourceUrls.of(before.apply(uses.apps().get(apps.getFirst()).config()))).map(AddOn::id);
    }

    @Override
    public List<String> obstacles(List<Asset> assets) {
        var calls = removals.get();
        return Stream.concat(strangers(calls).stream(), assets.stream().flatMap(asset -> (asset.kind() == AssetKind.App ? ofApp(calls, asset, assets) : ofAddOn(calls, asset)).stream())).toList();
    }

    /** Everything else is asked by name, and would be asked of it. */
    private List<String> strangers(HerokuRemovals calls) {
        return apps.stream().filter(app -> isAnothers(calls, app)).map(app -> anothers(app) + " Remove spec.retire.addons and spec.retire.apps, and delete the rest yourself.").toList();
    }

    static String anothers(String app) {
        return "The name " + app + " belongs to another app by now than to the one that was moved, which somebody deleted or renamed. That one is not this migration's.";
    }

    private boolean isAnothers(HerokuRemovals calls, String app) {
        return ids.containsKey(app) && calls.appId(app).filter(id -> !id.equals(ids.get(app))).isPresent();
    }

    private List<String> ofAddOn(HerokuRemovals calls, Asset asset) {
        return calls.addOn(asset.app(), asset.id()).filter(addOn -> !addOn.isGoing()).map(addOn -> ofAddOn(asset, addOn, calls.attachments(asset.app(), asset.id()))).orElse(List.of());
    }

    private List<String> ofAddOn(Asset asset, Owned addOn, List<Attachment> attachments) {
        if (!apps.contains(addOn.app())) {
            return List.of(asset.words() + " belongs to " + addOn.app() + " by now, which is not this migration's. Remove spec.retire.addons and spec.retire.apps, and delete the rest yourself.");
        }
        var elsewhere = attachments.stream().filter(attachment -> !apps.contains(attachment.app()))
                .map(attachment -> "Another app uses it too: " + asset.words() + " is attached to " + attachment.app() + " as " + attachment.name() + ". Detach it there with `heroku addons:detach "
                        + attachment.name() + " -a " + attachment.app() + "`, or remove spec.retire.addons and spec.retire.apps.");
        return Stream.concat(elsewhere, staying.stream().flatMap(apps -> named(asset, attachments, apps).stream())).toList();
    }

    /** Apps that run may find it by a config var that nobody has thought of. */
    private List<String> named(Asset asset, List<Attachment> attachments, Staying staying) {
        var api = heroku.get();
        var configs = apps.stream().collect(Collectors.toMap(app -> app, api::configVars));
        var addresses = attachments.stream().flatMap(one -> given(one).map(configs.getOrDefault(one.app(), Map.of())::get)).filter(Objects::nonNull).map(DatabaseAddress::uri).flatMap(Optional::stream).toList();
        if (addresses.isEmpty()) {
            return List.of("No config var of " + String.join(", ", apps) + " says where " + asset.words() + " is, so that it cannot be told whether they still use it. Delete it yourself, and remove spec.retire.addons.");
        }
        var names = apps.stream().flatMap(app -> configs.get(app).entrySet().stream()
                .filter(config -> !isLeft(config.getKey(), attachments.stream().filter(one -> one.app().equals(app)), configs.get(app), staying) && leadsTo(config.getValue(), addresses))
                .map(config -> config.getKey() + " of " + app)).toList();
        return names.isEmpty() ? List.of() : List.of("What runs on Heroku may still use " + asset.words() + ": " + String.join(", ", names) + " names it. Lead that to the new one, or remove it.");
    }

    /** Whether that variable may lead to the add-on until it goes with it: it is kept by us, or comes from an attachment, and Mastodon does not read it. */
    private static boolean isLeft(String variable, Stream<Attachment> attachments, Map<String, String> config, Staying staying) {
        return variable.startsWith(staying.kept().prefix()) || !DatabaseVariables.isRead(variable, config) && attachments.flatMap(HerokuRetirement::given).anyMatch(variable::equals);
    }

    /** The config vars that an attachment gives its app: an older Redis has an address for TLS besides. */
    private static Stream<String> given(Attachment attachment) {
        return Stream.of(attachment.name() + "_URL", attachment.name() + "_TLS_URL");
    }

    private static boolean leadsTo(String value, List<URI> addresses) {
        return addresses.stream().anyMatch(address -> DatabaseAddress.mayBeIn(value, address));
    }

    private static List<String> ofApp(HerokuRemovals calls, Asset asset, List<Asset> assets) {
        if (calls.appId(asset.id()).isEmpty()) {
            return List.of("App " + asset.name() + " is gone, or this token cannot see it any more. Give one that can, or remove spec.retire.apps.");
        }
        var others = calls.owned(asset.id()).stream().filter(addOn -> assets.stream().noneMatch(other -> other.id().equals(addOn.id())) && !addOn.isGoing()).map(Owned::words).toList();
        return others.isEmpty() ? List.of() : List.of("App " + asset.name() + " has add-ons that would be deleted with it: " + String.join(", ", others)
                + ". Delete or move them yourself, with `heroku addons:destroy`, or remove spec.retire.apps.");
    }

    @Override
    public List<String> consequences(List<Asset> assets) {
        var calls = removals.get();
        return Stream.concat(domains(assets.stream().filter(asset -> asset.kind() == AssetKind.App && !isAnothers(calls, asset.name()))), staying.stream().flatMap(apps -> vanishing(assets, apps))).toList();
    }

    /** What else than Mastodon reads them only the admin knows. */
    private Stream<String> vanishing(List<Asset> assets, Staying staying) {
        var calls = removals.get();
        var api = heroku.get();
        var configs = apps.stream().collect(Collectors.toMap(app -> app, api::configVars));
        return assets.stream().filter(asset -> asset.kind() != AssetKind.App).flatMap(asset -> {
            var variables = calls.attachments(asset.app(), asset.id()).stream().filter(one -> apps.contains(one.app()) && !one.name().startsWith(staying.kept().prefix()))
                    .flatMap(one -> given(one).filter(configs.get(one.app())::containsKey).map(variable -> variable + " of " + one.app())).toList();
            return variables.isEmpty() ? Stream.of() : Stream.of("With " + asset.words() + " these config vars go from apps that run: " + String.join(", ", variables) + ". See first that nothing there reads them.");
        });
    }

    private Stream<String> domains(Stream<Asset> ofApps) {
        var api = heroku.get();
        return ofApps.flatMap(asset -> {
            var domains = api.domains(asset.name()).stream().map(Domain::hostname).filter(name -> !name.endsWith(HerokuEntrances.HEROKUS)).toList();
            return domains.isEmpty() ? Stream.of() : Stream.of("App " + asset.name() + " still has the custom domains " + String.join(", ", domains) + ", which go with it: see first that no DNS record leads to Heroku.");
        });
    }

    @Override
    public Standing standing(Asset asset) {
        var calls = removals.get();
        return asset.kind() == AssetKind.App ? calls.appId(asset.id()).map(id -> Standing.THERE).orElse(Standing.GONE)
                : calls.addOn(asset.app(), asset.id()).map(addOn -> addOn.isGoing() ? Standing.GOING : Standing.THERE).orElseGet(() -> gone(calls, asset));
    }

    /** Heroku says the same of what is gone and of what the token may not see: the token's sight of the app, which goes later, tells the two apart. */
    private static Standing gone(HerokuRemovals calls, Asset asset) {
        if (calls.appId(asset.app()).isEmpty()) {
            throw new OutsideException("Whether " + asset.words() + " is gone cannot be told, because this token sees neither it nor its app. Give one that does, or delete the rest yourself and remove spec.retire.addons and spec.retire.apps.", false);
        }
        return Standing.GONE;
    }

    @Override
    public Provisioned remove(Asset asset) {
        var calls = removals.get();
        return asset.kind() == AssetKind.App ? removeApp(calls, asset) : removeAddOn(calls, asset);
    }

    private Provisioned removeAddOn(HerokuRemovals calls, Asset asset) {
        var addOn = calls.addOn(asset.app(), asset.id());
        if (addOn.isEmpty()) {
            gone(calls, asset);
            return new Provisioned.Ready("");
        }
        if (addOn.get().isGoing()) {
            return deleting(asset);
        }
        var attachments = calls.attachments(asset.app(), asset.id());
        demand(strangers(calls));
        demand(ofAddOn(asset, addOn.get(), attachments));
        // Heroku deletes what its owner alone uses.
        var elsewhere = attachments.stream().filter(attachment -> !attachment.app().equals(addOn.get().app()) && apps.contains(attachment.app())).findFirst();
        if (elsewhere.isPresent()) {
            calls.detach(asset.app(), elsewhere.get().id());
            return new Provisioned.Working("detaching " + asset.words() + " from " + elsewhere.get().app());
        }
        calls.deleteAddOn(addOn.get().app(), asset.id());
        return deleting(asset);
    }

    private Provisioned removeApp(HerokuRemovals calls, Asset asset) {
        if (staying.isPresent()) {
            throw new OutsideException("App " + asset.name() + " runs the instance, and is not deleted. Remove spec.retire.apps.", false);
        }
        if (calls.appId(asset.id()).isEmpty()) {
            return new Provisioned.Ready("");
        }
        demand(ofApp(calls, asset, List.of()));
        if (!calls.owned(asset.id()).isEmpty()) {
            return new Provisioned.Working("waiting for the add-ons of " + asset.name() + " to be gone");
        }
        calls.deleteApp(asset.id());
        return deleting(asset);
    }

    private static Provisioned deleting(Asset asset) {
        return new Provisioned.Working("Heroku is deleting " + asset.words());
    }

    private static void demand(List<String> obstacles) {
        if (!obstacles.isEmpty()) {
            throw new OutsideException(String.join(" ", obstacles), false);
        }
    }

    @Override
    public List<String> writers(List<Asset> removed) {
        return staying.map(apps -> leadingThere(apps.stillUsed().get())).orElseGet(() -> running(removed));
    }

    private static List<String> leadingThere(List<String> used) {
        return used.isEmpty() ? List.of() : List.of("Somebody led the source back to the databases that it left: " + String.join(", ", used) + ". Set that to the new ones.");
    }

    private List<String> running(List<Asset> removed) {
        var api = heroku.get();
        var running = apps.stream().filter(app -> removed.stream().noneMatch(asset -> asset.kind() == AssetKind.App && asset.name().equals(app))).flatMap(app -> Stream.concat(
                api.formation(app).stream().filter(type -> type.quantity() > 0).map((ProcessType type) -> type.type() + "=" + type.quantity() + " of " + app),
                api.dynos(app).stream().map(dyno -> dyno.name() + " of " + app))).toList();
        return running.isEmpty() ? List.of() : List.of("Something runs there again: " + String.join(", ", running) + ". Find out who started it, and scale it to zero.");
    }
}
